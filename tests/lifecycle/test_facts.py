"""What is known before anything is trained. With a champion it is held in a year, end to end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from mlflow.exceptions import MlflowException
from ruamel.yaml import YAML

from cellsize.errors import InputError
from cellsize.lifecycle import arrival, facts
from cellsize.lifecycle.facts import Facts, gather
from cellsize.params import Params
from cellsize.registry import provenance
from cellsize.registry.provenance import TABLE, Kept, md5
from cellsize.registry.store import connect
from tests.report.conftest import choice, evaluation


def content(**changes: Any) -> dict[str, Any]:
    """Of the project's params.yaml, with other values: `split__folds=4`."""
    found: dict[str, Any] = YAML(typ="safe").load(Path("params.yaml").read_text(encoding="utf-8"))
    for key, value in changes.items():
        *sections, last = key.split("__")
        section = found
        for name in sections:
            section = section[name]
        section[last] = value
    return found


@pytest.fixture
def kept(here: Callable[..., Params]) -> Kept:
    here()
    text = Path("params.yaml").read_text(encoding="utf-8")
    return Kept(text, "", "", choice(), evaluation(), {"path": "table.csv", "md5": "0", "bytes": 1}, "", None)


def test_without_a_champion_there_is_nothing_to_compare(here: Callable[..., Params]) -> None:
    assert gather(here()) == Facts(**facts.NOTHING)


def test_a_table_that_a_stage_would_refuse_is_a_fact_and_no_error(here: Callable[..., Params]) -> None:
    params = here()
    Path("table.csv").write_text("when,lode\n2026-01-01,1\n", encoding="utf-8")
    found = gather(params)
    assert found.refused is not None
    assert found.refused.startswith("table.csv: no column 'load'")
    found.write(Path("look.json"))
    assert Facts.read(Path("look.json")) == found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        # Where the table lies, until when was searched and where, what is asked of a champion, and how a page looks.
        ({"prepare__table": "other.csv"}, ()),
        ({"split__searched_until": "2026-02-01"}, ()),
        ({"search__compute__trials": 7}, ()),
        ({"register__margin": 9.0, "report__title": "Another", "mlflow__uri": "http://server"}, ()),
        ({"split__folds": 4}, ("split.folds",)),
        ({"search__compute__precision": "bf16"}, ("search.compute.precision",)),
        ({"window__lookback": 24, "refit__twins": 5}, ("window.lookback", "refit.twins")),
        ({"search__training__steps": 10}, ("search.training",)),
        # A key that the version did not know comes with another cellsize.
        ({"window__new": 1}, ()),
    ],
)
def test_a_key_that_decides_about_sizes_and_models_is_named_if_it_has_another_value(
    kept: Kept, changes: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert facts._changed(kept, content(**changes)) == expected


@pytest.mark.parametrize(
    ("champion", "gate", "until", "expected"),
    [
        ("3", "worse", None, {"tried": "4", "made": "4"}),
        # Ended after it was registered and before the gate: nobody has judged it.
        ("3", None, None, {"tried": None, "made": "4"}),
        ("4", "better", None, {"tried": None, "made": "4"}),
        # Its size was searched on other rows than these parameters say.
        ("3", "worse", "2026-01-09T00:00:00", {"tried": "4", "made": None}),
    ],
)
def test_a_version_was_tried_once_a_gate_has_judged_it(
    kept: Kept, here: Callable[..., Params], champion: str, gate: str | None, until: str | None, expected: Any
) -> None:
    params = here()
    known = replace(kept, gate=gate, table={"path": "table.csv", "md5": md5(Path("table.csv")), "bytes": 1})
    params = params.model_copy(update={"split": params.split.model_copy(update={"searched_until": until})})
    assert facts._newest("4", champion, known, params, content()) == expected
    assert facts._newest("4", champion, kept, params, content()) == {}  # of another table
    assert facts._newest("4", champion, known, params, content(split__folds=4)) == {}


@pytest.fixture
def without_files(here: Callable[..., Params]) -> Params:
    """A registry whose only version is champion, and whose files are gone."""
    params = here()
    client, experiment = connect(params.mlflow)
    client.create_registered_model("toy")
    run = client.create_run(experiment)
    known = {TABLE: '{"path": "table.csv", "md5": "0", "bytes": 1}'}
    client.create_model_version("toy", f"{run.info.artifact_uri}/gone", run.info.run_id, tags=known)
    client.set_registered_model_alias("toy", "champion", "1")
    return params


def test_a_version_whose_files_are_gone_has_told_nothing_and_stops_nothing(without_files: Params) -> None:
    found = gather(without_files)
    assert (found.champion, found.known, found.tried, found.made) == ("1", False, None, None)


def test_a_server_that_does_not_answer_is_no_version_without_files(
    without_files: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise MlflowException("API request to http://server failed with exception: no answer")

    monkeypatch.setattr(provenance, "read", gone)
    with pytest.raises(InputError, match=r"^mlflow\.uri: .* is not reachable"):
        gather(without_files)


def test_a_champion_that_cannot_be_read_is_sized_anew_where_nothing_is_compared_with_it(
    without_files: Params,
) -> None:
    arrived, kept = arrival.read(without_files), cast(Kept, None)
    with pytest.raises(InputError, match="version 1, cannot be read"):
        facts._measured(None, without_files, arrived, kept, "1")
    alone = without_files.evaluate.model_copy(update={"champion": False})
    params = without_files.model_copy(update={"evaluate": alone})
    assert facts._measured(None, params, arrived, kept, "1") == {"incomparable": "cannot be read"}
