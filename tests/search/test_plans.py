"""From the name of a procedure to its walk, and from its results to tables."""

import csv
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.params import Search
from cellsize.search import plans
from cellsize.sizing import procedures
from cellsize.sizing.procedures import Plan
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Epoch, Result, Row

MakeSearch = Callable[..., Search]

GRID = [ZERO, *(Size(1, units) for units in (1, 2, 4, 8, 16)), *(Size(2, units) for units in (1, 2, 4))]
# Between the steps of the grid, past it, and deeper than it; each of them the best of all in MEANS.
GUESSED = [Size(1, 3), Size(1, 50), Size(3, 2)]
LADDER = [Size(1, units) for units in (24, 12, 8, 4)]
# One layer helps up to 4 units; two layers never do. All sizes of the ladder overfit but 1x8 (see `scores`).
MEANS = {
    "0x0": 0.9, "1x1": 0.8, "1x2": 0.7, "1x4": 0.6, "1x8": 0.6, "1x16": 0.6, "2x1": 0.8, "2x2": 0.8, "2x4": 0.8,
    "1x3": 0.1, "1x50": 0.1, "3x2": 0.1, "1x24": 0.6, "1x12": 0.6,
}  # fmt: skip


def dear(size: Size) -> float:
    return 10.0 * size.layers * size.units**2


def content(guessed: list[Size] = GUESSED) -> dict[str, Any]:
    """What a plan reads of `candidates.json`."""

    def line(size: Size) -> dict[str, Any]:
        named = {"layers": size.layers, "units": size.units, "multiply_adds": dear(size)}
        return {**named, "on_grid": size in GRID, "guessed": size in guessed}

    return {
        "candidates": [line(size) for size in sorted({*GRID, *guessed})],
        "alpha_ladder": [line(size) for size in LADDER],
    }


def scores(size: Size, mean: float) -> Scores:
    """Three folds without noise; the training error is far below it but for 8 units."""
    folds = mean + np.array([0.3, 0.1, 0.2])
    return Scores(size, 10 * size.layers * size.units + 1, folds, folds - (size.units != 8) * 0.2, 0.25)


TRUTH = {Size(*map(int, name.split("x"))): scores(Size(*map(int, name.split("x"))), one) for name, one in MEANS.items()}


def follow(plan: Plan, truth: dict[Size, Scores]) -> list[Size]:
    """Trains what is most wanted, one size after another, until nothing is."""
    known: dict[Size, Scores] = {}
    while (walk := plan(known)).wanted:
        assert walk.wanted[0] not in known
        known[walk.wanted[0]] = truth[walk.wanted[0]]
    return list(known)


def names(found: list[Size]) -> list[str]:
    return [str(size) for size in found]


@pytest.fixture(scope="session")
def make_search(params_content: Callable[[], dict[str, Any]]) -> MakeSearch:
    """The section `search`: as much patience as one size, and no limit but the grid."""
    plain = params_content()["search"] | {"patience": 1, "minimum_units": 1, "cost_limit": 99.0}
    return lambda procedure, **changes: Search.model_validate(plain | {"procedure": procedure} | changes)


# --- which walk -----------------------------------------------------------------------------------------------------

CLIMBED = ["0x0", "1x1", "1x2", "1x4", "1x8", "2x1"]
# A layer's overhead counts as 2,000: 1x16 costs 10 · 16² + 2,000 = 4,560, 2x4 10 · 2 · 4² + 4,000 = 4,320, 2x1 4,020.
DEAREST_FIRST = ["1x16", "2x4", "2x2", "2x1", "1x8", "1x4", "1x2", "1x1", "0x0"]


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("climb", CLIMBED),
        ("grid", DEAREST_FIRST),
        ("alpha", ["0x0", "1x24", "1x12", "1x8"]),
    ],
)
def test_each_procedure_walks_as_its_name_says(make_search: MakeSearch, procedure: str, expected: list[str]) -> None:
    assert names(follow(plans.plan(content([]), make_search(procedure)), TRUTH)) == expected


def test_random_trains_a_drawn_part_of_the_grid_dearest_first(make_search: MakeSearch) -> None:
    drawn = [procedures.sample(GRID, 3, seed) for seed in range(6)]
    assert len({tuple(one) for one in drawn}) > 1
    for seed, expected in enumerate(drawn):
        found = follow(plans.plan(content(), make_search("random", sample=3, seed=seed)), TRUTH)
        assert len(expected) == 4
        assert names(found[:4]) == [name for name in DEAREST_FIRST if name in names(expected)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"patience": 2}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1", "2x2"]),
        ({"minimum_units": 16}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1"]),
        ({"patience": 9}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1", "2x2", "2x4"]),
    ],
    ids=str,
)
def test_the_climb_reads_its_patience_and_its_reach(
    make_search: MakeSearch, changes: dict[str, Any], expected: list[str]
) -> None:
    assert names(follow(plans.plan(content([]), make_search("climb", **changes)), TRUTH)) == expected


