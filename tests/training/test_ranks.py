"""Several processes that train one size together: the losses of one process, the same decisions, one checkpoint."""

import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_lightning.plugins.environments import LightningEnvironment  # type: ignore[attr-defined]
from pytorch_lightning.strategies import DDPStrategy
from torch import distributed

from cellsize.sizing.sizes import Size
from cellsize.training import fit, halving
from cellsize.training.ranks import ALONE, Ranks
from cellsize.training.records import Result, Row, Work
from cellsize.training.train import _agreed, _fit_fold, train

MakeWork = Callable[..., Work]
TWO = 2


# --- shares -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 1000), st.integers(1, 20))
def test_shares_are_all_windows_each_once_and_differ_by_one_at_most(count: int, size: int) -> None:
    windows = np.arange(count)
    shares = [windows[Ranks(rank, size).share(count)] for rank in range(size)]
    assert np.concatenate(shares).tolist() == windows.tolist()
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_process_alone_takes_all_and_asks_nobody(tmp_path: Path) -> None:
    assert np.arange(5)[ALONE.share(5)].tolist() == [0, 1, 2, 3, 4]
    assert ALONE.total(torch.tensor([2.0])).tolist() == [2.0]
    assert ALONE.agree(True)
    assert not ALONE.agree(False)
    assert ALONE.first([0.1, 2.0]) == [0.1, 2.0]
    assert ALONE.first_file(None, tmp_path) is None
    assert ALONE.first_file(tmp_path / "a", tmp_path / "b") == tmp_path / "a"


