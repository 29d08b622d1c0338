"""What becomes of a model in the registry, by its task."""

import json
from pathlib import Path

from cellsize.models.forecaster import MODEL
from cellsize.registry.by_task import NOT_YET, not_yet


def test_a_model_of_labelled_sequences_is_not_registered_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / MODEL).write_text(json.dumps({"task": "classify"}))
    found = not_yet("labels", tmp_path)
    assert found is not None
    assert (found.registered, found.reason) == (False, NOT_YET)


def test_a_forecaster_is_registered_as_ever(tmp_path: Path) -> None:
    (tmp_path / MODEL).write_text(json.dumps({"version": 4}))
    assert not_yet("loads", tmp_path) is None
