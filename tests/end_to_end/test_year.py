"""A year of a model: rows come month by month, and what is trained again is what they ask for.

The stages run in this process, as `dvc.yaml` has them: thirteen processes a month would be nothing but imports. That
DVC agrees about what is up to date is held in `test_workflows.py`.
"""

import importlib
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cellsize import params_file
from cellsize.project import runner
from cellsize.project.retrain import retrain
from cellsize.registry.champion import current_version
from cellsize.registry.promotion import rollback
from cellsize.registry.store import open_registry
from cellsize.search import trial, tune
from tests.end_to_end.conftest import Project, make_project

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
START, MONTH, DRIFT = 900, 240, 5  # rows at first and of each month, 20 blocks of a season; the month of the drift
NOTHING, PROMOTED, NOT_PROMOTED, REFUSED = 0, 10, 11, 12
SEARCHED = ("build/searched_windows.npz", "build/searched_folds.parquet", "build/candidates.json")
NOT_NEEDED = ("code", "inspect", "report")


def rows(count: int) -> pd.DataFrame:
    """So many hours; from the fifth month on they follow another rhythm."""
    hours = np.arange(count)
    load = 50 + 5 * np.sin(2 * np.pi * hours / 12)
    other = 50 + 5 * np.sin(2 * np.pi * hours / 12) ** 3 + 4 * np.cos(2 * np.pi * hours / 6)
    load = np.where(hours < START + (DRIFT - 1) * MONTH, load, other)
    noise = np.random.default_rng(7).normal(0, 0.3, 20 * MONTH)[:count]
    when = pd.date_range("2026-01-01", periods=count, freq="h")
    return pd.DataFrame({"when": when, "load": (load + noise).round(3)})


@dataclass
class Year:
    """A project whose stages run in this process, and what was done in it."""

    project: Project
    said: list[str] = field(default_factory=list)
    searches: int = 0
    searched: Any = None

    def deliver(self, month: float) -> None:
        """The table as it is after so many months."""
        rows(int(START + MONTH * month)).to_csv(self.project.folder / "table.csv", index=False)

    def retrain(self, full: bool = False) -> tuple[int, str]:
        """Status, and verdict in a word."""
        self.said.clear()
        status = retrain(Path(), full=full, say=self.said.append)
        return status, self.said[0].split()[1].rstrip(":;")

    @property
    def champion(self) -> str | None:
        """Its version."""
        return current_version(open_registry("sqlite:///mlflow.db"), "small")

    @property
    def until(self) -> str | None:
        """Until when sizes are searched."""
        return params_file.load(Path("params.yaml")).split.searched_until

    def stage(self, _: Path, name: str, *paths: str) -> None:
        """In place of a process of its own."""
        importlib.import_module(f"cellsize.stages.{name}").main(
            params_file.load(Path("params.yaml")), *map(Path, paths)
        )

    def dvc(self, folder: Path, *words: str, may_fail: bool = False, silent: bool = False) -> int:
        """What the command of DVC would do here; a search runs again if what it reads has changed."""
        match words:
            case ("repro", "dvc.yaml:code"):
                return 0
            case ("status", "--quiet", "dvc.yaml:search"):
                return int(self._reads() != self.searched)
            # Without a record of what was done: of a version that there is, nothing is left undone, and the last
            # command does all.
            case ("status", "--quiet", *_) | ("repro", "--force", "--single-item", _) | ("repro", _, _):
                return 0
            case ("repro", target):
                stages = YAML(typ="safe").load(Path("dvc.yaml"))["stages"]
                for name, described in stages.items():
                    if name == "search" and self._reads() == self.searched:
                        continue
                    if name == "search":
                        self.searches, self.searched = self.searches + 1, self._reads()
                    if name not in NOT_NEEDED:
                        self.stage(folder, name, *shlex.split(described["cmd"])[3:])
                    if target == f"dvc.yaml:{name}":
                        break
                return 0
        raise AssertionError(words)  # a call that this stand-in for DVC does not know

    def _reads(self) -> Any:
        params = params_file.load(Path("params.yaml"))
        return [Path(name).read_bytes() for name in SEARCHED], params.search, params.choose