def test_the_climb_leaves_out_what_costs_too_much_and_the_others_do_not(make_search: MakeSearch) -> None:
    # Costs a hundred times as high: 1x1 has 1,000 + 2,000, 1x2 has 4,000 + 2,000 and 1x4 has 16,000 + 2,000. With
    # effort 0.5 after 1x1: 5,000 + 1,500; after 1x2: 5,000 + 0.5 · 9,000. 2x1, at 2,000 + 4,000, is within it again.
    made = content()
    for one in made["candidates"]:
        one["multiply_adds"] *= 100
    found = names(follow(plans.plan(made, make_search("climb", cost_limit=0.5)), TRUTH))
    assert found == ["0x0", "1x1", "1x2", "2x1", "1x50", "3x2", "1x3"]
    for procedure, number in (("grid", len(GRID)), ("random", 4), ("alpha", 4)):
        search = make_search(procedure, cost_limit=0.5, sample=3)
        assert len(follow(plans.plan(made, search), TRUTH)) == number + len(GUESSED)


def test_workers_that_would_idle_are_told_of_some_likely_sizes(make_search: MakeSearch) -> None:
    walk = plans.plan(content(), make_search("climb"))({ZERO: TRUTH[ZERO]})
    assert walk.wanted == (Size(1, 1),)
    assert 0 < len(walk.likely) <= plans.AHEAD
    assert set(walk.likely) <= set(GRID)


# --- guesses come last ----------------------------------------------------------------------------------------------

# 1x50 costs 25,000 + 2,000, 3x2 costs 120 + 6,000, 1x3 costs 90 + 2,000.
LAST = ["1x50", "3x2", "1x3"]


@pytest.mark.parametrize("procedure", ["climb", "grid", "random", "alpha"])
def test_guesses_are_trained_after_the_procedure_has_ended_dearest_first(
    make_search: MakeSearch, procedure: str
) -> None:
    # They are better than all others: as steps of a ladder they would turn the climb.
    search = make_search(procedure)
    without = follow(plans.plan(content([]), search), TRUTH)
    assert names(follow(plans.plan(content(), search), TRUTH)) == [*names(without), *LAST]


def test_a_guess_that_is_known_from_before_is_no_step_of_the_climb(make_search: MakeSearch) -> None:
    # Left by a search with another procedure: 1x3 is better than 1x4, and must not end the ladder there.
    plan, known = plans.plan(content(), make_search("climb")), {size: TRUTH[size] for size in GUESSED}
    for name in CLIMBED:
        walk = plan(known)
        assert names(list(walk.wanted)) == [name]
        assert not {*walk.visited, *walk.likely} & set(GUESSED)
        size = walk.wanted[0]
        known[size] = TRUTH[size]
    walk = plan(known)
    assert walk.wanted == ()
    assert names(list(walk.visited)) == [*CLIMBED, *names(GUESSED)]


def test_a_guess_that_is_a_step_of_the_grid_is_trained_even_if_the_procedure_does_not_come_to_it(
    make_search: MakeSearch,
) -> None:
    # The climb ends at 8 units; 4 it has visited.
    made = content([Size(1, 16), Size(1, 4), Size(2, 4)])
    assert names(follow(plans.plan(made, make_search("climb")), TRUTH)) == [*CLIMBED, "1x16", "2x4"]
    assert names(follow(plans.plan(made, make_search("alpha")), TRUTH))[-3:] == ["1x16", "2x4", "1x4"]


def test_a_guess_that_a_ladder_has_already_visited_is_not_trained_again(make_search: MakeSearch) -> None:
    # α = 2 is a rule of thumb, too.
    found = follow(plans.plan(content([LADDER[0], Size(1, 3)]), make_search("alpha")), TRUTH)
    assert names(found) == ["0x0", "1x24", "1x12", "1x8", "1x3"]


@st.composite
def truths(draw: st.DrawFn) -> dict[Size, Scores]:
    every = sorted({*GRID, *GUESSED, *LADDER})
    means = draw(st.lists(st.floats(0, 1), min_size=len(every), max_size=len(every)))
    return {size: scores(size, mean) for size, mean in zip(every, means, strict=True)}


