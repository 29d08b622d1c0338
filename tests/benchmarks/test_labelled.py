"""Labelled sequences whose law is known: what is drawn from a seed, and what can be known of it."""

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks import labelled
from benchmarks.labelled import KNOWN, LONGEST, MAKERS, SHORTEST, WRONG
from benchmarks.problems import Problem, Sample
from cellsize.data.classify import Classify
from cellsize.data.sequences import Sequences

ALL = pytest.mark.parametrize("name", list(MAKERS))


def of(sample: Sample) -> Sequences:
    assert isinstance(sample.samples, Sequences)
    return sample.samples


def development(problem: Problem) -> Sequences:
    assert isinstance(problem.work.samples, Sequences)
    return problem.work.samples


def steps_of(sequences: Sequences) -> list[npt.NDArray[np.float32]]:
    """The steps of each sequence, shape (its steps, features)."""
    return np.split(sequences.inputs, np.cumsum(sequences.length)[:-1])


def named(sample: Sample) -> npt.NDArray[np.int64]:
    """The class that the law says, before any label is made wrong."""
    found: npt.NDArray[np.int64] = sample.expected[:, 0].argmax(axis=1)
    return found


@ALL
def test_a_problem_is_made_from_its_seed_alone_and_fresh_sequences_are_others(name: str) -> None:
    first, again, other = MAKERS[name](3), MAKERS[name](3), MAKERS[name](4)
    for key in ("inputs", "length", "target"):
        of_first = getattr(first.work.samples, key)
        np.testing.assert_array_equal(of_first, getattr(again.work.samples, key))
        np.testing.assert_array_equal(getattr(first.fresh(300).samples, key), getattr(again.fresh(300).samples, key))
        assert not np.array_equal(of_first, getattr(other.work.samples, key))
        assert not np.array_equal(of_first[:600], getattr(first.fresh(600).samples, key)[:600])
    assert first.name == name


@ALL
def test_sequences_are_of_unequal_length_and_every_class_is_in_every_fold(name: str) -> None:
    problem = MAKERS[name](3)
    sequences = development(problem)
    assert (sequences.length.min(), sequences.length.max()) == (SHORTEST, LONGEST)
    assert problem.work.folds.labels.shape == (5, labelled.COUNT)
    for fold in problem.work.folds.all():
        assert len(np.unique(sequences.target[fold.train])) == len(sequences.classes)


@ALL
def test_the_bayes_risk_is_positive_and_is_the_log_loss_of_who_knows_the_probabilities(name: str) -> None:
    problem = MAKERS[name](3)
    sample = problem.fresh(20_000)
    classes = Classify(sample.expected.shape[2])
    drawn = classes.error_sum(np.log(sample.expected), classes.target(of(sample).target), np.ones((1, 1, 1)))
    assert float(drawn) / 20_000 == pytest.approx(problem.noise, rel=0.05)
    assert problem.noise > 0.1


@ALL
def test_a_label_is_drawn_with_its_probability(name: str) -> None:
    sample = MAKERS[name](3).fresh(20_000)
    frequencies = np.bincount(of(sample).target) / 20_000
    np.testing.assert_allclose(frequencies, sample.expected.mean(axis=(0, 1)), atol=0.015)


def test_every_problem_says_what_is_known_of_its_size() -> None:
    assert set(KNOWN) == set(MAKERS)


@pytest.mark.parametrize("states", [2, 4, 8, 16])
def test_an_automaton_reaches_every_state_and_forgets_with_one_symbol_alone(states: int) -> None:
    moves = labelled.automaton_moves(np.random.default_rng(states), states)
    state, reached = 0, set()
    for _ in range(states):
        state = int(moves[0, state])
        reached.add(state)
    assert reached == set(range(states))
    assert len(np.unique(moves[1])) < states
    np.testing.assert_array_equal(moves[2], np.arange(states))


def test_an_automaton_ends_where_its_symbols_lead_and_padding_moves_nothing() -> None:
    moves = np.array([[1, 2, 0], [0, 0, 2], [0, 1, 2]])
    symbols = np.array([[0, 0, 1], [0, 1, 0], [0, 2, 0], [0, 0, 0]])
    np.testing.assert_array_equal(labelled.final_states(moves, symbols, np.array([3, 3, 3, 2])), [2, 1, 2, 2])


@pytest.mark.parametrize("states", [4, 16])
def test_the_label_of_an_automaton_is_its_last_state_most_of_the_time(states: int) -> None:
    problem = MAKERS[f"automaton-{states}"](5)
    sample = problem.fresh(5000)
    moves = labelled.automaton_moves(np.random.default_rng([5, 0]), states)
    for steps, label in zip(steps_of(of(sample))[:200], named(sample)[:200], strict=True):
        state = 0
        for symbol in steps.argmax(axis=1):
            state = moves[symbol, state]
        assert state == label
    right = (of(sample).target == named(sample)).mean()
    assert right == pytest.approx(1 - WRONG + WRONG / states, abs=0.02)


@pytest.mark.parametrize("bits", [2, 4])
def test_a_parity_is_that_of_the_marked_bits_and_all_are_marked_where_steps_are_few(bits: int) -> None:
    sample = MAKERS[f"odd-{bits}"](5).fresh(400)
    for steps, label in zip(steps_of(of(sample)), named(sample), strict=True):
        assert steps[:, 1].sum() == min(bits, len(steps))
        assert (steps[:, 0] * steps[:, 1]).sum() % 2 == label


def test_a_count_goes_round() -> None:
    sample = MAKERS["count-modulo-3"](5).fresh(400)
    for steps, label in zip(steps_of(of(sample)), named(sample), strict=True):
        assert steps[:, 1].sum() % 3 == label


def test_who_was_never_behind_had_no_more_of_the_second_symbol_at_any_step() -> None:
    sample = MAKERS["never-behind"](5).fresh(400)
    for steps, label in zip(steps_of(of(sample)), named(sample), strict=True):
        assert (np.cumsum(steps[:, 0] - steps[:, 1]) < 0).any() == label


def test_where_cells_are_not_needed_the_log_odds_are_linear_in_the_mean_of_each_symbol() -> None:
    sample = MAKERS["more-often"](5).fresh(400)
    means = np.array([steps.mean(axis=0) for steps in steps_of(of(sample))])
    odds = np.log(sample.expected[:, 0]) - np.log(sample.expected[:, 0, :1])
    np.testing.assert_allclose(odds, 4 * (means - means[:, :1]), atol=1e-5)
