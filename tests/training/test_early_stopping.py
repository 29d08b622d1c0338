"""Which epoch is kept: scores of pieces worked out by hand."""

import numpy as np
import pytest

from cellsize.data.forecast import Forecast
from cellsize.training.early_stopping import PIECES, early_stopping_scores, is_kept, no_worse, pieces


def test_the_pieces_of_an_early_stopping_set_are_all_of_it_in_order() -> None:
    windows = np.arange(100, 112)
    parts = pieces(windows)
    assert len(parts) == PIECES
    np.testing.assert_array_equal(np.concatenate(parts), windows)
    assert {len(piece) for piece in parts} == {2, 3}


def test_a_set_of_few_windows_has_one_piece_for_each() -> None:
    assert [len(piece) for piece in pieces(np.arange(3))] == [1, 1, 1]


def test_the_score_is_the_mean_over_all_windows_and_each_piece_has_its_own() -> None:
    # Six windows are pieces of 2, 1, 1, 1 and 1, with three outputs each.
    score, each = early_stopping_scores([12.0, 3.0, 6.0, 9.0, 0.0], np.arange(6), Forecast(1, 3, 1))
    assert score == pytest.approx(30 / 18)
    assert each == pytest.approx((2.0, 1.0, 2.0, 3.0, 0.0))


def test_sums_without_a_piece_are_left_out() -> None:
    score, each = early_stopping_scores([2.0, 4.0, 0.0, 0.0, 0.0], np.arange(2), Forecast(1, 1, 1))
    assert (score, each) == (3.0, (2.0, 4.0))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        # Differences 0, 0.1, 0.2, 0.3, 0.4: mean 0.2, standard deviation 0.1581, standard error 0.0707: 2.83 of these.
        ((1.0, 1.1, 1.2, 1.3, 1.4), False),
        # -0.2, 0, 0.1, 0.2, 0.4: mean 0.1, standard deviation 0.2236, standard error 0.1: exactly one.
        ((0.8, 1.0, 1.1, 1.2, 1.4), True),
        # Worse by the same on every piece: no chance in it.
        ((1.1, 1.1, 1.1, 1.1, 1.1), False),
        ((1.0, 1.0, 1.0, 1.0, 1.0), True),
        ((0.9, 0.9, 0.9, 0.9, 0.9), True),
    ],
)
def test_an_epoch_is_worse_if_its_pieces_are_by_more_than_two_standard_errors(
    scores: tuple[float, ...], expected: bool
) -> None:
    assert no_worse(scores, (1.0,) * 5) is expected


def test_of_one_piece_only_the_sign_counts() -> None:
    assert no_worse((1.0,), (1.0,))
    assert not no_worse((1.1,), (1.0,))


@pytest.mark.parametrize(
    ("score", "each", "expected"),
    [
        (0.4, (0.3, 0.5), True),  # better than the best
        (0.5, (0.4, 0.6), True),  # as good as the best
        (0.6, (0.5, 0.7), False),  # worse by the same on every piece
        (0.6, (0.4, 0.8), True),  # worse, but not significantly
        (0.9, (0.3, 1.5), False),  # not significantly worse than the best, but no better than no training at all
    ],
)
def test_an_epoch_is_kept_if_it_is_better_than_none_and_not_significantly_worse_than_the_best(
    score: float, each: tuple[float, ...], expected: bool
) -> None:
    assert is_kept(score, each, best=0.5, best_each=(0.4, 0.6), start=0.8) is expected


def test_the_first_epoch_is_kept_only_if_it_is_better_than_no_training() -> None:
    assert is_kept(0.7, (0.7, 0.7), best=0.8, best_each=(), start=0.8)
    assert not is_kept(0.8, (0.8, 0.8), best=0.8, best_each=(), start=0.8)
