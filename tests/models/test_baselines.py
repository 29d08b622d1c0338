"""What the network has to beat; its scores are held by the end-to-end tests."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.batches import fit_scaling
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.models import baselines, ridge_linear
from cellsize.params import Baseline
from cellsize.training.records import Work

MakeWork = Callable[..., Work]
Make = Callable[..., Windows]


def section(**changes: object) -> Baseline:
    plain = {"season": 3, "penalties": [1.0, 100.0], "classical": "AutoETS", "origins": 4, "history": 240}
    return Baseline.model_validate(plain | changes)


def test_the_ridge_penalty_is_the_one_that_most_folds_choose(make_work: MakeWork) -> None:
    work = make_work(split={"folds": 3})
    chosen = [
        ridge_linear.fit_chosen(work.windows, fit_scaling(work.windows, fold.train), fold, work.penalties).penalty
        for fold in work.folds.all()
    ]
    expected = max(sorted(work.penalties), key=chosen.count)
    assert baselines.ridge_penalty(work.windows, work.folds, work.penalties) == expected
    assert expected > 0


def test_origins_are_spread_evenly_over_the_windows(make_windows: Make) -> None:
    made = make_windows(np.sin(np.arange(40)), lookback=8)
    assert baselines.origins(made, section(), np.arange(7, 17), 4).tolist() == [7, 10, 13, 16]
    assert baselines.origins(made, section(), np.arange(3), 4).tolist() == [0, 1, 2]


def test_an_origin_too_near_its_series_begin_is_no_origin_of_a_classical_model(make_windows: Make) -> None:
    made = make_windows(np.sin(np.arange(40)), lookback=3)
    few = baselines.origins(made, section(), np.arange(36), 100)
    assert few[0] == baselines.SHORTEST - 3
    found = baselines.classical(made, fit_scaling(made, np.arange(10)), section(), few[:2])
    assert np.isfinite(found).all()


def test_no_history_at_all_for_a_classical_model_is_said_in_one_line(make_windows: Make) -> None:
    made = make_windows(np.sin(np.arange(40)), lookback=3)
    with pytest.raises(
        InputError, match=r"^baseline.classical: AutoETS needs 7 steps of history, and no window has them"
    ):
        baselines.origins(made, section(history=5), np.arange(36), 4)
