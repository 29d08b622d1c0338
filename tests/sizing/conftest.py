"""Candidates, invented scores and walks over them that the tests of this floor share."""

from collections.abc import Iterable
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cellsize.params import Network
from cellsize.sizing.candidate_records import Candidate, Candidates
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Plan, Walk

NETWORK = Network(
    cell="lstm", projection=0, bidirectional=False, summary="last", skip=("none", "linear"), head=("plain",)
)


def candidate(size: Size, **changes: Any) -> Candidate:
    """A step of the grid within the bound."""
    plain = {
        "layers": size.layers, "units": size.units, "parameters": 15, "recurrent": 0, "textbook": 0, "head": 5,
        "linear": 10, "multiply_adds": 0, "window_work": 0, "bytes": 60,
        "past_bound": False, "at_bound": False, "on_grid": True, "guessed": False,
    }  # fmt: skip
    return Candidate.model_validate(plain | changes)


def candidates(listed: Iterable[Candidate], ladder: Iterable[Candidate] = (), **changes: Any) -> Candidates:
    """`candidates.json` with these sizes, and these of the α procedure; 800 windows are what counts."""
    plain = {
        "counted": "windows",
        "samples": {"targets": 9000, "windows": 800, "sequences": 1, "effective": 70},
        "folds": 5,
        "counted_inputs": "step",
        "inputs": {"step": 3, "window": 40},
        "n_outputs": 2,
        "bound": {"kind": "neurons", "alpha": 2, "units": 8},
        "bounds": (),
        "network": NETWORK,
        "candidates": tuple(listed),
        "rules_of_thumb": (),
        "alpha_ladder": tuple(ladder),
    }
    return Candidates.model_validate(plain | changes)


HARD = np.array([0.3, 0.1, 0.2])


def scores(size: Size, mean: float, noise: float = 0.0, train: float = 0.0) -> Scores:
    """A size's scores on three folds; without noise every difference is certain."""
    ripple = noise * np.roll([1.0, -1.0, 0.0], size.units.bit_length())
    folds = mean + HARD + ripple
    cells = 10 * size.layers * size.units
    return Scores(size, cells, cells + 1, folds[:, None], (folds - train)[:, None], 0.25)


def table(means: dict[tuple[int, int], float], noise: float = 0.0) -> dict[Size, Scores]:
    return {Size(*size): scores(Size(*size), mean, noise) for size, mean in means.items()}


def follow(plan: Plan, truth: dict[Size, Scores]) -> list[str]:
    """Trains what is wanted, one size after another, until nothing is; gives the sizes in this order."""
    known: dict[Size, Scores] = {}
    order = []
    while (walk := plan(known)).wanted:
        size = walk.wanted[0]
        assert size not in known, "asks for what is known"
        known[size] = truth[size]
        order.append(size)
    assert list(plan(known).visited) == order
    return [str(size) for size in order]


ONE = [Size(1, units) for units in (1, 2, 4, 8, 16, 32)]
DEEP = [ZERO, *ONE, *(Size(2, units) for units in (1, 2, 4, 8, 16)), *(Size(3, units) for units in (1, 2, 4, 8))]


def trained_by_many(plan: Plan, truth: dict[Size, Scores], workers: int, random: Random) -> Walk:
    """Plays workers that take what is wanted, then what is likely, and end in any order."""
    known: dict[Size, Scores] = {}
    running: list[Size] = []
    while (walk := plan(known)).wanted:
        for size in (*walk.wanted, *walk.likely):
            if len(running) < workers and size not in running and size not in known:
                running.append(size)
        done = running.pop(random.randrange(len(running)))
        known[done] = truth[done]
    return walk


@st.composite
def truths(draw: st.DrawFn) -> dict[Size, Scores]:
    means = draw(st.lists(st.floats(0, 1), min_size=len(DEEP), max_size=len(DEEP)))
    noise = draw(st.sampled_from([0.0, 0.01, 0.3]))
    return {size: scores(size, mean, noise, train=mean / 2) for size, mean in zip(DEEP, means, strict=True)}
