"""The paired comparison: exact toys, and how often it is wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.gate import false_moves
from cellsize.evaluation.paired import level, paired

BLOCKS = np.repeat(np.arange(20), 5)


def losses(*means: float, spread: float = 0.0, seed: int = 0) -> np.ndarray:
    """Losses of some networks on the windows of `BLOCKS`, all networks with the same ups and downs."""
    ups = spread * np.random.default_rng(seed).standard_normal(BLOCKS.size)
    return np.array(means)[:, None] + ups


@pytest.mark.parametrize(
    ("challenger", "better", "not_worse"),
    [(0.9, 1.0, 1.0), (0.98, 0.0, 1.0), (1.0, 0.0, 1.0), (1.04, 0.0, 1.0), (1.06, 0.0, 0.0)],
)
def test_a_difference_that_is_the_same_in_each_block_is_certain(
    challenger: float, better: float, not_worse: float
) -> None:
    # Ups and downs that both have in common tell nothing: the comparison is paired.
    result = paired(losses(challenger, spread=0.3), losses(1.0, spread=0.3), BLOCKS, margin=5.0)
    assert (result.better, result.not_worse, result.blocks) == (better, not_worse, 20)
    assert result.challenger == pytest.approx(challenger - 1.0 + result.champion)


def test_what_the_blocks_leave_open_is_a_probability_near_one_half() -> None:
    ups = np.random.default_rng(1).standard_normal(20)
    result = paired(losses(1.0) + (ups - ups.mean())[BLOCKS], losses(1.0), BLOCKS, margin=0.0)
    assert 0.45 < result.better < 0.55


def test_twins_that_differ_make_a_certain_difference_uncertain() -> None:
    # The blocks alone are certain of 3 %; the twins' means have a standard error of 2.9 %, with two degrees of freedom.
    sure = paired(losses(0.97, 0.97, 0.97), losses(1.0), BLOCKS, margin=1.0)
    unsure = paired(losses(0.92, 0.97, 1.02), losses(1.0), BLOCKS, margin=1.0)
    assert sure.better == 1.0
    assert unsure.better == pytest.approx(0.72, abs=0.03)  # P(t₂ < 0.02 / 0.0289)
    assert unsure.challenger == pytest.approx(sure.challenger)
    # Twins of the champion are a draw too.
    both = paired(losses(0.92, 0.97, 1.02), losses(0.95, 1.0, 1.05), BLOCKS, margin=1.0)
    assert both.better < unsure.better


def test_the_same_losses_give_the_same_probabilities() -> None:
    random = np.random.default_rng(3)
    ours, theirs = random.random((3, 100)), random.random((1, 100))
    assert paired(ours, theirs, BLOCKS, 1.0) == paired(ours, theirs, BLOCKS, 1.0)


@given(st.integers(0, 10_000), st.floats(0, 20), st.integers(1, 3))
def test_to_be_better_is_harder_than_to_be_not_worse(seed: int, margin: float, networks: int) -> None:
    random = np.random.default_rng(seed)
    result = paired(random.random((3, 100)), random.random((networks, 100)), BLOCKS, margin)
    assert 0 <= result.better <= result.not_worse <= 1


def test_what_may_go_wrong_adds_up_however_often_somebody_looks() -> None:
    assert level(0.9, 1) == pytest.approx(0.95)
    assert level(0.9, 2) == pytest.approx(1 - 0.1 / 6)
    spent = [1 - level(0.9, look) for look in range(1, 1000)]
    assert spent == sorted(spent, reverse=True)
    assert sum(spent) == pytest.approx(0.1, rel=2e-3)
    assert sum(spent) < 0.1


def test_ten_looks_at_equal_models_seldom_move_the_champion() -> None:
    # The whole simulation, 1,000 series in each of several cases, is `make bench-gate`.
    assert false_moves(series=40, looks=10, blocks=30, correlation=0.3, seeds=0.013, seed=5) <= 4
