"""The whole pipeline, as a user runs it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import Project, environment, make_project

pytestmark = pytest.mark.end_to_end
RESULTS = ("reports/choice.json", "reports/evaluation.json")
STAGES = [
    "prepare", "window", "split", "inspect", "propose", "baseline", "search", "choose", "refit", "evaluate",
    "register", "report",
]  # fmt: skip


def run_stages(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """The stages that `dvc repro` ran, in order."""
    return re.findall(r"Running stage '(\w+)'", ran.stdout)


def test_every_promised_key_of_the_results_is_there(project: Project) -> None:
    choice = json.loads(project.read("reports/choice.json"))
    promised = "layers units parameters learning_rate score score_se best zero_cells bound alpha_implied rule reason"
    assert set(promised.split()) <= set(choice)
    for one in (choice["best"], choice["zero_cells"]):
        assert set(one) == {"layers", "units", "parameters", "score", "score_se"}
    evaluation = json.loads(project.read("reports/evaluation.json"))
    for errors in (evaluation["model"], *evaluation["baselines"].values()):
        assert set(errors) == {"mae", "rmse", "mase", "nmse", "nmae", "by_step"}
        assert len(errors["by_step"]) == 3
    assert set(evaluation["baselines"]) == {
        "naive",
        "seasonal_naive_12",
        "ridge_linear",
        "boosted_trees",
    }
    registration = json.loads(project.read("reports/registration.json"))
    assert set(registration) == {"name", "version", "alias", "registered", "promoted", "reason"}


def test_the_trials_table_has_a_row_for_each_fold_of_each_size(project: Project) -> None:
    trials = pd.read_csv(project.folder / "build/trials.csv")
    scored = trials[trials["status"] == "ok"]
    folds = [sorted(group["fold"]) for _, group in scored.groupby(["layers", "units"])]
    assert folds == [[1, 2, 3]] * len(folds)
    assert (0, 0) in set(zip(trials["layers"], trials["units"], strict=True))
    assert len(trials) > len(scored)  # every learning rate that was dropped is told too


def test_a_second_run_does_nothing_but_to_look_at_its_own_code(project: Project) -> None:
    ran = project.repro()
    assert ran.returncode == 0
    assert run_stages(ran) == ["code"]
    assert project.command("dvc", "status", *STAGES).stdout.strip() == "Data and pipelines are up to date."


@pytest.mark.slow
def test_one_worker_from_scratch_gives_the_same_bytes_as_two(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = make_project(tmp_path_factory.mktemp("second") / "project")
    other.edit(search__compute__trials=1)
    assert other.repro().returncode == 0
    for name in RESULTS:
        assert other.read(name) == project.read(name)
    assert other.read("build/trials.csv") == project.read("build/trials.csv")


@pytest.mark.slow
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_search_resumes_and_gives_the_same_bytes(
    project: Project, tmp_path: Path, blow: signal.Signals
) -> None:
    other = Project(tmp_path / "project")
    shutil.copytree(project.folder, other.folder, ignore=shutil.ignore_patterns(".cache", "mlflow.db", "trials.csv"))
    words = str(YAML(typ="safe").load(other.folder / "dvc.yaml")["stages"]["search"]["cmd"]).split()
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            words, cwd=other.folder, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
        finished: list[Path] = []
        while running.poll() is None and not finished:
            # Any size: on a busy machine the first one handed out may be the last to end.
            finished = list(other.folder.glob(".cache/search/*/*.npz"))
            time.sleep(0.05)
        os.killpg(running.pid, blow)
        running.wait(timeout=120)
    assert finished
    assert running.returncode != 0
    assert not (other.folder / "build/trials.csv").exists()
    if blow == signal.SIGINT:
        assert "interrupted; what is finished is kept, and the next run resumes there" in (tmp_path / "log").read_text()
        assert "Traceback" not in (tmp_path / "log").read_text()
    kept = finished[0].stat().st_mtime_ns
    ran = other.command(*words)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "sizes were finished before" in ran.stdout  # all of them, where the signal came late
    assert finished[0].stat().st_mtime_ns == kept
    assert other.read("build/trials.csv") == project.read("build/trials.csv")


def test_mlflow_has_a_parent_run_and_one_child_for_each_size(project: Project) -> None:
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{project.folder}/mlflow.db")
    experiment = client.get_experiment_by_name("small")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if run.data.tags.get("cellsize.size") == "all"]
    assert len(parents) == 1
    assert parents[0].info.status == "FINISHED"
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    trials = pd.read_csv(project.folder / "build/trials.csv")
    visited = {f"{layers}x{units}" for layers, units in zip(trials["layers"], trials["units"], strict=True)}
    # A size that was begun ahead and not needed in the end has a run too, but no row.
    assert visited <= {run.data.tags["cellsize.size"] for run in children}
    assert len({run.data.tags["cellsize.size"] for run in children}) == len(children)
    some = next(run for run in children if run.data.tags["cellsize.size"] == "1x1")
    assert {"score", "seconds", "fold_1_early_stopping_score_seed_0"} <= set(some.data.metrics)
    assert some.data.params["units"] == "1"


def test_the_page_and_dvc_show_the_results(project: Project) -> None:
    page = project.read("reports/index.html")
    assert "http://" not in page.replace("http://www.w3.org", "")
    shown = project.command("dvc", "metrics", "show", "--md")
    assert shown.returncode == 0
    assert "nmse" in shown.stdout
    plots = project.command("dvc", "plots", "show", "-o", "plots")
    assert plots.returncode == 0, plots.stderr
    assert (project.folder / "plots/index.html").is_file()


def quietly(project: Project, *words: str) -> str:
    """What a command prints, if it ends well and warns of nothing."""
    ran = project.command(*words)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout


def registered(project: Project) -> str:
    """The version that the last run registered, or found registered."""
    version: str = json.loads(project.read("reports/registration.json"))["version"]
    return version


def test_another_choice_of_the_same_size_trains_nothing(project: Project) -> None:
    choice, registration = project.read("reports/choice.json"), project.read("reports/registration.json")
    project.edit(choose__least_margin=0.002)
    ran = project.repro()
    project.edit(choose__least_margin=0.001)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert project.read("reports/choice.json") != choice
    assert project.read("reports/registration.json") == registration
    # With another margin other sizes may be undecided, and seeds wanted; here none may be added.
    assert run_stages(ran) == ["code", "search", "choose", "register", "report"]
    assert "nothing left to train" in ran.stdout
    assert project.repro().returncode == 0
    assert project.read("reports/choice.json") == choice


@pytest.mark.slow
def test_changing_the_rule_trains_no_size_again_and_the_same_result_makes_no_second_version(project: Project) -> None:
    choice, version = project.read("reports/choice.json"), registered(project)
    project.edit(choose__rule="best")
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "choose" in run_stages(ran)
    assert "nothing left to train" in ran.stdout
    assert json.loads(project.read("reports/choice.json"))["rule"] == "best"
    project.edit(choose__rule="adequate")
    assert project.repro().returncode == 0
    # The champion that it is compared with may be another one by now; the model and its version are the same.
    assert (project.read("reports/choice.json"), registered(project)) == (choice, version)


@pytest.mark.slow
def test_another_metric_is_scored_trained_and_gated_anew(project: Project) -> None:
    before = {name: project.read(name) for name in RESULTS}
    project.edit(choose__metric="mae")
    ran = project.repro()
    project.edit(choose__metric="mse")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {"baseline", "search", "choose", "evaluate", "register", "report"} <= set(run_stages(ran))
    assert not {"prepare", "window", "split", "propose"} & set(run_stages(ran))
    for name in ("build/baselines.json", *RESULTS):
        assert json.loads(project.read(name))["metric"] == "mae"
    page = project.read("reports/index.html")
    assert "nmae" in page
    # The inspection ranks by the metric too; it may say that its ridge models are fitted by least squares.
    begin, end = page.index('<section id="inspection">'), page.index('<section id="folds">')
    assert "nmse" not in page[:begin] + page[end:]
    assert project.repro().returncode == 0
    assert project.read("reports/choice.json") == before["reports/choice.json"]


def test_a_typo_in_params_is_one_line_and_leaves_the_results_alone(project: Project) -> None:
    before = {name: project.read(name) for name in RESULTS}
    text = project.read("params.yaml")
    (project.folder / "params.yaml").write_text(text.replace("lookback:", "look_back:"), encoding="utf-8")
    try:
        ran = project.repro()
    finally:
        (project.folder / "params.yaml").write_text(text, encoding="utf-8")
    assert ran.returncode != 0
    assert "error: params.yaml: window.look" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert {name: project.read(name) for name in RESULTS} == before
    assert run_stages(project.repro()) == ["code"]


def test_a_broken_table_is_one_line_and_leaves_the_results_alone(project: Project) -> None:
    before = {name: project.read(name) for name in (*RESULTS, "build/schema.json")}
    text = project.read("table.csv")
    (project.folder / "table.csv").write_text(text.replace("2026-01-02 03:00:00", "2026-13-02", 1), encoding="utf-8")
    try:
        ran = project.repro()
    finally:
        (project.folder / "table.csv").write_text(text, encoding="utf-8")
    assert ran.returncode != 0
    assert "error: table.csv, line 29, column 'when'" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert {name: project.read(name) for name in before} == before
