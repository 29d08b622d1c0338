"""Where runs and models are kept: a real SQLite store, and what is refused."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize.errors import InputError
from cellsize.params import Mlflow
from cellsize.registry.store import connect, find, open_registry, require_model


def test_the_experiment_is_made_once_and_its_files_are_next_to_the_database(settings: Mlflow) -> None:
    client, experiment = connect(settings)
    assert connect(settings)[1] == experiment
    assert Path("store.db").is_file()
    assert client.get_experiment(experiment).artifact_location == (Path.cwd() / "mlartifacts" / "toy").as_uri()


def test_the_environment_comes_before_params_yaml(settings: Mlflow, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("store.db").rename("other.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///other.db")
    connect(settings)
    assert Path("other.db").is_file()
    assert not Path("store.db").exists()


def test_an_import_sets_nothing_and_a_connection_lets_no_pickle_in(
    settings: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"
    clean = {name: value for name, value in os.environ.items() if name != key}
    script = f"import os, cellsize.registry.store; raise SystemExit('{key}' in os.environ)"
    assert subprocess.run([sys.executable, "-c", script], env=clean, check=False).returncode == 0
    monkeypatch.delenv(key, raising=False)
    connect(settings)
    assert os.environ[key] == "false"


def test_a_folder_as_the_store_is_refused_in_one_line(settings: Mlflow) -> None:
    with pytest.raises(InputError, match=r"mlflow.uri: './mlruns' is a folder; use sqlite"):
        connect(settings.model_copy(update={"uri": "./mlruns"}))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sqlite:///taken/store.db", r"sqlite:///\S+/taken/store.db"),
        ("oracle+nothing://me:secret@127.0.0.1/x", r"oracle\+nothing://me:\*\*\*@127.0.0.1/x"),
    ],
)
def test_a_store_that_cannot_be_opened_is_said_in_one_line_without_its_password(
    settings: Mlflow, uri: str, message: str
) -> None:
    Path("taken").touch()
    with pytest.raises(InputError, match=rf"^mlflow.uri: {message} is not reachable \(.*; start that server"):
        connect(settings.model_copy(update={"uri": uri}))


def test_an_experiment_that_was_deleted_is_named(settings: Mlflow) -> None:
    client, experiment = connect(settings)
    client.delete_experiment(experiment)
    with pytest.raises(InputError, match=r"^mlflow.experiment: 'toy' was deleted; restore it"):
        connect(settings)


def test_reading_makes_no_database(settings: Mlflow, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        open_registry("sqlite:///none.db")
    assert str(refused.value) == (
        f"{tmp_path / 'none.db'}: no such file; give the address of a registry that exists, or run cellsize run, which "
        "makes one"
    )
    assert not Path("none.db").exists()
    client = open_registry(settings.uri)
    client.create_registered_model("toy")
    with pytest.raises(InputError, match=r"^other: no such model in this registry, which has toy$"):
        require_model(client, "other")
    require_model(client, "toy")


def test_a_registry_is_the_one_named_else_the_environments_else_this_projects(
    settings: Mlflow, monkeypatch: pytest.MonkeyPatch, params_content: Callable[[], dict[str, Any]],
    write_params: Callable[[dict[str, Any]], Path],
) -> None:  # fmt: skip
    with pytest.raises(InputError, match=r"^no registry is named, and neither params\.yaml nor mlflow\.db is here:"):
        find(None)
    for name in ("option", "environment", "project"):
        shutil.copy("store.db", f"{name}.db")
        open_registry(f"sqlite:///{name}.db").create_registered_model(name)
    shutil.copy("option.db", "mlflow.db")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")  # MLflow's client sets it when it is told of a store
    assert [model.name for model in find(None).search_registered_models()] == ["option"]
    content = params_content()
    content["mlflow"]["uri"] = "sqlite:///project.db"
    write_params(content)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert [model.name for model in find(None).search_registered_models()] == ["project"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///environment.db")
    assert [model.name for model in find(None).search_registered_models()] == ["environment"]
    assert [model.name for model in find("sqlite:///option.db").search_registered_models()] == ["option"]
