"""A version found by somebody who has the registry and nothing else."""

from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.params import Mlflow
from cellsize.registry.fetched import fetch, kept, number_of, version_of
from cellsize.registry.store import connect


@pytest.fixture
def registered(
    settings: Mlflow, make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> Forecaster:  # fmt: skip
    """Version 1 of `toy` in a store that the environment names; its files alone, since none is served."""
    client, _ = connect(settings)
    model = make_model(make_table())
    model.save(Path("whole/artifacts/model"))
    (Path("whole") / "MLmodel").write_text("flavors: {}\n", encoding="utf-8")
    client.create_registered_model("toy")
    client.create_model_version("toy", Path("whole").absolute().as_uri())
    client.set_registered_model_alias("toy", "champion", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path('store.db').absolute()}")
    return model


def test_a_version_is_found_by_its_number_or_by_an_alias(registered: Forecaster) -> None:
    assert version_of("toy", None, "champion") == "1"
    assert version_of("toy", "1", "champion") == "1"
    found = fetch("toy", "1")
    assert isinstance(found, Forecaster)
    assert found.learned_until == registered.learned_until


def test_what_is_not_there_is_said_with_what_is(registered: Forecaster) -> None:
    for name, version, alias, words in (
        ("boy", None, "champion", "boy: no such model in this registry, which has toy"),
        ("toy", "7", "champion", "model 'toy' has no version '7'; there are: 1"),
        ("toy", None, "best", "model 'toy' has no alias 'best'; aliases: champion; versions: 1"),
    ):
        with pytest.raises(InputError) as refused:
            version_of(name, version, alias)
        assert str(refused.value) == words


def test_files_that_are_gone_are_said(registered: Forecaster) -> None:
    version_of("toy", "1", "champion")
    Path("whole/artifacts/model/model.json").unlink()
    with pytest.raises(InputError, match="model 'toy', version 1: its files cannot be read"):
        fetch("toy", "1")


def test_a_registry_that_is_not_there_is_said_and_not_made(settings: Mlflow, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"no registry is named, and neither params\.yaml nor mlflow\.db is here"):
        version_of("toy", None, "champion")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path('none.db').absolute()}")
    with pytest.raises(InputError, match=r"none\.db: no such file; give the address of a registry that exists"):
        version_of("toy", None, "champion")
    assert not Path("none.db").exists()


def test_the_registry_of_the_folder_is_taken_where_the_environment_names_none(
    settings: Mlflow, registered: Forecaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    Path("store.db").rename("mlflow.db")
    assert version_of("toy", None, "champion") == "1"
    assert isinstance(MlflowClient().get_registered_model("toy").name, str)
    assert mlflow.get_tracking_uri().endswith("mlflow.db")


def test_a_folder_that_the_run_of_a_version_keeps_is_fetched_and_one_that_it_does_not_is_none(
    settings: Mlflow, registered: Forecaster, tmp_path: Path
) -> None:
    client, experiment = connect(settings)
    assert number_of(client, "toy", None, "champion") == "1"
    assert kept(client, "toy", "1", "reference", tmp_path) is None  # there is no run at all
    run = client.create_run(experiment).info.run_id
    Path("reference").mkdir()
    Path("reference/notes.txt").write_text("here", encoding="utf-8")
    client.log_artifacts(run, "reference", "reference")
    client.create_model_version("toy", Path("whole").absolute().as_uri(), run_id=run)
    (tmp_path / "into").mkdir()
    found = kept(client, "toy", "2", "reference", tmp_path / "into")
    assert found is not None
    assert (found / "notes.txt").read_text(encoding="utf-8") == "here"
    assert kept(client, "toy", "2", "twins", tmp_path / "into") is None
