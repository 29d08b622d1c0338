"""Which epoch is kept: scores of pieces worked out by hand."""

import numpy as np
import pytest

from cellsize.training.early_stopping import PIECES, early_stopping_scores, no_worse, pieces


def test_the_pieces_of_a_stop_part_are_all_of_it_in_order() -> None:
    stop = np.arange(100, 112)
    made = pieces(stop)
    assert len(made) == PIECES
    np.testing.assert_array_equal(np.concatenate(made), stop)
    assert {len(piece) for piece in made} == {2, 3}


def test_a_stop_part_of_few_windows_has_one_piece_for_each() -> None:
    assert [len(piece) for piece in pieces(np.arange(3))] == [1, 1, 1]


def test_the_score_is_the_mean_over_all_windows_and_each_piece_has_its_own() -> None:
    # Six windows are pieces of 2, 1, 1, 1 and 1, with three outputs each.
    score, each = early_stopping_scores([12.0, 3.0, 6.0, 9.0, 0.0], np.arange(6), 3)
    assert score == pytest.approx(30 / 18)
    assert each == pytest.approx((2.0, 1.0, 2.0, 3.0, 0.0))


def test_what_no_piece_was_there_for_is_left_out() -> None:
    score, each = early_stopping_scores([2.0, 4.0, 0.0, 0.0, 0.0], np.arange(2), 1)
    assert (score, each) == (3.0, (2.0, 4.0))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        # Differences 0, 0.1, 0.2, 0.3, 0.4: mean 0.2, deviation 0.1581, error 0.0707; 2.83 errors.
        ((1.0, 1.1, 1.2, 1.3, 1.4), False),
        # -0.2, 0, 0.1, 0.2, 0.4: mean 0.1, deviation 0.2236, error 0.1; exactly one.
        ((0.8, 1.0, 1.1, 1.2, 1.4), True),
        # Worse by the same on every piece: no chance in it.
        ((1.1, 1.1, 1.1, 1.1, 1.1), False),
        ((1.0, 1.0, 1.0, 1.0, 1.0), True),
        ((0.9, 0.9, 0.9, 0.9, 0.9), True),
    ],
)
def test_an_epoch_is_worse_if_its_pieces_say_so_by_more_than_two_errors(
    scores: tuple[float, ...], expected: bool
) -> None:
    assert no_worse(scores, (1.0,) * 5) is expected


def test_of_one_piece_only_the_sign_counts() -> None:
    assert no_worse((1.0,), (1.0,))
    assert not no_worse((1.1,), (1.0,))
