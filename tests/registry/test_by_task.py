"""What becomes of a model in the registry, by its task."""

import json
from pathlib import Path

import pytest

from cellsize.models.forecaster import MODEL
from cellsize.registry.by_task import NOT_YET, is_left_out, written
from cellsize.sizing.evaluation_records import Registration


def test_a_model_of_labelled_sequences_is_not_registered_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / MODEL).write_text(json.dumps({"task": "classify"}))
    assert is_left_out("labels", tmp_path, tmp_path / "registration.json")
    found = Registration.read(tmp_path / "registration.json")
    assert (found.registered, found.reason) == (False, NOT_YET)
    assert capsys.readouterr().out == f"register: {NOT_YET}\n"


def test_a_forecaster_is_registered_as_ever(tmp_path: Path) -> None:
    (tmp_path / MODEL).write_text(json.dumps({"version": 4}))
    path = tmp_path / "registration.json"
    assert not is_left_out("loads", tmp_path, path)
    assert not path.exists()
    record = Registration(name="loads", version="3", alias=None, registered=True, promoted=False, reason="worse")
    assert written(record, path) == "loads version 3, no alias: worse"
    assert Registration.read(path) == record
