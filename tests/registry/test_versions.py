"""Versions of a model in a real SQLite store; a server is held end to end."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc  # itself, where mlflow alone has a stand-in for it
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from cellsize.data.history import History
from cellsize.errors import InputError
from cellsize.models.forecaster import VERSION, Forecaster
from cellsize.models.twins import save
from cellsize.params import Mlflow, Register
from cellsize.registry import champion, logged, moves, provenance, versions
from cellsize.registry.moves import history
from cellsize.registry.promotion import promote, rollback
from cellsize.registry.provenance import Source, md5
from cellsize.registry.store import connect
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Comparison, Errors, Evaluation, Registration

BASELINE, BETTER = 0.5, 0.4
HISTORY = History("2026-01-03T11:00:00", {})
TAGS = {"cellsize.version.torch": "2.9.0"}


def errors(nmse: float, nmae: float = 1.0) -> Errors:
    return Errors(mae=1.0, rmse=2.0, mase=None, nmse=nmse, nmae=nmae, by_step=(nmse, nmse))


def evaluation(nmse: float, compared: Comparison | None = None) -> Evaluation:
    return Evaluation(
        metric="mse",
        windows=40,
        rows_from="2026-01-02T12:00:00",
        rows_until="2026-01-03T11:00:00",
        series=1,
        model=errors(nmse),
        twins=(errors(nmse),),
        baselines={"naive": errors(BASELINE), "ridge_linear": errors(BASELINE), "boosted_trees": errors(0.45)},
        by_series=(),
        subset=None,
        champion=None,
        comparison=compared,
        champion_not_measured=None,
        champion_version=None if compared is None else compared.version,
        clipped={},
        coverage={},
    )


CHOICE = Choice.model_validate(
    {
        "layers": 0, "units": 0, "learning_rate": 0.0, "dropout": 0.0, "weight_decay": 0.0, "skip": "none",
        "head": "plain", "steps": 0, "penalty": 1.0, "metric": "mse", "cell": "lstm", "parameters": 14,
        "recurrent": 0, "linear": 14,
        "zero_cells_see": "window", "mlp": None, "ladders": [], "prolonged": 0.0,
        "median_steps": 0, "ended_by_patience": 0.0, "cells_left_open": False, "score": 0.3,
        "score_se": 0.1, "best": {"layers": 0, "units": 0, "parameters": 14, "score": 0.3, "score_se": 0.1},
        "zero_cells": {"layers": 0, "units": 0, "parameters": 14, "score": 0.3, "score_se": 0.1}, "difference": 0.0,
        "difference_se": 0.0, "larger": None, "margin": 0.003, "decided": True, "undecided_sizes": [],
        "bound": 8, "bound_binding": False,
        "alpha_implied": None, "rule": "best", "budget": None, "procedure": "climb", "reason": "Because.",
        "caution": "", "at_least": False, "left_out": None, "rules_of_thumb": [], "sizes": [],
    }
)  # fmt: skip


def kept(folder: Path) -> None:
    """What is compared with later."""
    folder.mkdir()
    (folder / "kept.txt").write_text("what was", encoding="utf-8")


@pytest.fixture
def register(
    settings: Mlflow, make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> Callable[..., Registration]:
    """Registers the ridge-linear model of a table, or of another one with the same columns."""

    def call(
        nmse: float, table: pd.DataFrame | None = None, compare: bool = False, compared: Comparison | None = None
    ) -> Registration:
        rows = make_table() if table is None else table
        folder, twins = Path("model"), Path("twins")
        made = make_model(rows)
        made.save(folder)
        save([made], twins)
        rows.to_csv("table.csv", index=False)
        gate = Register(
            name="toy", beat=("naive", "ridge_linear"), margin=1.0, probability=0.9, not_worse=0.8, blocks=8
        )
        source = Source(Path(), "table.csv", "0123456789abcdef", f"cut of {len(rows)} rows", HISTORY, kept)
        new = logged.Submission(folder, twins, rows.tail(6), CHOICE, evaluation(nmse, compared), TAGS, source)
        return versions.register(settings, gate, new, compare)

    return call


def test_a_champion_of_another_format_is_left_out_until_a_new_version_is_champion(
    register: Callable[..., Registration], settings: Mlflow, make_table: Callable[..., pd.DataFrame]
) -> None:
    register(BETTER)
    file = Path(mlflow.artifacts.download_artifacts("models:/toy/1")) / "artifacts" / "model" / "model.json"  # in place
    file.write_text(file.read_text(encoding="utf-8").replace(f'"version": {VERSION}', '"version": 1'), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        champion.load(settings, "toy")
    assert str(refused.value).startswith("register.name: the champion of 'toy', version 1, cannot be read (")
    assert str(refused.value).endswith(
        f"model.json: version 1 of the format, but this cellsize reads 3 and {VERSION}); set evaluate.champion: "
        "false until a new version is champion, or give another register.name"
    )
    # Which works: nothing is compared, and the next one can be read.
    other = register(BETTER, make_table(rows=70), compare=False)
    assert (other.version, other.promoted) == ("2", True)
    found = champion.load(settings, "toy")
    assert found is not None
    assert found.version == "2"


@pytest.mark.parametrize("gone", ["reference", "project/rows.json", "project"])
def test_the_same_model_registered_again_keeps_what_an_older_cellsize_did_not(
    register: Callable[..., Registration], settings: Mlflow, gone: str
) -> None:
    first = register(BETTER)
    client, _ = connect(settings)
    run = str(client.get_model_version("toy", "1").run_id)
    kept_files = Path(client.download_artifacts(run, ""))  # in place
    before = {path.relative_to(kept_files): path.read_bytes() for path in kept_files.rglob("*") if path.is_file()}
    shutil.rmtree(kept_files / gone) if (kept_files / gone).is_dir() else (kept_files / gone).unlink()
    (kept_files / "twins" / "mine.txt").write_text("stays", encoding="utf-8")
    if gone == "project":
        client.delete_model_version_tag("toy", "1", provenance.TABLE)
    assert register(BETTER) == first
    (kept_files / "twins" / "mine.txt").unlink()
    assert {
        path.relative_to(kept_files): path.read_bytes() for path in kept_files.rglob("*") if path.is_file()
    } == before
    assert json.loads(client.get_model_version("toy", "1").tags[provenance.TABLE])["path"] == "table.csv"


def test_a_model_whose_run_was_deleted_is_the_same_version_still(
    register: Callable[..., Registration], settings: Mlflow
) -> None:
    first = register(BETTER)
    client, _ = connect(settings)
    run = str(client.get_model_version("toy", "1").run_id)
    shutil.rmtree(Path(client.download_artifacts(run, "")))
    client.delete_run(run)
    assert register(BETTER) == first


def test_a_model_that_passes_the_gate_becomes_champion_once(
    register: Callable[..., Registration], settings: Mlflow
) -> None:
    first, again = register(BETTER), register(BETTER)
    assert first == again == Registration(
        name="toy", version="1", alias="champion", registered=True, promoted=True,
        reason="no worse on the holdout than naive, ridge_linear",
    )  # fmt: skip
    client, experiment = connect(settings)
    assert len(client.search_model_versions("name = 'toy'")) == 1
    assert client.get_model_version("toy", "1").tags["cellsize.boosted_trees"] == "no better: 0.45 against 0.4"
    (run,) = client.search_runs([experiment])
    assert run.data.tags["cellsize.version.torch"] == "2.9.0"
    assert run.data.metrics == {"holdout_mae": 1.0, "holdout_rmse": 2.0, "holdout_nmse": BETTER, "holdout_nmae": 1.0}
    assert (run.data.params["rule"], run.data.params["metric"]) == ("best", "mse")
    record = Path(mlflow.artifacts.download_artifacts(f"{run.info.artifact_uri}/evaluation.json"))
    assert Evaluation.read(record) == evaluation(BETTER)
    found = champion.load(settings, "toy")
    assert found is not None
    assert found.version == "1"
    assert str(found.model.size) == "0x0"
    assert found.recipe == CHOICE.recipe
    assert [str(twin.size) for twin in found.twins] == ["0x0"]
    assert found.cut == "cut of 60 rows"
    (entry,) = history(client, "toy")
    assert (entry.begin, entry.end, entry.kind, entry.why) == (None, "1", "gate", first.reason)


def test_a_registered_model_brings_its_code_and_the_versions_it_needs(register: Callable[..., Registration]) -> None:
    register(BETTER)
    folder = Path(mlflow.artifacts.download_artifacts("models:/toy/1"))
    assert (folder / "code" / "cellsize" / "registry" / "served.py").is_file()
    required = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split("==")[0] for line in required] == list(logged.REQUIREMENTS)
    assert not any(line.startswith("numba") for line in required)
    assert json.loads((folder / "serving_input_example.json").read_text(encoding="utf-8"))


def test_levels_of_intervals_are_a_parameter_of_the_model_and_none_by_default(
    register: Callable[..., Registration], make_table: Callable[..., pd.DataFrame]
) -> None:
    register(BETTER)
    model = mlflow.pyfunc.load_model("models:/toy/1")
    schema = model.metadata.get_params_schema()
    assert [(param.name, list(param.default), param.shape) for param in schema] == [("levels", [], (-1,))]
    assert list(model.predict(make_table().tail(6)).columns) == ["series", "time", "y"]
    with pytest.raises(MlflowException, match="the model has no residuals to make intervals of"):
        model.predict(make_table().tail(6), params={"levels": [0.9]})


def test_a_model_that_does_not_pass_is_registered_as_challenger(
    register: Callable[..., Registration], settings: Mlflow
) -> None:
    registration = register(BASELINE * 1.1)
    assert (registration.version, registration.alias, registration.promoted) == ("1", "challenger", False)
    assert registration.reason.startswith("not better on the holdout than naive")
    assert champion.load(settings, "toy") is None
    client, _ = connect(settings)
    assert str(client.get_model_version_by_alias("toy", "challenger").version) == "1"


def test_an_experiment_of_dvc_registers_and_does_not_promote(
    register: Callable[..., Registration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "try")
    registration = register(BETTER)
    assert (registration.registered, registration.promoted, registration.alias) == (True, False, None)
    assert registration.reason.startswith("a DVC experiment is not promoted")


def other_table(make_table: Callable[..., pd.DataFrame], factor: float = 2.0) -> pd.DataFrame:
    return make_table().assign(y=lambda table: table["y"] * factor + table["x"])


def compared_with(version: str, **changes: Any) -> Comparison:
    plain = {
        "version": version, "how": "served", "windows": 40, "rows_from": "2026-01-02T12:00:00",
        "rows_until": "2026-01-03T11:00:00", "blocks": 20, "challenger": 0.4, "champion": 0.41, "margin": 1.0,
        "better": 0.5, "not_worse": 0.7, "smaller": False, "same_network": False, "newer_rows": False, "rerun": False,
    }  # fmt: skip
    return Comparison.model_validate(plain | changes)


def test_another_model_is_another_version_and_the_champion_stays_until_both_are_compared(
    register: Callable[..., Registration], settings: Mlflow, make_table: Callable[..., pd.DataFrame]
) -> None:
    register(BETTER)
    other = other_table(make_table)
    registration = register(BETTER, other, compare=True)
    assert (registration.version, registration.promoted, registration.alias) == ("2", False, "challenger")
    assert "from before version 1 became champion" in registration.reason
    assert register(BETTER, other, compare=True, compared=compared_with("1", better=0.96)).promoted
    found = champion.load(settings, "toy")
    assert found is not None
    assert found.version == "2"
    client, _ = connect(settings)
    assert list(client.get_registered_model("toy").aliases) == ["champion"]


def test_each_further_look_at_the_same_rows_has_to_be_surer(
    register: Callable[..., Registration], make_table: Callable[..., pd.DataFrame]
) -> None:
    register(BETTER)
    promoted = []
    for number in range(3):  # 0.95 is asked for at the first look, 0.983 at the second
        sure = compared_with("1", better=0.94 if number == 0 else 0.98)
        registration = register(BETTER, other_table(make_table, 2.0 + number), compare=True, compared=sure)
        promoted.append(registration.promoted)
    assert promoted == [False, False, False]
    assert "look 3 at these rows" in registration.reason


def test_a_version_that_was_taken_back_is_not_promoted_again_by_the_gate(
    register: Callable[..., Registration], settings: Mlflow, make_table: Callable[..., pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    register(BETTER)
    better = compared_with("1", better=1.0)
    assert register(BETTER, other_table(make_table), compare=True, compared=better).promoted
    client, _ = connect(settings)
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    rollback(client, "toy", "nonsense on Sundays")
    again = register(BETTER, other_table(make_table), compare=True, compared=better)
    assert (again.version, again.promoted) == ("2", False)
    assert again.reason == "it was taken back by ada: nonsense on Sundays; cellsize promote toy 2 --why …"
    promote(client, "toy", "2", "Sundays mended")
    assert register(BETTER, other_table(make_table), compare=True, compared=better).promoted


def test_a_version_says_where_it_comes_from(register: Callable[..., Registration], settings: Mlflow) -> None:
    register(BETTER)
    client, _ = connect(settings)
    version = client.get_model_version("toy", "1")
    assert json.loads(version.tags["cellsize.holdout"]) == {
        "from": "2026-01-02T12:00:00", "until": "2026-01-03T11:00:00", "windows": 40, "series": 1,
    }  # fmt: skip
    assert json.loads(version.tags["cellsize.table"])["md5"] == md5(Path("table.csv"))
    assert json.loads(version.tags["cellsize.errors"]) == {"metric": "nmse", "mean": BETTER, "twins": [BETTER]}
    assert version.tags["cellsize.choice"] == "Because."
    there = {entry.path for entry in client.list_artifacts(str(version.run_id))}
    assert there >= {"twins", "project", "choice.json", logged.REFERENCE}
    assert [entry.path for entry in client.list_artifacts(str(version.run_id), "reference")] == ["reference/kept.txt"]


def test_a_consumer_reads_in_the_registered_model_what_to_send(
    register: Callable[..., Registration], make_table: Callable[..., pd.DataFrame]
) -> None:
    register(BETTER)
    model = mlflow.pyfunc.load_model("models:/toy/1")
    assert model.metadata.metadata == {
        "reads": ["when", "y", "x"], "series": None, "time": ["when"], "time_format": None, "clock": "h",
        "timezone": None, "times_have_offset": False, "targets": ["y"], "known_in_future": [], "looks_back": 6,
        "horizon": 2,
    }  # fmt: skip
    # Which is enough to ask for a forecast.
    columns, steps = model.metadata.metadata["reads"], model.metadata.metadata["looks_back"]
    assert len(model.predict(make_table()[columns].tail(steps))) == model.metadata.metadata["horizon"]


STEPS = [
    (MlflowClient, "create_run", 1), (mlflow, "log_artifact", 2), (mlflow.pyfunc, "log_model", 1),
    (MlflowClient, "create_registered_model", 1), (mlflow, "register_model", 1),
    (MlflowClient, "set_model_version_tag", 1), (MlflowClient, "set_model_version_tag", 2),
    (MlflowClient, "set_registered_model_alias", 1),
]  # fmt: skip


def test_who_is_overtaken_by_another_promotion_decides_once_more(
    register: Callable[..., Registration], settings: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, begun = moves.move, list[str]()

    def overtaken(*arguments: Any) -> moves.Move:
        begun.append(arguments[2])
        if len(begun) == 1:
            raise moves.MovedError("toy: another promotion has moved the alias in this moment")
        return real(*arguments)

    monkeypatch.setattr(moves, "move", overtaken)
    made = register(BETTER)
    assert (made.version, made.alias, begun) == ("1", "champion", ["1", "1"])


@pytest.mark.slow
@pytest.mark.parametrize(("place", "name", "times"), STEPS, ids=[f"{name}-{times}" for _, name, times in STEPS])
def test_a_registration_that_was_killed_after_any_step_is_made_good_by_the_next_one(
    register: Callable[..., Registration],
    settings: Mlflow,
    place: Any,
    name: str,
    times: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A version whose fingerprint was not yet written was once registered again, and its run never ended.
    connect(settings)
    step, done = getattr(place, name), 0

    def killed_after(*arguments: Any, **named: Any) -> Any:
        nonlocal done
        result, done = step(*arguments, **named), done + 1
        if done == times:
            os._exit(9)  # as a kill does: nothing is tidied up
        return result

    process = os.fork()
    if process == 0:
        monkeypatch.setattr(place, name, killed_after)
        try:
            register(BETTER)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9
    again = register(BETTER)
    assert (again.version, again.alias, again.promoted) == ("1", "champion", True)
    client, experiment = connect(settings)
    assert [str(version.version) for version in client.search_model_versions("name = 'toy'")] == ["1"]
    assert champion.current_version(client, "toy") == "1"
    statuses = sorted(run.info.status for run in client.search_runs([experiment]))
    assert "RUNNING" not in statuses
    assert "FINISHED" in statuses


def test_of_two_projects_that_register_one_model_at_once_the_later_takes_the_version_of_the_first(
    register: Callable[..., Registration], settings: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, looked = versions._registered, 0

    def unseen_at_first(*arguments: Any) -> str | None:
        nonlocal looked
        looked += 1
        return None if looked == 1 else first(*arguments)

    assert register(BETTER).version == "1"
    monkeypatch.setattr(versions, "_registered", unseen_at_first)
    assert register(BETTER).version == "1"
    client, _ = connect(settings)
    assert [str(version.version) for version in client.search_model_versions("name = 'toy'")] == ["1"]


def test_a_version_keeps_the_rows_that_it_has_learned_from(
    register: Callable[..., Registration], settings: Mlflow
) -> None:
    Path("params.yaml").write_text("mlflow: {}\n", encoding="utf-8")
    Path("dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    register(BETTER)
    client, _ = connect(settings)
    assert provenance.read(client, "toy", "1").history == HISTORY
