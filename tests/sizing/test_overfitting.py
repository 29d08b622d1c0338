"""The α procedure on invented scores."""

from dataclasses import replace

import numpy as np
import pytest

from cellsize.sizing.overfitting import finding, overfits, walk, wider_gap
from cellsize.sizing.scores import Scores, paired, with_seeds
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Walk
from tests.sizing.conftest import HARD, follow, scores

LADDER = [Size(1, units) for units in (24, 16, 12, 8, 8, 6)]


def overfitting(*sizes: int, linear: float = 0.0) -> dict[Size, Scores]:
    """Sizes with these units have a gap wider by 0.2 than the ridge-linear model's."""
    wide = linear + 0.2
    return {size: scores(size, 0.5, train=wide if size.units in sizes else linear) for size in (ZERO, *LADDER)}


@pytest.mark.parametrize(
    ("overfit", "expected"),
    [
        ((), ["0x0", "1x24"]),
        ((24,), ["0x0", "1x24", "1x16"]),
        ((24, 16, 12), ["0x0", "1x24", "1x16", "1x12", "1x8"]),
        ((24, 12), ["0x0", "1x24", "1x16"]),
        ((24, 16, 12, 8, 6), ["0x0", "1x24", "1x16", "1x12", "1x8", "1x6"]),
    ],
)
def test_alpha_takes_fewer_units_as_long_as_the_network_overfits(overfit: tuple[int, ...], expected: list[str]) -> None:
    for linear in (0.0, 0.3, -0.3):  # a gap that the ridge-linear model has too is the blocks', not the network's
        truth = overfitting(*overfit, linear=linear)
        assert follow(lambda known: walk(LADDER, known), truth) == expected


# Validation blocks of a series: one is easier than the training part for every model, another much harder.
BLOCKS = np.array([-0.11, 0.02, 0.29, 0.05, 0.10])


def on_blocks(size: Size, *wider: float) -> Scores:
    """A gap that is the blocks' own, wider by so much on each fold."""
    folds = np.full(5, 0.4)
    return Scores(
        size, 10 * size.units, 10 * size.units + 1, folds[:, None], (folds - BLOCKS - np.array(wider))[:, None], 0.25
    )


def test_alpha_sees_overfitting_that_is_small_beside_the_difference_of_the_blocks() -> None:
    # Unpaired the gap of 1x24 is 0.10 with a standard error of 0.0984. Paired it is 0.03 with one of 0.0036.
    linear = on_blocks(ZERO, *[0.0] * 5)
    large, small = on_blocks(LADDER[0], 0.03, 0.032, 0.025, 0.028, 0.035), on_blocks(LADDER[1], *[0.0] * 5)
    unpaired = paired(large.folds, large.train_folds, large.test_ratio)
    assert unpaired.mean < 2 * unpaired.standard_error
    wider = wider_gap(large, linear)
    assert wider.mean == pytest.approx(0.03)
    assert wider.standard_error == pytest.approx(np.sqrt((1 / 5 + 0.25) * 14.5e-6))
    assert overfits(large, linear)
    truth = {ZERO: linear, LADDER[0]: large, LADDER[1]: small}
    assert follow(lambda known: walk(LADDER, known), truth) == ["0x0", "1x24", "1x16"]


def test_alpha_does_not_take_noise_for_overfitting() -> None:
    # Wider by 0.1 on average, with twice its corrected standard error above that: 0.15.
    gap, folds = np.array([0.0, 0.1, 0.2]), np.array([0.5, 0.5, 0.5])
    noisy = Scores(LADDER[0], 100, 100, folds[:, None], (folds - gap)[:, None], 0.25)
    assert 2 * np.sqrt((1 / 3 + 0.25) * gap.var(ddof=1)) > gap.mean()
    ended = walk(LADDER, {ZERO: Scores(ZERO, 0, 10, folds[:, None], folds[:, None], 0.25), LADDER[0]: noisy})
    assert ended == Walk((ZERO, LADDER[0]), ())


def test_zero_cells_that_overfit_do_not_end_alpha() -> None:
    for train in (0.0, 0.4):
        known = {ZERO: scores(ZERO, 0.5, train=train)}
        assert walk(LADDER, known).wanted == (LADDER[0],)


def with_gaps(size: Size, *gaps: float) -> Scores:
    """Validation above training by so much on each fold."""
    return Scores(size, 10, 10, HARD[:, None], (HARD - np.array(gaps or (0.0, 0.0, 0.0)))[:, None], 0.25)


def test_alpha_says_at_which_size_overfitting_ended() -> None:
    ladder = [Size(1, 16), Size(1, 8), Size(1, 4)]
    tried = {
        ZERO: with_gaps(ZERO),
        Size(1, 16): with_gaps(Size(1, 16), 0.2, 0.2, 0.2),
        # Mean 0.02, variance 0.0003, standard error √((1/3 + 1/4) · 0.0003) = 0.0132: not more than two of them.
        Size(1, 8): with_gaps(Size(1, 8), 0.0, 0.03, 0.03),
        # Trained as a guess: the procedure had ended before.
        Size(1, 4): with_gaps(Size(1, 4)),
    }
    assert finding(tried, ladder) == (
        "The α procedure went from 16 to 8 memory cells. With 8 the gap between training and validation error is "
        "0.020 wider than the ridge-linear model's on the same folds, with a standard error of 0.013: no significant "
        "overfitting."
    )


def test_alpha_says_so_if_the_smallest_size_still_overfits() -> None:
    tried = {ZERO: with_gaps(ZERO), Size(1, 16): with_gaps(Size(1, 16), 0.2, 0.2, 0.2)}
    sentence = finding(tried, [Size(1, 16)])
    assert sentence.startswith("The α procedure began and ended with 16 memory cells. With 16 the gap between ")
    assert sentence.endswith("it still overfits there, at the largest α.")


def test_a_gap_narrower_than_that_of_the_ridge_linear_model_is_no_overfitting() -> None:
    tried = {ZERO: with_gaps(ZERO), Size(1, 16): with_gaps(Size(1, 16), -0.2, -0.2, -0.2)}
    sentence = finding(tried, [Size(1, 16), Size(1, 8)])
    assert "is 0.200000 narrower than the ridge-linear model's" in sentence
    assert sentence.endswith("no significant overfitting.")


def test_seeds_that_are_added_have_no_say_in_the_walk() -> None:
    # The first seed overfits by 0.2, the second one, which was added, by nothing.
    first = scores(LADDER[0], 0.5, train=0.2)
    both = replace(first, trainings=np.tile(first.trainings, 2), train=np.hstack([first.train, first.trainings]))
    assert overfits(with_seeds(both, 1), scores(ZERO, 0.5))
    assert with_seeds(both, 1).train_folds.tolist() == first.train_folds.tolist()
