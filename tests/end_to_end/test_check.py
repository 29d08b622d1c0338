"""`cellsize check` of the small project's registered model, as somebody types it."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.end_to_end.conftest import Project

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
PAGE = (Path(__file__).parents[2] / "docs/drift.md").read_text(encoding="utf-8")
BEGIN, LEARNED = 876, 900  # the last day of the project's table, and its end


def rows(count: int, noise: float = 0.3, level: float = 0.0) -> pd.DataFrame:
    """Hours after the project's table, with a day of it before them."""
    hours, draw = np.arange(BEGIN, LEARNED + count), np.random.default_rng(1)
    when = pd.Timestamp("2026-01-01") + pd.to_timedelta(hours, unit="h")
    wave = 50 + 5 * np.sin(2 * np.pi * hours / 12) + level * (hours >= LEARNED)
    parts = [
        pd.DataFrame({"when": when, "place": place, "load": wave + noise * draw.standard_normal(hours.size)})
        for place in ("north", "south")
    ]
    return pd.concat(parts)


def test_each_verdict_has_its_status_its_words_a_page_and_json(project: Project) -> None:
    rows(120).to_parquet(project.folder / "same.parquet", index=False)
    rows(120, noise=0.8).to_csv(project.folder / "noise.csv", index=False)
    rows(20).to_csv(project.folder / "few.csv", index=False)
    cases = {"same.parquet": (0, "as before"), "noise.csv": (4, "worse"), "few.csv": (5, "cannot tell")}
    for name, (status, verdict) in cases.items():
        ran = project.command(
            "cellsize", "check", "small", "--data", name, "--html", f"{name}.html", "--json", f"{name}.json"
        )
        assert (ran.returncode, ran.stderr) == (status, ""), ran.stdout + ran.stderr
        content = json.loads(project.read(f"{name}.json"))
        assert (content["verdict"], content["status"]) == (verdict, status)
        assert content["words"] == ran.stdout.splitlines()[:-1]
        assert f"<h1>{content['words'][1]}</h1>" in project.read(f"{name}.html")
        # The keys that the page of the documentation names.
        assert set(re.findall(r"(?m)^\| `(\w+)` \|", PAGE)) == set(content)


def test_what_cannot_be_used_is_one_line_and_status_1(project: Project) -> None:
    rows(120).drop(columns="place").to_csv(project.folder / "bad.csv", index=False)
    for words, said in (
        (("small", "--data", "bad.csv"), "error: bad.csv: no column 'place'; send it"),
        (("small", "--data", "bad.csv", "--version", "99"), "error: model 'small' has no version '99'; there are: 1"),
    ):
        ran = project.command("cellsize", "check", *words)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr.startswith(said)
        assert ran.stderr.count("\n") == 1


def test_a_version_of_before_says_so_and_still_has_its_error_measured(project: Project) -> None:
    uri = f"sqlite:///{project.folder}/mlflow.db"
    client = MlflowClient(uri, uri)
    now = client.get_model_version("small", "1")
    other = next(
        run.info.run_id
        for experiment in client.search_experiments()
        for run in client.search_runs([experiment.experiment_id])
        if run.info.run_id != now.run_id and not client.list_artifacts(run.info.run_id, "reference")
    )
    client.create_registered_model("old")
    files = next(project.folder.glob("mlartifacts/**/MLmodel")).parent.as_uri()
    client.create_model_version("old", files, run_id=other)  # a run that keeps nothing of it
    rows(120).to_csv(project.folder / "same.csv", index=False)
    ran = project.command("cellsize", "check", "old", "--version", "1", "--data", "same.csv", "--uri", uri)
    assert (ran.returncode, ran.stderr) == (5, "")
    said = ran.stdout.splitlines()
    assert said[1] == "Cannot tell: version 1 was registered before cellsize kept what new rows are compared with."
    assert "nothing to compare it with" in said[2]
    assert said[-1].startswith("Run its project again with this cellsize")
    client.delete_registered_model("old")
