"""The versions of a model as a table."""

import json

import pytest
from mlflow import MlflowClient
from rich.console import Console

from cellsize.errors import InputError
from cellsize.params import Mlflow
from cellsize.registry.listing import HEAD, rows, show
from cellsize.registry.moves import move
from cellsize.registry.promotion import promote
from cellsize.registry.store import connect


@pytest.fixture
def client(settings: Mlflow, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """Two versions of `toy`; the first is one of before, with its error in its run alone."""
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    made, experiment = connect(settings)
    made.create_registered_model("toy")
    run = made.create_run(experiment)
    made.log_metric(run.info.run_id, "holdout_nmse", 0.5)
    for _ in range(2):
        made.create_model_version("toy", f"{run.info.artifact_uri}/model", run.info.run_id)
    errors = {"metric": "nmae", "mean": 0.43219, "twins": [0.43219]}
    for key, text in (("layers", "1"), ("units", "64"), ("cellsize.errors", json.dumps(errors)),
                      ("cellsize.gate", "not better than [naive]")):  # fmt: skip
        made.set_model_version_tag("toy", "2", key, text)
    made.set_registered_model_alias("toy", "challenger", "2")
    move(made, "toy", "1", "first of all", "gate", None)
    return made


def test_versions_are_listed_with_sizes_errors_aliases_and_reasons(client: MlflowClient) -> None:
    newest, oldest = rows(client, "toy")
    assert (newest.version, newest.size, newest.error, newest.aliases) == ("2", "1 × 64", "nmae 0.4322", "challenger")
    assert (newest.champion, newest.by, newest.why) == ("–", "–", "not better than [naive]")
    assert (oldest.version, oldest.size, oldest.error, oldest.aliases) == ("1", "–", "nmse 0.5000", "champion")
    assert (oldest.by, oldest.why) == ("ada (gate)", "first of all")
    assert oldest.champion[:2] == "20"
    promote(client, "toy", "2", "a hunch")
    assert [(row.aliases, row.why) for row in rows(client, "toy")] == [("champion", "a hunch"), ("–", "first of all")]


def test_outside_of_a_terminal_it_is_lines_with_tabs(client: MlflowClient, capsys: pytest.CaptureFixture[str]) -> None:
    show(rows(client, "toy"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "\t".join(HEAD)
    assert [line.split("\t")[0] for line in lines[1:]] == ["2", "1"]
    assert all(line.count("\t") == len(HEAD) - 1 for line in lines)


def test_in_a_terminal_it_is_a_table_and_no_reason_is_markup(client: MlflowClient) -> None:
    console = Console(force_terminal=True, width=200, record=True, no_color=True)
    show(rows(client, "toy"), console)
    text = console.export_text()
    assert "not better than [naive]" in text
    assert "champion since" in text


def test_another_name_is_refused_with_those_that_there_are(client: MlflowClient) -> None:
    with pytest.raises(InputError, match=r"^nope: no such model in this registry, which has toy$"):
        rows(client, "nope")
