"""A team's server as docs/operations.md sets it up: MLflow's with a real PostgreSQL; two projects write at once."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from benchmarks.faults import Disturbed
from cellsize import files
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_rows
from cellsize.registry import store
from cellsize.registry.moves import history
from tests.servers import Postgres, Server, postgres

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
SAME = ("choice.json", "evaluation.json", "inspection.json", "sizes.csv", "curves.csv", "metrics.json")


def commands(heading: str) -> list[str]:
    """The blocks of commands in a section of the page."""
    text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


@dataclass(frozen=True)
class Team:
    """What a team shares."""

    database: Postgres
    server: Server

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self.server.address, registry_uri=self.server.address)


@pytest.fixture(scope="module")
def team(short: Path) -> Iterator[Team]:
    """Set up by the page's own commands; another port each time."""
    with postgres() as database:
        make, serve, use = commands("A team's server: PostgreSQL")
        database.run(make, role="postgres", answers=f"{database.password}\n" * 2)
        folder = short / "team"
        folder.mkdir()
        server = Server(folder, variables=database.variables())
        server.script = serve.replace("5432", str(database.port)).replace("--port 5000", f"--port {server.port}")
        assert use.splitlines() == ["export MLFLOW_TRACKING_URI=http://127.0.0.1:5000", "cellsize run"]
        server.start()
        try:
            yield Team(database, server)
        finally:
            server.kill()


def said_by_ps() -> str:
    """What `ps` shows to everybody."""
    return subprocess.run(["ps", "-eo", "args", "-ww"], capture_output=True, text=True, check=True).stdout


def holding(text: str, folder: Path) -> list[Path]:
    """The files below a folder that have a text in them."""
    wanted = text.encode()
    return [path for path in folder.rglob("*") if path.is_file() and wanted in path.read_bytes()]


def test_two_projects_at_once_leave_every_run_whole_and_one_champion(
    copied: Callable[..., Disturbed], undisturbed: Disturbed, team: Team
) -> None:
    one = copied("search", MLFLOW_TRACKING_URI=team.server.address)
    other = copied("search", one.folder.with_name("other"), MLFLOW_TRACKING_URI=team.server.address)
    other.edit({"search.seed": 1, "refit.seed": 1})  # another model: the same one would be the same version
    for project in (one, other):
        project.edit({"evaluate.champion": False})  # whoever comes second would be compared with the first
    running = [project.begin() for project in (one, other)]
    seen = set[str]()
    while any(process.poll() is None for process in running):
        seen.add(said_by_ps())
        for process in running:
            try:
                process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
    assert [process.returncode for process in running] == [0, 0], one.said() + other.said()

    client = team.client
    (experiment,) = client.search_experiments(filter_string="name = 'table'")
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    parents = [run for run in runs if run.data.tags.get("cellsize.size") == "all"]
    assert len({run.data.tags["cellsize.clone"] for run in parents}) == len(parents) == 2
    for project in (one, other):
        whole(project, runs)

    said = [files.read_json(project.folder / "reports/registration.json") for project in (one, other)]
    assert sorted(each["version"] for each in said) == ["1", "2"]
    assert [each["promoted"] for each in said] == [True, True]
    moves = history(client, "table")
    assert [(move.begin, move.kind, move.finished) for move in moves] == [
        (None, "gate", True), (moves[0].end, "gate", True),
    ]  # fmt: skip
    champion = str(client.get_model_version_by_alias("table", "champion").version)
    assert {move.end for move in moves} == {"1", "2"}
    assert moves[-1].end == champion

    # The answer is not another one for where it is kept.
    for name in SAME:
        assert (one.folder / "reports" / name).read_bytes() == (undisturbed.folder / "reports" / name).read_bytes()

    for project, each in zip((one, other), said, strict=True):
        forecasts_as_made(team, project, each["version"])

    # The password went from a file into the connection, and nowhere else.
    assert any("mlflow server" in shown for shown in seen)
    assert not any(team.database.password in shown for shown in seen)
    for folder in (team.server.folder, one.folder, other.folder):
        assert holding(team.database.password, folder) == []
    for project in (one, other):
        assert team.database.password not in project.said()
    inside = team.database.run("pg_dump --data-only mlflow")
    assert "cellsize.fingerprint" in inside
    assert team.database.password not in inside


