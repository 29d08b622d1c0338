"""The champion, from a real SQLite store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from cellsize.errors import InputError
from cellsize.params import Mlflow
from cellsize.registry import champion
from cellsize.registry.store import connect
from cellsize.sizing.recipe import Recipe
from tests.sizing.artefact_examples import RECIPE


def test_there_is_no_champion_before_a_model_is_registered(settings: Mlflow) -> None:
    client, _ = connect(settings)
    assert champion.load(settings, "toy") is None
    assert champion.current_version(client, "toy") is None


def test_a_champion_that_is_not_a_model_of_ours_is_named_with_the_way_out(settings: Mlflow) -> None:
    client, experiment = connect(settings)
    client.create_registered_model("toy")
    run = client.create_run(experiment)
    client.create_model_version("toy", f"{run.info.artifact_uri}/gone", run.info.run_id)
    client.set_registered_model_alias("toy", "champion", "1")
    with pytest.raises(InputError, match=r"^register.name: the champion of 'toy', version 1, cannot be read \("):
        champion.load(settings, "toy")
    assert champion.current_version(client, "toy") == "1"


def test_the_newest_version_is_the_one_with_the_highest_number(settings: Mlflow) -> None:
    client, experiment = connect(settings)
    assert champion.newest_version(client, "toy") is None
    client.create_registered_model("toy")
    run = client.create_run(experiment)
    for _ in range(11):  # as text "9" is after "10"
        client.create_model_version("toy", f"{run.info.artifact_uri}/gone", run.info.run_id)
    assert champion.newest_version(client, "toy") == "11"


def test_a_version_that_was_champion_when_somebody_looked_is_read_whoever_is_now(
    settings: Mlflow, with_versions: Callable[[int], MlflowClient]
) -> None:
    client = with_versions(2)
    client.set_registered_model_alias("toy", "champion", "2")
    with pytest.raises(InputError, match="the champion of 'toy', version 1, cannot be read"):
        champion.load(settings, "toy", "1")


def test_the_recipe_of_a_version_that_was_registered_before_a_key_came_is_still_one(
    settings: Mlflow, tmp_path: Path
) -> None:
    client, experiment = connect(settings)
    run = client.create_run(experiment).info.run_id
    old = {key: value for key, value in RECIPE.items() if key != "early_stopping_score"}
    (tmp_path / "choice.json").write_text(json.dumps(old | {"reason": "the smallest"}), encoding="utf-8")
    client.log_artifact(run, str(tmp_path / "choice.json"))
    assert champion._recipe(client, run, tmp_path / "there") == Recipe.model_validate(old)
