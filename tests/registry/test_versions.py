"""Versions of a model in a real SQLite store; a server is held end to end."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc  # itself, where mlflow alone has a stand-in for it
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from cellsize.errors import InputError
from cellsize.models.forecaster import VERSION, Forecaster
from cellsize.params import Mlflow, Register
from cellsize.registry import champion, versions
from cellsize.registry.store import connect
from cellsize.sizing.artefacts import Choice, Errors, Evaluation, Registration

BASELINE, BETTER = 0.5, 0.4
TAGS = {"cellsize.version.torch": "2.9.0"}


def errors(nmse: float, nmae: float = 1.0) -> Errors:
    return Errors(mae=1.0, rmse=2.0, mase=None, nmse=nmse, nmae=nmae, by_step=(nmse, nmse))


def evaluation(nmse: float) -> Evaluation:
    return Evaluation(
        metric="mse",
        windows=40,
        model=errors(nmse),
        baselines={"naive": errors(BASELINE), "ridge_linear": errors(BASELINE), "boosted_trees": errors(0.45)},
        by_series=(),
        subset=None,
        champion=None,
        champion_not_measured=None,
        champion_version=None,
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


@pytest.fixture
def register(
    settings: Mlflow, make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> Callable[..., Registration]:
    """Registers the ridge-linear model of a table, or of another one with the same columns."""

    def call(nmse: float, table: pd.DataFrame | None = None, compare: bool = False) -> Registration:
        rows = make_table() if table is None else table
        folder = Path("model")
        make_model(rows).save(folder)
        gate = Register(name="toy", beat=("naive", "ridge_linear"))
        return versions.register(settings, gate, folder, rows.tail(6), CHOICE, evaluation(nmse), compare, TAGS)

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
    assert found[0] == "2"


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
    version, model = champion.load(settings, "toy") or ("", None)
    assert version == "1"
    assert model is not None
    assert str(model.size) == "0x0"


def test_a_registered_model_brings_its_code_and_the_versions_it_needs(register: Callable[..., Registration]) -> None:
    register(BETTER)
    folder = Path(mlflow.artifacts.download_artifacts("models:/toy/1"))
    assert (folder / "code" / "cellsize" / "registry" / "served.py").is_file()
    required = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split("==")[0] for line in required] == list(versions.REQUIREMENTS)
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


def test_a_model_that_does_not_pass_is_registered_without_the_alias(
    register: Callable[..., Registration], settings: Mlflow
) -> None:
    registration = register(BASELINE * 1.1)
    assert (registration.version, registration.alias, registration.promoted) == ("1", None, False)
    assert registration.reason.startswith("not better on the holdout than naive")
    assert champion.load(settings, "toy") is None


def test_an_experiment_of_dvc_registers_and_does_not_promote(
    register: Callable[..., Registration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "try")
    registration = register(BETTER)
    assert (registration.registered, registration.promoted) == (True, False)
    assert registration.reason.startswith("a DVC experiment is not promoted")


def test_another_model_is_another_version_and_the_champion_stays_until_both_are_compared(
    register: Callable[..., Registration], settings: Mlflow, make_table: Callable[..., pd.DataFrame]
) -> None:
    register(BETTER)
    other = make_table().assign(y=lambda table: table["y"] * 2 + table["x"])
    registration = register(BETTER, other, compare=True)
    assert (registration.version, registration.promoted) == ("2", False)
    assert "from before version 1 became champion" in registration.reason
    assert register(BETTER, other).promoted
    assert (champion.load(settings, "toy") or ("",))[0] == "2"


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