def test_processes_on_unlike_machines_decide_by_the_first_ones_scores_before_any_training(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This one is the second, whose own last digits are others.
    def from_the_first(values: torch.Tensor, src: int) -> None:
        assert (src, values.dtype) == (0, torch.float64)
        values.copy_(torch.tensor([0.1 + 1e-17, 0.3], dtype=torch.float64))

    monkeypatch.setattr(distributed, "broadcast", from_the_first)
    work = make_work()
    fold = _agreed(_fit_fold(work, work.folds.fold(0), Size(1, 1)), Ranks(1, TWO))
    assert (fold.start("none"), fold.start("joint")) == (0.1 + 1e-17, 0.3)


# --- two processes ----------------------------------------------------------------------------------------------------


class Environment(LightningEnvironment):
    """Two processes that somebody else has started, each with one device."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self.rank = rank

    @property
    def creates_processes_externally(self) -> bool:
        return True

    def global_rank(self) -> int:
        return self.rank

    def local_rank(self) -> int:
        return 0

    def world_size(self) -> int:
        return TWO

    def set_global_rank(self, rank: int) -> None: ...
    def set_world_size(self, size: int) -> None: ...


class KilledError(Exception):
    """Stands for whatever ends a process."""


LIKE_ONE = ["race", "torch", "missing", "absolute", "one", "early"]
Job = tuple[str, Work, Size]


def in_one_of_two(rank: int, folder: Path, jobs: list[Job], results: Any) -> None:
    """What each of the two processes does; every job a second time too, killed at its first check and resumed."""
    halving.GAIN = -9.0
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=TWO)

    def ranks() -> Ranks:
        return Ranks(rank, TWO, DDPStrategy(), [Environment(rank)])

    def kill(check: int) -> None:
        raise KilledError

    for name, work, size in jobs:
        own, checks = folder / str(rank) / f"{name}.ckpt", list[int]()  # a folder that the other one does not see
        result = train(work, size, own, checks.append, ranks=ranks())
        fit.SAVE_SECONDS = 0.0 if rank == 0 else 1e9  # clocks differ: the first one's counts
        with suppress(KilledError):
            train(work, size, own, kill, ranks=ranks())
        saved = sorted(path.name for path in own.parent.iterdir()) if own.parent.is_dir() else []
        after = list[int]()
        resumed = train(work, size, own, after.append, ranks=ranks())
        fit.SAVE_SECONDS = 20.0
        results.put((name, rank, result, resumed, checks, after, saved))
    agreed = [Ranks(rank, TWO).agree(decision) for decision in (rank == 0, rank == 1)]
    results.put(("agreed", rank, [*agreed, *Ranks(rank, TWO).first([rank + 0.1, rank + 1e-17])]))
    distributed.destroy_process_group()


# Settings, spares, architectures and second seeds of unequal folds; batches of 15 windows, of which one takes 7.
RACE: dict[str, Any] = {
    "network": {"skip": ["none", "joint"], "head": ["plain", "mixed"]},
    "split": {"scheme": "expanding", "folds": 2},
    "learning_rates": [1e-3, 1e-2],
    "check_every": 2,
    "rungs": [2, 4],
    "seeds": 2,
    "steps": 8,
    "patience": 8,
    "batch_size": 15,
}


@pytest.fixture(scope="module")
def jobs(make_work: MakeWork) -> list[Job]:
    holes = np.sin(np.arange(160) / 3) + 0.1 * np.random.default_rng(0).standard_normal(160)
    holes[[30, 31, 77, 120]] = np.nan
    return [
        ("race", make_work(**RACE), Size(1, 3)),
        ("torch", make_work(engine="torch", seeds=2, batch_size=15), Size(2, 3)),
        ("missing", make_work(holes, window={"observed": 0.5}), Size(1, 4)),
        # Of absolute errors the signs count: where they cancel out to 0 in one process, a rounding error in two is made
        # large by Adam. So nothing is missing here, and the signs are added up exactly.
        ("absolute", make_work(metric="mae"), Size(1, 4)),
        ("one", make_work(batch_size=1, max_gradient_norm=0.1), Size(1, 2)),
        ("early", make_work(learning_rates=[100.0], check_every=1, steps=6, patience=1), Size(1, 2)),
        ("dropout", make_work(dropouts=[0.5]), Size(1, 4)),
    ]


@pytest.fixture(scope="module")
def together(jobs: list[Job], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """What both processes found, by job: result, resumed result, checks, checks after it was resumed, files."""
    folder, context = tmp_path_factory.mktemp("two"), multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=in_one_of_two, args=(rank, folder, jobs, results)) for rank in range(TWO)]
    for process in processes:
        process.start()
    found: dict[str, list[tuple[Any, ...]]] = {}
    for _ in range(TWO * (len(jobs) + 1)):
        while results.empty():
            assert all(process.exitcode in (None, 0) for process in processes)
            time.sleep(0.1)
        name, rank, *rest = results.get()
        found.setdefault(name, [(), ()])[rank] = tuple(rest)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    return found


@pytest.fixture(autouse=True, scope="module")
def every_gain_counts() -> Any:
    """In a few steps on a toy hardly anything is learnt, and races would be longer for it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(halving, "GAIN", -9.0)
        yield


def known(row: Row) -> tuple[Any, ...]:
    """What a row says without its losses."""
    return tuple(vars(replace(row, score=None, train_score=None, early_stopping_score=None)).values())


def losses(result: Result) -> list[float | None]:
    rows = [loss for row in result.rows for loss in (row.early_stopping_score, row.train_score, row.score)]
    return [*rows, *(loss for check in result.checks for loss in (check.train_loss, check.early_stopping_score))]


@pytest.mark.slow
@pytest.mark.parametrize("name", LIKE_ONE)
def test_two_processes_have_the_losses_of_one_and_decide_as_it_does(
    jobs: list[Job], together: dict[str, list[tuple[Any, ...]]], name: str
) -> None:
    _, work, size = next(job for job in jobs if job[0] == name)
    checks: list[int] = []
    alone = train(work, size, None, checks.append)
    for result, *_ in together[name]:
        assert list(map(known, result.rows)) == list(map(known, alone.rows))
        # Within 1e-4; of losses of thousands, in float32, within a millionth of them.
        expected = [value if value is None else pytest.approx(value, rel=1e-6, abs=1e-4) for value in losses(alone)]
        assert losses(result) == expected
        np.testing.assert_allclose(result.residuals, alone.residuals, rtol=1e-5, atol=1e-4)
    assert together[name][0][2] == together[name][1][2] == checks


@pytest.mark.slow
@pytest.mark.parametrize("name", [*LIKE_ONE, "dropout"])
def test_both_processes_end_with_the_same_bytes(together: dict[str, list[tuple[Any, ...]]], name: str) -> None:
    first, other = (found[0] for found in together[name])
    assert (first.rows, first.checks) == (other.rows, other.checks)
    np.testing.assert_array_equal(first.residuals, other.residuals)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*LIKE_ONE, "dropout"])
def test_both_resume_from_the_checkpoint_that_the_first_one_alone_has_written(
    together: dict[str, list[tuple[Any, ...]]], name: str
) -> None:
    for rank, (result, resumed, checks, after, saved) in enumerate(together[name]):
        assert (f"{name}.ckpt" in saved) == (rank == 0)
        assert after == checks[1:]
        assert (resumed.rows, resumed.checks) == (result.rows, result.checks)
        np.testing.assert_array_equal(resumed.residuals, result.residuals)


@pytest.mark.slow
def test_processes_that_draw_dropout_draw_other_values_for_other_windows(
    jobs: list[Job], together: dict[str, list[tuple[Any, ...]]]
) -> None:
    _, work, size = next(job for job in jobs if job[0] == "dropout")
    alone, (result, *_) = train(work, size), together["dropout"][0]
    assert [check.train_loss for check in result.checks] != [check.train_loss for check in alone.checks]
    assert [row.score for row in result.rows] == pytest.approx([row.score for row in alone.rows], rel=0.2)


@pytest.mark.slow
def test_what_the_first_one_decides_is_decided(together: dict[str, list[tuple[Any, ...]]]) -> None:
    assert together["agreed"] == [([True, False, 0.1, 1e-17],), ([True, False, 0.1, 1e-17],)]