@settings(max_examples=40, deadline=None)
@given(
    truth=truths(),
    procedure=st.sampled_from(["climb", "grid", "random", "alpha"]),
    patience=st.integers(1, 3),
    minimum_units=st.sampled_from([1, 8]),
    guessed=st.sets(st.sampled_from([*GUESSED, *GRID])),
)
def test_whatever_is_guessed_the_procedure_itself_is_the_same(
    make_search: MakeSearch,
    truth: dict[Size, Scores],
    procedure: str,
    patience: int,
    minimum_units: int,
    guessed: set[Size],
) -> None:
    search = make_search(procedure, patience=patience, minimum_units=minimum_units)
    without = follow(plans.plan(content([]), search), truth)
    found = follow(plans.plan(content(sorted(guessed)), search), truth)
    assert found[: len(without)] == without
    assert set(found[len(without) :]) == guessed - set(without)
    assert len(found) == len(set(found))


# --- tables ---------------------------------------------------------------------------------------------------------


def result(size: Size, number: int) -> Result:
    """Two folds; zero cells have no curve. Every figure tells which result it belongs to."""
    folds = (1, 2)
    rows = tuple(
        Row(size.layers, size.units, fold, 0, 1e-3, 0.0, 0.0, 1.0, "ok", 2, 0.1, 0.2, number + fold / 10, 40, 10, 7)
        for fold in folds
    )
    epochs = tuple(
        Epoch(size.layers, size.units, fold, 0, 1e-3, 0.0, 0.0, epoch, number / 3, 0.1)
        for fold in folds
        for epoch in (1, 2)
    )
    residuals = np.full((4, 2, 1), number, np.float32)
    windows = np.arange(4) + number
    return Result(rows, epochs if size != ZERO else (), residuals, windows, 1.0 + number, 0.5 * number)


SOME = [result(size, number) for number, size in enumerate([ZERO, Size(1, 2), Size(1, 10), Size(2, 1)])]
TABLES = ("trials.csv", "curves.csv", "timings.csv", "residuals.npz")


def written(found: list[Result], folder: Path) -> list[Path]:
    paths = [folder / name for name in TABLES]
    plans.write(found, *paths)
    return paths


def test_the_tables_are_in_grid_order_whatever_the_order_of_training(tmp_path: Path) -> None:
    contents = set()
    for number, order in enumerate(permutations(SOME)):
        paths = written(list(order), tmp_path / str(number))
        contents.add(tuple(path.read_bytes() for path in paths))
    assert len(contents) == 1
    trials, curves, timings = (pd.read_csv(tmp_path / "0" / name) for name in TABLES[:3])
    # By number: as text 1x10 would stand before 1x2.
    assert [*zip(timings["layers"], timings["units"], strict=True)] == [(0, 0), (1, 2), (1, 10), (2, 1)]
    assert trials["units"].tolist() == [0, 0, 2, 2, 10, 10, 1, 1]
    assert trials["fold"].tolist() == [1, 2] * 4
    assert curves["units"].tolist() == [2] * 4 + [10] * 4 + [1] * 4
    assert curves["epoch"].tolist() == [1, 2] * 6


def test_each_size_keeps_its_own_figures(tmp_path: Path) -> None:
    trials, curves, timings, residuals = written(SOME[::-1], tmp_path)
    assert pd.read_csv(trials)["score"].tolist() == [0.1, 0.2, 1.1, 1.2, 2.1, 2.2, 3.1, 3.2]
    # Floats read back as they were.
    assert pd.read_csv(curves)["train_loss"].tolist() == [number / 3 for number in (1, 2, 3) for _ in range(4)]
    assert pd.read_csv(timings).to_dict("list") == {
        "layers": [0, 1, 1, 2], "units": [0, 2, 10, 1], "seconds": [1, 2, 3, 4], "milliseconds": [0, 0.5, 1, 1.5],
    }  # fmt: skip
    with np.load(residuals, allow_pickle=False) as arrays:
        assert sorted(arrays) == sorted(f"{one.size}{end}" for one in SOME for end in ("", ".windows"))
        for one in SOME:
            np.testing.assert_array_equal(arrays[str(one.size)], one.residuals)
            np.testing.assert_array_equal(arrays[f"{one.size}.windows"], one.residual_windows)


def test_without_any_cell_the_curves_are_an_empty_table(tmp_path: Path) -> None:
    _, curves, _, _ = written(SOME[:1], tmp_path)
    with curves.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [list(Epoch.__dataclass_fields__)]
