"""Runs in a real SQLite store."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from mlflow.exceptions import MlflowException

from cellsize.errors import InputError
from cellsize.params import Mlflow, Search
from cellsize.registry import runs
from cellsize.registry.runs import recorder
from cellsize.registry.store import CLONE, clone, connect
from cellsize.training.records import Check, Result, Row

SETTING: dict[str, Any] = {
    "learning_rate": 0.01, "dropout": 0.0, "weight_decay": 0.0, "skip": "none", "head": "plain",
}  # fmt: skip


def result() -> Result:
    """Two finalists of one kind: the second one is better on the validation set, and does not count."""
    finalists: tuple[tuple[str, Literal["ok", "runner_up"], float], ...] = (
        ("plain", "ok", 0.6),
        ("mixed", "runner_up", 0.1),
    )
    rows = [
        Row(
            layers=1,
            units=2,
            fold=1,
            seed=0,
            **{**SETTING, "head": head},
            penalty=1.0,
            status=status,
            steps=20,
            trained=20,
            early_stopping_score=0.5,
            train_score=0.4,
            score=score,
            n_train=10,
            n_validation=3,
            parameters=99,
            recurrent=50,
        )
        for head, status, score in finalists
    ]
    checks = [
        Check(
            layers=1,
            units=2,
            fold=1,
            seed=0,
            **{**SETTING, "head": head},
            step=step,
            train_loss=0.7,
            early_stopping_score=score,
        )
        for head, score in (("plain", 0.5), ("mixed", 0.9))
        for step in (10, 20)
    ]
    return Result(
        tuple(rows), tuple(checks), np.zeros((1, 1, 1)), np.zeros(1, np.int64), np.zeros(1, np.bool_), 3.0, 0.1
    )


@pytest.fixture
def search(params_content: Callable[[], dict[str, Any]]) -> Search:
    return Search.model_validate(params_content()["search"])


def test_the_score_of_a_size_is_that_of_the_kind_of_network_that_counts(settings: Mlflow, search: Search) -> None:
    both = result()
    plain, joint = both.rows
    with recorder(settings, "abc", search, {}) as record:
        record(replace(both, rows=(replace(plain, skip="none"), replace(joint, skip="joint"))))
    client, experiment = connect(settings)
    (child,) = [run for run in client.search_runs([experiment]) if run.data.tags["cellsize.size"] == "1x2"]
    assert child.data.metrics["score"] == 0.1


def test_seeds_that_are_added_later_are_added_to_the_run(settings: Mlflow, search: Search) -> None:
    first = result()
    added = replace(first.rows[0], seed=1, score=0.4)
    with recorder(settings, "abc", search, {}) as record:
        record(first)
        record(replace(first, rows=(*first.rows, added)))
    client, experiment = connect(settings)
    (child,) = [run for run in client.search_runs([experiment]) if run.data.tags["cellsize.size"] == "1x2"]
    assert child.data.metrics["fold_1_score_seed_1"] == 0.4
    assert child.data.metrics["score"] == pytest.approx(0.5)


def test_a_size_recorded_twice_has_one_run_below_one_parent(settings: Mlflow, search: Search) -> None:
    for _ in range(2):  # the second time is the resumed search
        with recorder(settings, "abc", search, {}) as record:
            record(result())
    client, experiment = connect(settings)
    runs = client.search_runs([experiment])
    parents = [run for run in runs if run.data.tags["cellsize.size"] == "all"]
    children = [run for run in runs if run.data.tags["cellsize.size"] == "1x2"]
    assert (len(parents), len(children), len(runs)) == (1, 1, 2)
    assert children[0].data.tags["mlflow.parentRunId"] == parents[0].info.run_id
    history = client.get_metric_history(children[0].info.run_id, "fold_1_early_stopping_score_seed_0")
    assert [(metric.step, metric.value) for metric in history] == [(10, 0.5), (20, 0.5)]
    assert children[0].data.metrics["score"] == 0.6


def test_another_search_or_procedure_has_another_parent(settings: Mlflow, search: Search) -> None:
    for fingerprint, procedure in (("abc", "climb"), ("def", "climb"), ("abc", "grid"), ("abc", "climb")):
        with recorder(settings, fingerprint, search.model_copy(update={"procedure": procedure}), {}) as record:
            record(result())
    client, experiment = connect(settings)
    runs = client.search_runs([experiment])
    assert sum(run.data.tags["cellsize.size"] == "all" for run in runs) == 3
    assert len(runs) == 6


@pytest.mark.parametrize(
    ("error", "ended"), [(None, "FINISHED"), (InputError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_the_parent_ends_as_its_search_did(
    settings: Mlflow, search: Search, error: BaseException | None, ended: str
) -> None:
    client, experiment = connect(settings)
    with suppress(InputError, KeyboardInterrupt), recorder(settings, "abc", search, {}) as record:
        record(result())
        parent = next(run for run in client.search_runs([experiment]) if run.data.tags["cellsize.size"] == "all")
        assert parent.info.status == "RUNNING"
        if error:
            raise error
    assert client.get_run(parent.info.run_id).info.status == ended
    with recorder(settings, "abc", search, {}):  # it resumes
        assert client.get_run(parent.info.run_id).info.status == "RUNNING"


def test_the_parent_has_the_parameters_of_the_search_and_the_tags_that_are_given(
    settings: Mlflow, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "search")
    with recorder(settings, "abc", search, {"cellsize.version.torch": "2.9.0", "cellsize.kernels": "x86_64, AVX2"}):
        pass
    client, experiment = connect(settings)
    (parent,) = client.search_runs([experiment])
    assert parent.data.params["procedure"] == "climb"
    assert parent.data.params["work_limit"] == "24.0"
    expected = {
        "cellsize.version.torch": "2.9.0", "cellsize.kernels": "x86_64, AVX2", "dvc.DVC_STAGE": "search",
        "cellsize.fingerprint": "abc", "cellsize.size": "all",
    }  # fmt: skip
    assert expected.items() <= parent.data.tags.items()


def test_a_run_that_a_killed_process_left_running_is_ended_and_those_of_others_are_not(
    settings: Mlflow, search: Search
) -> None:
    client, experiment = connect(settings)
    mine, theirs = (client.create_run(experiment, tags={CLONE: name}).info.run_id for name in (clone(), "another"))
    with recorder(settings, "abc", search, {}) as record:
        record(result())
    assert client.get_run(mine).info.status == "KILLED"
    assert client.get_run(theirs).info.status == "RUNNING"


def test_another_folder_has_a_parent_of_its_own_in_a_shared_store(
    settings: Mlflow, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Mlflow(uri=f"sqlite:///{tmp_path}/store.db", experiment="toy")
    with recorder(shared, "abc", search, {}) as record:
        (tmp_path / "other").mkdir()
        monkeypatch.chdir(tmp_path / "other")
        with recorder(shared, "abc", search, {}) as other:
            record(result())
            other(result())
    client, experiment = connect(shared)
    runs = client.search_runs([experiment])
    assert sorted(run.info.status for run in runs) == ["FINISHED"] * 4
    assert len({run.data.tags["mlflow.parentRunId"] for run in runs if "mlflow.parentRunId" in run.data.tags}) == 2


UNREACHED = MlflowException("API request to http://127.0.0.1:5000/api/2.0/mlflow/runs/create failed with exception x")


def test_a_store_that_is_out_of_reach_meanwhile_costs_nothing_and_gets_all_sizes_later(
    settings: Mlflow, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = list[str]()
    with recorder(settings, "abc", search, {}, said.append) as record:
        with monkeypatch.context() as gone:
            gone.setattr(runs, "_record", raiser(UNREACHED))
            record(result())
            record(replace(result(), rows=tuple(replace(row, units=4) for row in result().rows)))
        assert len(said) == 1
        words = r"search: mlflow.uri: sqlite:\S+ is not reachable \(.*\); training continues meanwhile$"
        assert re.match(words, said[0])
    client, experiment = connect(settings)
    assert {run.data.tags["cellsize.size"] for run in client.search_runs([experiment])} == {"all", "1x2", "1x4"}


def test_a_store_that_is_out_of_reach_to_the_end_is_said_in_one_line_and_the_next_run_writes_what_is_missing(
    settings: Mlflow, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as gone:
        gone.setattr(runs, "_record", raiser(UNREACHED))
        with (
            pytest.raises(InputError, match=r"is not reachable .*; start that server.* what is finished is kept$"),
            recorder(settings, "abc", search, {}) as record,
        ):
            record(result())
    with recorder(settings, "abc", search, {}) as record:
        record(result())
    client, experiment = connect(settings)
    assert sorted(run.info.status for run in client.search_runs([experiment])) == ["FINISHED", "FINISHED"]


def raiser(error: Exception) -> Callable[..., None]:
    def call(*_: Any, **__: Any) -> None:
        raise error

    return call
