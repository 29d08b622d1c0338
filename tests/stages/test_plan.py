"""`make plan`: one line before anything is trained."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cellsize.data import folds
from cellsize.params_file import load
from cellsize.search.estimate import estimate, sentence
from cellsize.sizing.sizes import ZERO, Size
from cellsize.stages import plan
from cellsize.training.records import Work
from tests.sizing.conftest import candidate, candidates

Files = tuple[Path, Path, Path]


@pytest.fixture
def work(make_work: Callable[..., Work]) -> Work:
    return make_work()


@pytest.fixture
def files(work: Work, tmp_path: Path) -> Files:
    """Windows, folds and candidates, as the stages before the search leave them."""
    paths = tmp_path / "windows.npz", tmp_path / "folds.parquet", tmp_path / "candidates.json"
    work.windows.save(paths[0])
    pd.DataFrame(folds.save_labels(work.folds)).to_parquet(paths[1])
    candidates([candidate(size) for size in (ZERO, Size(0, 16), Size(1, 1), Size(1, 2))]).write(paths[2])
    return paths


@pytest.fixture
def params_yaml(params_content: Callable[[], dict[str, Any]], write_params: Callable[[dict[str, Any]], Path]) -> Path:
    """A grid of which every size is tried."""
    content = params_content()
    content["search"]["procedure"] = "grid"
    return write_params(content)


def test_the_plan_is_the_estimate_of_what_the_stages_wrote(
    files: Files, params_yaml: Path, work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    params = load(params_yaml)
    plan.main(params, *files)
    grid = candidates([candidate(size) for size in (ZERO, Size(0, 16), Size(1, 1), Size(1, 2))])
    planned = Work(
        work.windows, work.folds, grid.network, params.search.training, params.baseline.penalties, params.search.seed,
        params.choose.metric,
    )  # fmt: skip
    said = capsys.readouterr().out
    assert said == f"plan: {sentence(estimate(grid, params.search, planned))}\n"
    assert said.startswith("plan: 3 sizes, about ")


def test_the_command_prints_one_line_and_writes_nothing(
    files: Files, params_yaml: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(params_yaml.parent.iterdir())
    monkeypatch.chdir(params_yaml.parent)
    monkeypatch.setattr(sys, "argv", ["plan.py", *map(str, files)])
    runpy.run_module("pipeline.plan", run_name="__main__")
    assert capsys.readouterr().out.count("\n") == 1
    assert sorted(params_yaml.parent.iterdir()) == before


def test_without_candidates_it_says_what_makes_them(
    files: Files, params_yaml: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files[2].unlink()
    monkeypatch.chdir(params_yaml.parent)
    monkeypatch.setattr(sys, "argv", ["plan.py", *map(str, files)])
    with pytest.raises(SystemExit):
        runpy.run_module("pipeline.plan", run_name="__main__")
    assert "candidates.json: no such file; run `cellsize run`, which makes it" in capsys.readouterr().err
