"""The blocks of time over which models are compared."""

from collections.abc import Callable

import numpy as np

from cellsize.evaluation.blocks import block_length, block_of, by_time
from cellsize.training.records import Work


def test_a_block_is_whole_seasons_and_no_shorter_than_the_horizon() -> None:
    lengths = {(season, horizon): block_length(season, horizon) for season, horizon in
               ((24, 24), (24, 3), (24, 25), (7, 28), (1, 5))}  # fmt: skip
    assert lengths == {(24, 24): 24, (24, 3): 24, (24, 25): 48, (7, 28): 28, (1, 5): 5}


def test_a_window_belongs_to_the_block_of_the_first_step_that_it_predicts(make_work: Callable[..., Work]) -> None:
    work = make_work()
    holdout = np.flatnonzero(work.folds.holdout)
    assert by_time(work.windows, work.folds)
    predicted = work.windows.start[holdout] + work.windows.lookback
    assert block_of(work.windows, work.folds, holdout, 5).tolist() == (predicted // 5).tolist()
