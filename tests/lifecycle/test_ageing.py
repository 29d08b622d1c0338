"""How a champion does on rows that are new to it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.evaluation.blocks import block_of
from cellsize.evaluation.comparison import newer
from cellsize.evaluation.rivals import Champion
from cellsize.lifecycle import unpaired
from cellsize.lifecycle.ageing import ageing
from cellsize.lifecycle.block_losses import measure
from cellsize.models.forecaster import Forecaster
from cellsize.training.records import Work

SEASON = 3


@pytest.fixture
def work(make_work: Callable[..., Work]) -> Work:
    return make_work()


@pytest.fixture
def champion(work: Work, refitted: Callable[..., Forecaster]) -> Callable[[int], Champion[Forecaster]]:
    """One that has learned the first target of a window of the holdout; its twin nothing of it."""
    twin = refitted(work)
    first = work.windows.first[work.folds.holdout]

    def make(window: int) -> Champion[Forecaster]:
        until = work.windows.said(first[window] + work.windows.lookback)
        return Champion("4", replace(twin, learned_until=until), None, (twin,), None)

    return make


def test_what_is_new_is_measured_against_what_was_held_out(
    work: Work, champion: Callable[[int], Champion[Forecaster]]
) -> None:
    count = int(work.folds.holdout.sum())
    half = count // 2
    found = ageing(work.windows, work.folds, champion(half), SEASON, "mse", 1.0)
    assert found.windows == count - half - 1
    assert found.blocks > 1
    assert found.now is not None
    assert found.before is not None
    assert found.worse is not None
    assert 0 <= found.worse <= 1
    assert ageing(work.windows, work.folds, champion(half), SEASON, "mse", 1.0) == found


def test_where_nothing_is_new_nothing_is_said(work: Work, champion: Callable[[int], Champion[Forecaster]]) -> None:
    found = ageing(work.windows, work.folds, champion(-1), SEASON, "mse", 1.0)
    assert (found.windows, found.blocks, found.now, found.worse) == (0, 0, None, None)


def test_a_champion_without_twins_has_nothing_to_be_compared_with(
    work: Work, champion: Callable[[int], Champion[Forecaster]]
) -> None:
    found = ageing(work.windows, work.folds, replace(champion(5), twins=()), SEASON, "mse", 1.0)
    assert found.now is not None
    assert (found.before, found.worse) == (None, None)


def test_targets_that_follow_nothing_any_more_are_worse_for_certain(
    work: Work, champion: Callable[[int], Champion[Forecaster]]
) -> None:
    half = int(work.folds.holdout.sum()) // 2
    said = champion(half).model.learned_until
    target = work.windows.target.copy()
    later = work.windows.stamp > work.windows.stamp_of(said)
    target[later] += 100 * np.sign(np.arange(later.sum()) % 2 - 0.5)[:, None].astype(np.float32)
    broken = replace(work.windows, target=target)
    found = ageing(broken, work.folds, champion(half), SEASON, "mse", 1.0)
    assert found.worse is not None
    assert found.worse > 0.99


def test_the_probability_is_that_of_a_check_on_the_same_blocks(
    work: Work, champion: Callable[[int], Champion[Forecaster]]
) -> None:
    one = champion(int(work.folds.holdout.sum()) // 2)
    found = ageing(work.windows, work.folds, one, SEASON, "mse", 7.0)
    every = np.arange(len(work.windows.first))
    is_new = newer(work.windows, work.folds, every, one.model)
    sides = []
    for models, chosen in (
        ([one.model], is_new & work.folds.holdout),
        (one.twins, newer(work.windows, work.folds, every, one.twins[0]) & ~is_new),
    ):
        windows = np.flatnonzero(chosen)
        blocks = block_of(work.windows, work.folds, windows, SEASON)
        sides.append(measure(work.windows, windows, blocks, models, one.model.fitted.scaling, SEASON, "mse"))
    compared = unpaired.compare(sides[0], sides[1], margin=7.0)
    assert compared is not None
    assert found.worse == compared.worse
    assert (found.now, found.before) == (sides[0].error, sides[1].error)