def whole(project: Disturbed, runs: list[Run]) -> None:
    """Asserts that a project's runs hold all that its search has found."""
    rows = pd.read_csv(project.folder / "build/trials.csv")
    wanted = {
        f"{layers}x{units}": set(group.loc[group["status"] == "ok", ["fold", "seed", "score"]].itertuples(index=False))
        for (layers, units), group in rows.groupby(["layers", "units"])
    }
    found = [run.data for run in runs]
    (parent,) = [
        run.info.run_id
        for run in runs
        if run.data.tags.get("cellsize.size") == "all" and run.data.params["seed"] == seed(project)
    ]
    children = {data.tags["cellsize.size"]: data for data in found if data.tags.get("mlflow.parentRunId") == parent}
    assert set(wanted) <= set(children)
    for name, scores in wanted.items():
        metrics = children[name].metrics
        assert {"score", "seconds", "milliseconds"} <= set(metrics)
        for row in scores:
            assert metrics[f"fold_{row.fold}_score_seed_{row.seed}"] == row.score
        assert children[name].params["units"] == name.partition("x")[2]


def seed(project: Disturbed) -> str:
    """`search.seed` of a project."""
    found = re.search(r"(?m)^search:(?:\n .*|\n)*?\n  seed: (\d+)", (project.folder / "params.yaml").read_text())
    assert found is not None
    return found[1]


def forecasts_as_made(team: Team, project: Disturbed, version: str) -> None:
    """Asserts that somebody who knows no more than the server's address gets the model that was trained."""
    script = (
        "import mlflow, pandas as pd, sys\n"
        "rows = pd.read_csv(sys.argv[1]).tail(40)\n"
        "model = mlflow.pyfunc.load_model(f'models:/table/{sys.argv[2]}')\n"
        "print(*model.predict(rows)['load'])\n"
    )
    environment = {**project.environment(), "MLFLOW_TRACKING_URI": team.server.address}
    ran = subprocess.run(
        [sys.executable, "-c", script, str(project.folder / "table.csv"), version], env=environment, cwd="/",
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    rows = pd.read_csv(project.folder / "table.csv").tail(40)
    made = forecast_rows(Forecaster.load(project.folder / "build/model"), rows)
    np.testing.assert_allclose([float(word) for word in ran.stdout.split()], made["load"], rtol=1e-6)


def test_a_copy_of_the_database_has_every_version(team: Team) -> None:
    client = team.client
    client.create_registered_model("copied")
    client.create_model_version("copied", "s3://nowhere/model", tags={"cellsize.fingerprint": "abc"})
    client.set_registered_model_alias("copied", "champion", "1")
    dump, create, restore = commands("What to back up")[0].splitlines()
    team.database.run(dump)
    team.database.run(create, role="postgres")
    team.database.run(restore)
    query = "select version from registered_model_aliases where name = 'copied' and alias = 'champion'"
    assert team.database.run(f'psql --no-align --tuples-only --dbname restored --command "{query}"').strip() == "1"


FIRST = """
import sys
from cellsize.params import Mlflow
from cellsize.registry.store import connect
client, experiment = connect(Mlflow(uri=sys.argv[1], experiment="first"))
print(experiment)
"""


def test_processes_that_open_a_new_database_at_once_do_not_destroy_it(team: Team, tmp_path: Path) -> None:
    team.database.run("createdb --owner cellsize new", role="postgres")
    uri = f"postgresql+psycopg://cellsize@127.0.0.1:{team.database.port}/new"
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    processes = []
    for number in range(2):
        # As on two machines: MLflow's own lock is a file in the folder for temporary files.
        temporary = tmp_path / str(number)
        temporary.mkdir()
        processes.append(subprocess.Popen(
            [sys.executable, "-c", FIRST, uri], cwd=temporary, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**environment, **team.database.variables(), "TMPDIR": str(temporary)},
        ))  # fmt: skip
    ended = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ended
    assert len({out for out, _ in ended}) == 1


def test_a_wrong_password_is_one_line_without_it(team: Team) -> None:
    uri = f"postgresql+psycopg://cellsize:hunter2@127.0.0.1:{team.database.port}/mlflow"
    with pytest.raises(InputError) as refused:
        store.open_registry(uri)
    said = str(refused.value)
    assert said.startswith(
        f"mlflow.uri: postgresql+psycopg://cellsize:***@127.0.0.1:{team.database.port}/mlflow is not "
    )
    assert "hunter2" not in said
    assert len(said.splitlines()) == 1
