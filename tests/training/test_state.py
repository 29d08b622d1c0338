"""Where a network's training stands, worked out by hand from the errors of an epoch."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.batches import Scaling
from cellsize.data.folds import Fold
from cellsize.data.forecast import Forecast
from cellsize.models.prediction import FittedFold
from cellsize.sizing.sizes import Size
from cellsize.training.records import Setting, Work
from cellsize.training.state import NetworkState, derive, settings

TASK = Forecast(lookback=3, horizon=2, n_targets=1)
UNIT = Scaling(np.zeros(1, np.float32), np.ones(1, np.float32), np.ones(1, np.float32))


def fitted(start: float, windows: int = 2) -> FittedFold:
    """A fold with some windows in its early-stopping set, and the score before any training."""
    nothing = np.empty(0, np.int64)
    return FittedFold(Fold(nothing, np.arange(windows), nothing), UNIT, None, start)


def state(start: float = 1.0) -> NetworkState:
    return NetworkState(0, 0, Setting(1e-2, 0.0, 0.0), "active", best_score=start, kept_score=start)


def test_an_epoch_that_is_better_than_none_is_kept_with_its_score() -> None:
    network = state(2.0)
    network.loss_sum, network.loss_count = 3.0, 2
    # Two windows are two pieces of two outputs each: 1 and 3 over 4 outputs.
    network.end_epoch([1.0, 3.0, 0.0, 0.0, 0.0], fitted(start=2.0), TASK)
    assert (network.epoch, network.kept_epoch) == (1, 1)
    assert (network.score, network.kept_score, network.lowest_score) == (1.0, 1.0, 1.0)
    assert network.curve == [(1.5, 1.0)]


def test_an_epoch_that_is_no_better_than_none_is_not_kept_and_counts_for_the_comparison_of_settings() -> None:
    network = state()
    network.end_epoch([4.0, 8.0, 0.0, 0.0, 0.0], fitted(start=1.0), TASK)
    assert (network.epoch, network.kept_epoch, network.kept_score) == (1, 0, 1.0)
    assert network.lowest_score == 3.0
    assert network.best_score == 1.0


def test_an_epoch_whose_score_is_not_a_number_changes_nothing_but_its_curve() -> None:
    network = state()
    network.end_epoch([float("nan"), 1.0, 0.0, 0.0, 0.0], fitted(start=1.0), TASK)
    assert (network.epoch, network.kept_epoch, network.lowest_score) == (1, 0, float("inf"))
    assert np.isnan(network.curve[0][1])


def test_a_refit_keeps_its_last_epoch() -> None:
    network = state()
    for _ in range(3):
        network.end_epoch(None, fitted(start=float("inf"), windows=0), TASK)
    assert (network.epoch, network.kept_epoch) == (3, 3)


def test_every_combination_is_a_setting(make_work: Callable[..., Work]) -> None:
    work = make_work(learning_rates=[1e-3, 1e-2], dropouts=[0.0, 0.2], rungs=[1])
    assert settings(work) == [Setting(rate, dropout, 0.0) for rate in (1e-3, 1e-2) for dropout in (0.0, 0.2)]


def test_a_derived_seed_depends_on_every_number_and_on_their_order() -> None:
    seeds = [derive(0, Size(1, 2), 3), derive(0, Size(2, 1), 3), derive(3, Size(1, 2), 0), derive(0, Size(1, 2), 4)]
    assert len(set(seeds)) == 4
    assert derive(0, Size(1, 2), 3) == derive(0, 1, 2, 3)


@pytest.mark.parametrize("status", ["active", "waiting"])
def test_progress_is_what_successive_halving_decides_by(status: str) -> None:
    network = NetworkState(2, 1, Setting(1e-2, 0.0, 0.0), status, epoch=4, kept_epoch=3, score=0.5, lowest_score=0.4)  # type: ignore[arg-type]
    assert vars(network.progress) == {
        "fold": 2, "seed": 1, "status": status, "epoch": 4, "kept_epoch": 3, "score": 0.5, "lowest_score": 0.4,
    }  # fmt: skip