def train_here(work: Any, scheduler: Any, _: Any, store: Any, state: Path) -> None:
    """In place of Ray Tune."""
    while not scheduler.ended():
        shard = scheduler.next_shard()
        seeds = scheduler.more_seeds(shard)
        trial.run(trial.configuration(shard, seeds), work, store, lambda _: None)
        scheduler.finish(shard, store.load(shard, seeds))


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    project = make_project(tmp_path / "project")
    project.edit(
        prepare__series=None, split__holdout=0.1, propose__layers=1, propose__samples="sequences",
        propose__network__skip=["joint"], propose__mlp_units=[2],
        baseline__classical="none", search__training__learning_rates=[0.03], register__margin=5.0,
        register__beat=["naive"],
    )  # fmt: skip
    made = Year(project)
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(runner, "stage", made.stage)
    monkeypatch.setattr(runner, "dvc", made.dvc)
    monkeypatch.setattr(tune, "run_trials", train_here)
    return made


def everything(folder: Path) -> dict[str, bytes]:
    """What a refused delivery must leave as it was: results, parameters and the record of DVC."""
    kept = [*folder.glob("reports/*.json"), *folder.glob("build/*"), folder / "params.yaml"]
    return {str(path): path.read_bytes() for path in kept if path.is_file() and path.name != "look.json"}


def test_a_year(year: Year) -> None:
    folder = year.project.folder
    # January to April: the first model; then newer rows of the same kind, and no search.
    year.deliver(0)
    assert year.retrain() == (PROMOTED, "resize")
    assert (year.champion, year.searches, year.until) == ("1", 1, None)
    for month, champion in ((1, "2"), (2, "3"), (3, "4"), (4, "5")):
        year.deliver(month - 0.75)
        assert year.retrain() == (NOTHING, "nothing")  # a week is too little
        year.deliver(month)
        assert year.retrain() == (PROMOTED, "refit"), year.said
        assert (year.champion, year.searches) == (champion, 1)
        assert year.until == "2026-02-07T11:00:00"  # the last row of the first table
    assert year.retrain() == (NOTHING, "nothing")
    # May: another rhythm. The size is measured again, and what comes of it is refitted from then on.
    year.deliver(5)
    assert year.retrain() == (PROMOTED, "resize"), year.said
    assert "worse by more than 5 %, with probability 1.00" in year.said[0]
    assert (year.champion, year.searches, year.until) == ("6", 2, None)
    for month, champion in ((6, "7"), (7, "8")):
        year.deliver(month)
        assert year.retrain() == (PROMOTED, "refit"), year.said
        assert (year.champion, year.searches) == (champion, 2)
    # August: three broken deliveries.
    before = everything(folder)
    good = rows(START + 8 * MONTH)
    for broken, words in (
        (good.iloc[: START + 6 * MONTH], "rows fewer than before: the last one is of"),
        (good.assign(load=good["load"].where(good.index != 77, 51.0)), "column 'load': values until"),
        (good.rename(columns={"load": "lode"}), "no column 'load'"),
    ):
        broken.to_csv(folder / "table.csv", index=False)
        assert year.retrain() == (REFUSED, "refused")
        assert words in year.said[0]
        assert "refused" in year.project.read("reports/retrain.md")
        assert year.champion == "8"
        assert everything(folder) == before
    year.deliver(8)
    assert year.retrain() == (PROMOTED, "refit"), year.said
    assert (year.champion, year.searches) == ("9", 2)
    # September: somebody's settings make a worse model, which is never promoted.
    year.deliver(9)
    settings = year.project.read("params.yaml")
    year.project.edit(baseline__penalties=[1e9], search__training__learning_rates=[1e-6])
    assert year.retrain() == (NOT_PROMOTED, "resize")
    assert "other values since version 9: baseline.penalties, search.training" in year.said[0]
    assert year.champion == "9"
    assert year.retrain() == (NOTHING, "nothing")  # and is not tried again
    # Put right. The search that version 9 comes of is gone here, so that all rows are searched on.
    (folder / "params.yaml").write_text(settings, encoding="utf-8")
    assert year.retrain() == (PROMOTED, "resize"), year.said
    assert (year.champion, year.searches) == ("11", 4)
    # October: back to the champion before. The same table makes nobody champion again; newer rows may.
    rollback(open_registry("sqlite:///mlflow.db"), "small", "errors doubled since Monday")
    assert year.champion == "9"
    assert year.retrain() == (NOTHING, "nothing")
    assert year.champion == "9"
    year.deliver(10)
    assert year.retrain() == (PROMOTED, "resize"), year.said
    assert year.champion == "12"
