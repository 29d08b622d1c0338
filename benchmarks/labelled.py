"""Labelled sequences whose law is known: automata, parity, counting; see `problems.py`.

A label is what the law says with probability 1 − `WRONG`, else any class, each as likely. So the Bayes risk is known
and positive, and no network gains by being surer than that. Sequences are of unequal length: the short ones are learnt
first, and show what the long ones are made of.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks import problems, true_error
from benchmarks.problems import DEVELOPMENT, FRESH, LAW, NEW, SHORT, Problem, Sample, Values
from cellsize.data import stratified
from cellsize.data.sequences import Sequences
from cellsize.training.records import Work

WRONG = 0.1
COUNT = 4000
SHORTEST, LONGEST = 2, 12
SYMBOLS = 3  # of an automaton: one that moves every state on, one that merges states, one that changes nothing

Codes = npt.NDArray[np.int64]
# From a generator and the number of sequences: steps (n, longest, features), lengths (n,), probabilities (n, classes).
Draw = Callable[[np.random.Generator, int], tuple[Values, Codes, Values]]


def automaton(seed: int, states: int) -> Problem:
    """The state that a deterministic automaton ends in; more states need more memory.

    The first symbol moves each state on along a cycle through all of them. The second is a random map that merges
    states, so that what came before is partly forgotten. The third changes nothing. A symbol is drawn at each step,
    each as likely; the automaton begins in state 0.
    """
    law = np.random.default_rng([seed, LAW])
    moves = automaton_moves(law, states)

    def draw(generator: np.random.Generator, count: int) -> tuple[Values, Codes, Values]:
        symbols, length = generator.integers(SYMBOLS, size=(count, LONGEST)), _lengths(generator, count)
        return np.eye(SYMBOLS)[symbols], length, with_wrong_labels(final_states(moves, symbols, length), states)

    return _problem(f"automaton-{states}", seed, draw, (*SHORT, 32) if states > 4 else SHORT)


def automaton_moves(law: np.random.Generator, states: int) -> Codes:
    """The next state for each symbol and state, shape (SYMBOLS, states)."""
    cycle = law.permutation(states)
    moves = np.empty((SYMBOLS, states), np.int64)
    moves[0, cycle] = np.roll(cycle, -1)
    moves[1] = law.integers(states, size=states)
    while len(np.unique(moves[1])) == states:  # it would forget nothing
        moves[1] = law.integers(states, size=states)
    moves[2] = np.arange(states)
    return moves


def final_states(moves: Codes, symbols: Codes, length: Codes) -> Codes:
    """Where an automaton that begins in state 0 ends, shape (n,).

    Args:
        moves: See `automaton_moves`.
        symbols: Shape (n, steps).
        length: Steps that count, shape (n,).
    """
    state = np.zeros(len(symbols), np.int64)
    for step in range(symbols.shape[1]):
        state = np.where(step < length, moves[symbols[:, step], state], state)
    return state


def parity(seed: int, bits: int) -> Problem:
    """Whether an odd number of the marked bits is 1; so many steps are marked, or all of a shorter sequence.

    A bit and a mark come at each step. Of the full number of marked bits every proper subset says nothing. One bit that
    is turned over at each marked 1 is all the memory that is needed, and few trainings find that out.
    """

    def draw(generator: np.random.Generator, count: int) -> tuple[Values, Codes, Values]:
        ones, length = generator.integers(2, size=(count, LONGEST)), _lengths(generator, count)
        order = np.argsort(np.where(np.arange(LONGEST) < length[:, None], generator.random(ones.shape), 2.0), axis=1)
        marks = np.zeros(ones.shape, np.int64)
        np.put_along_axis(marks, order[:, :bits], 1, axis=1)
        marks *= np.arange(LONGEST) < length[:, None]
        odd = np.asarray((ones * marks).sum(axis=1) % 2)
        return np.stack([ones, marks], axis=2).astype(np.float64), length, with_wrong_labels(odd, 2)

    return _problem(f"odd-{bits}", seed, draw, SHORT)


def more_often(seed: int) -> Problem:
    """Which of three symbols comes how often: probabilities that are linear in the mean of each, so no memory cells."""

    def draw(generator: np.random.Generator, count: int) -> tuple[Values, Codes, Values]:
        steps, length = np.eye(3)[generator.integers(3, size=(count, LONGEST))], _lengths(generator, count)
        there = np.arange(LONGEST) < length[:, None]
        odds = np.exp(4 * (steps * there[:, :, None]).sum(axis=1) / length[:, None])
        return steps, length, odds / odds.sum(axis=1, keepdims=True)

    return _problem("more-often", seed, draw, SHORT, unlike=True)


def never_behind(seed: int) -> Problem:
    """Whether the second of two symbols was never ahead of the first: a count that is held against 0 at each step.

    How often each came is in the summaries of the linear model; in which order is not.
    """

    def draw(generator: np.random.Generator, count: int) -> tuple[Values, Codes, Values]:
        symbols, length = generator.integers(2, size=(count, LONGEST)), _lengths(generator, count)
        ahead = np.cumsum(np.where(symbols == 0, 1, -1), axis=1)
        behind = ((ahead < 0) & (np.arange(LONGEST) < length[:, None])).any(axis=1).astype(np.int64)
        return np.eye(2)[symbols], length, with_wrong_labels(behind, 2)

    return _problem("never-behind", seed, draw, SHORT)


def modulo(seed: int, divisor: int) -> Problem:
    """How often one of two symbols came, modulo a number: an automaton that goes round in a circle."""

    def draw(generator: np.random.Generator, count: int) -> tuple[Values, Codes, Values]:
        symbols, length = generator.integers(2, size=(count, LONGEST)), _lengths(generator, count)
        times = (symbols * (np.arange(LONGEST) < length[:, None])).sum(axis=1)
        return np.eye(2)[symbols], length, with_wrong_labels(np.asarray(times % divisor), divisor)

    return _problem(f"count-modulo-{divisor}", seed, draw, SHORT)


MAKERS: dict[str, Callable[[int], Problem]] = {
    **{f"automaton-{states}": partial(automaton, states=states) for states in (2, 4, 8, 16)},
    **{f"odd-{bits}": partial(parity, bits=bits) for bits in (2, 4)},
    "count-modulo-3": partial(modulo, divisor=3),
    "never-behind": never_behind,
    "more-often": more_often,
}

KNOWN = {
    **{f"automaton-{k}": f"memory of {k} states; no linear model of the summaries" for k in (2, 4, 8, 16)},
    **{f"odd-{bits}": "memory of one bit that is turned over; no linear model of the summaries" for bits in (2, 4)},
    "count-modulo-3": "memory of three states that go round; no linear model of the summaries",
    "never-behind": "a count and whether it was below 0; no linear model of the summaries",
    "more-often": "linear in the summaries: no memory cells",
}


def with_wrong_labels(codes: Codes, classes: int) -> Values:
    """The probability of each class, shape (n, classes), where the law names one: see above."""
    return (1 - WRONG) * np.eye(classes)[codes] + WRONG / classes


def _lengths(generator: np.random.Generator, count: int) -> Codes:
    return generator.integers(SHORTEST, LONGEST + 1, size=count)


def _problem(name: str, seed: int, draw: Draw, units: tuple[int, ...], unlike: bool = False) -> Problem:
    """A problem with the shipped network, training and MLPs; see `problems._problem`.

    Args:
        name: What it is called.
        seed: Of all that is drawn, and of the training.
        draw: Draws so many sequences.
        units: Units of the grid.
        unlike: Whether the Bayes risk of one sequence is not that of another.
    """
    settings = problems.shipped()
    development = _sample(draw, np.random.default_rng([seed, DEVELOPMENT]), COUNT)
    sequences = development.samples
    assert isinstance(sequences, Sequences)

    def fresh(values: int = FRESH) -> Sample:
        return _sample(draw, np.random.default_rng([seed, NEW]), values)

    work = Work(
        samples=sequences,
        folds=stratified.split(sequences, problems.how_to_split("stratified")),
        network=settings.propose.network,
        training=problems.training(),
        penalties=settings.baseline.penalties,
        seed=seed,
        metric="log_loss",
    )
    noise = true_error.entropy(fresh(FRESH if unlike else 1).expected)
    return Problem(name, work, units, layers=1, noise=noise, fresh=fresh, mlp_units=settings.propose.mlp_units)


def _sample(draw: Draw, generator: np.random.Generator, count: int) -> Sample:
    steps, length, probabilities = draw(generator, count)
    target = (generator.random(count)[:, None] > np.cumsum(probabilities, axis=1)[:, :-1]).sum(axis=1)
    there = np.arange(steps.shape[1]) < length[:, None]
    return Sample(
        Sequences(
            inputs=steps[there].astype(np.float32),
            offset=np.zeros(steps.shape[2]),
            first=np.cumsum(length) - length,
            length=length,
            target=target,
            group=np.arange(count),
            held_out=np.empty(0, np.bool_),
            names=tuple(map(str, range(count))),
            features=tuple(f"feature_{number}" for number in range(steps.shape[2])),
            classes=tuple(map(str, range(probabilities.shape[1]))),
            longest=steps.shape[1],
        ),
        probabilities[:, None],
    )
