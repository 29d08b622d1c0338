"""Which sizes are trained, as params.yaml names it."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.params import Choose, Procedure, Search
from cellsize.sizing import compute, procedures, rules
from cellsize.sizing.candidate_records import Candidate, Candidates
from cellsize.sizing.climb import AHEAD
from cellsize.sizing.scores import Scores, with_seeds
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Plan, sample
from tests.sizing.conftest import candidate, candidates

MakeSearch = Callable[..., Search]
GRID = [ZERO, *(Size(1, units) for units in (1, 2, 4, 8, 16)), *(Size(2, units) for units in (1, 2, 4))]
# Between the steps of the grid, past it, and deeper than it; each of them the best of all in MEANS.
GUESSED = [Size(1, 3), Size(1, 50), Size(3, 2)]
GIVEN_BY_ALPHA = [Size(1, units) for units in (24, 12, 8, 4)]
# One layer helps up to 4 units; two layers never do. All sizes of the ladder overfit but 1x8 (see `certain`).
MEANS = {
    "0x0": 0.9, "1x1": 0.8, "1x2": 0.7, "1x4": 0.6, "1x8": 0.6, "1x16": 0.6, "2x1": 0.8, "2x2": 0.8, "2x4": 0.8,
    "1x3": 0.1, "1x50": 0.1, "3x2": 0.1, "1x24": 0.6, "1x12": 0.6,
}  # fmt: skip


def proposed(guessed: list[Size] = GUESSED, times: int = 1) -> Candidates:
    """What a plan reads of the candidates; a size costs `times` as many multiply-adds."""

    def step(size: Size) -> Candidate:
        cost = 10 * size.layers * size.units**2 * times
        return candidate(size, window_work=cost + 2000 * size.layers, on_grid=size in GRID, guessed=size in guessed)

    return candidates(map(step, sorted({*GRID, *guessed})), map(step, GIVEN_BY_ALPHA))


def certain(size: Size, mean: float) -> Scores:
    """Three folds without noise; the training error is far below it but for 8 units and for zero cells."""
    folds = mean + np.array([0.3, 0.1, 0.2])
    cells = 10 * size.layers * size.units
    return Scores(size, cells, cells + 1, folds[:, None], (folds - (size.units not in (0, 8)) * 0.2)[:, None], 0.25)


TRUTH = {
    Size(*map(int, name.split("x"))): certain(Size(*map(int, name.split("x"))), mean) for name, mean in MEANS.items()
}


BEST = Choose(
    metric="mse",
    quantiles=None,
    rule="best",
    margin=1.0,
    least_margin=0.001,
    probability=0.8,
    percent=2.0,
    budget="bytes",
    limit=1.0,
)


def planned(listed: Candidates, search: Search) -> Plan:
    """With a rule that knows no undecided sizes, so that no seeds are added."""
    return procedures.plan(listed, search, BEST)


def train(plan: Plan, truth: dict[Size, Scores]) -> list[Size]:
    """Trains what is most wanted, one size after another, until nothing is; the walk's order may be another one."""
    known: dict[Size, Scores] = {}
    while (walk := plan(known)).wanted:
        assert walk.wanted[0] not in known
        known[walk.wanted[0]] = truth[walk.wanted[0]]
    return list(known)


def names(sizes: list[Size]) -> list[str]:
    return [str(size) for size in sizes]


@pytest.fixture(scope="session")
def make_search(params_content: Callable[[], dict[str, Any]]) -> MakeSearch:
    """The section `search`: as much patience as one size, and no limit but the grid."""
    plain = params_content()["search"] | {"patience": 1, "minimum_units": 1, "work_limit": 99.0}
    return lambda procedure, **changes: Search.model_validate(plain | {"procedure": procedure} | changes)


# --- which walk -----------------------------------------------------------------------------------------------------

CLIMBED = ["0x0", "1x1", "1x2", "1x4", "1x8", "2x1"]
# A layer's overhead counts as 2,000: 1x16 costs 10 · 16² + 2,000 = 4,560, 2x4 10 · 2 · 4² + 4,000 = 4,320, 2x1 4,020.
MOST_EXPENSIVE_FIRST = ["1x16", "2x4", "2x2", "2x1", "1x8", "1x4", "1x2", "1x1", "0x0"]


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("climb", CLIMBED),
        ("grid", MOST_EXPENSIVE_FIRST),
        ("alpha", ["0x0", "1x24", "1x12", "1x8"]),
    ],
)
def test_each_procedure_walks_as_its_name_says(make_search: MakeSearch, procedure: str, expected: list[str]) -> None:
    assert names(train(planned(proposed([]), make_search(procedure)), TRUTH)) == expected


def test_random_trains_a_drawn_part_of_the_grid_most_expensive_first(make_search: MakeSearch) -> None:
    # A quarter of the bound of 8 units, the large size that is tried in any case, is always among them.
    drawn = [sample(GRID, 3, seed, large=2) for seed in range(6)]
    assert len({tuple(sizes) for sizes in drawn}) > 1
    for seed, expected in enumerate(drawn):
        trained = train(planned(proposed(), make_search("random", sample=3, seed=seed)), TRUTH)
        assert len(expected) in (4, 5)
        assert Size(1, 2) in expected
        assert names(trained[: len(expected)]) == [name for name in MOST_EXPENSIVE_FIRST if name in names(expected)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"patience": 2}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1", "2x2"]),
        ({"minimum_units": 16}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1"]),
        ({"patience": 9}, ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x1", "2x2", "2x4"]),
    ],
    ids=str,
)
def test_the_climb_reads_its_patience_and_its_minimum_units(
    make_search: MakeSearch, changes: dict[str, Any], expected: list[str]
) -> None:
    assert names(train(planned(proposed([]), make_search("climb", **changes)), TRUTH)) == expected


def test_the_climb_leaves_out_what_costs_too_much_and_the_others_do_not(make_search: MakeSearch) -> None:
    # 1x1, 1x2 and 2x1 cost three quarters of the limit together, the rest is for seeds; 1x4 costs more than 2x1.
    proposed_sizes = proposed(times=100)
    costs = compute.table(proposed_sizes, make_search("climb").training)
    limit = sum(costs[size] for size in (Size(1, 1), Size(1, 2), Size(2, 1))) / 0.75 / compute.UNIT
    climbed = names(train(planned(proposed_sizes, make_search("climb", work_limit=limit)), TRUTH))
    assert climbed == ["0x0", "1x1", "1x2", "2x1", "1x50", "3x2", "1x3"]
    for procedure, count in (("grid", len(GRID)), ("random", 4), ("alpha", 4)):
        search = make_search(procedure, work_limit=limit, sample=3, seed=2)
        assert len(train(planned(proposed_sizes, search), TRUTH)) == count + len(GUESSED)


@pytest.mark.parametrize(
    ("rule", "at_eight", "trained", "last"),
    [
        # 0.59 is lower by more than its standard error, so it ends the look for memory; but 0.60 is within 2 % of it.
        ("within_percent", 0.60, ["0x0", "1x1", "1x2", "2x1", "1x8"], "0x0"),
        # It helps, so that its ladder goes on, with what was left out below it first.
        ("within_percent", 0.10, ["0x0", "1x1", "1x2", "2x1", "1x8", "1x4", "1x16"], "1x8"),
        # The scores have no noise, and 0.60 is within 2 % of the best.
        ("adequate", 0.60, ["0x0", "1x1", "1x2", "2x1", "1x8"], "0x0"),
        ("adequate", 0.10, ["0x0", "1x1", "1x2", "2x1", "1x8", "1x4", "1x16"], "1x8"),
        ("budget", 0.10, ["0x0", "1x1", "1x2", "2x1"], None),
        ("best", 0.10, ["0x0", "1x1", "1x2", "2x1"], "1x1"),
    ],
)
def test_a_large_size_is_tried_where_the_rule_would_choose_no_cells_although_some_helped(
    make_search: MakeSearch, rule: str, at_eight: float, trained: list[str], last: str | None
) -> None:
    listed = proposed([])
    listed = listed.model_copy(update={"bound": listed.bound.model_copy(update={"units": 32})})  # a quarter is 8
    means = {"0x0": 0.60, "1x1": 0.59, "1x2": 0.60, "2x1": 0.60, "1x8": at_eight}
    truth = {size: certain(size, means.get(str(size), 0.9)) for size in GRID}
    choose = BEST.model_copy(update={"rule": rule, "margin": 2.0})
    plan = procedures.plan(listed, make_search("climb"), choose)
    assert names(train(plan, truth)) == trained
    known = {size: truth[size] for size in truth if str(size) in trained}
    assert names(list(plan(known).visited)) == trained
    if last:
        assert str(rules.apply(list(known.values()), choose, {}).size) == last


def test_a_size_below_a_large_one_that_was_tried_last_is_the_answer_if_it_is_as_good(make_search: MakeSearch) -> None:
    listed = proposed([])
    listed = listed.model_copy(update={"bound": listed.bound.model_copy(update={"units": 32})})  # a quarter is 8
    means = {"0x0": 0.60, "1x1": 0.599, "1x2": 0.60, "2x1": 0.60, "1x4": 0.10, "1x8": 0.10, "1x16": 0.10}
    truth = {size: certain(size, means.get(str(size), 0.9)) for size in GRID}
    found = train(procedures.plan(listed, make_search("climb"), ADEQUATE), truth)
    # Four cells are as good as eight, so that these no longer help, and their ladder does not go on.
    assert names(found) == ["0x0", "1x1", "1x2", "2x1", "1x8", "1x4"]
    assert str(rules.apply([truth[size] for size in found], ADEQUATE, {}).size) == "1x4"


def test_what_the_work_limit_leaves_out_below_a_large_one_that_was_tried_last_is_named(
    make_search: MakeSearch,
) -> None:
    listed = proposed([], times=100)
    listed = listed.model_copy(update={"bound": listed.bound.model_copy(update={"units": 32})})  # a quarter is 8
    means = {"0x0": 0.60, "1x1": 0.599, "1x2": 0.60, "2x1": 0.60, "1x4": 0.10, "1x8": 0.10, "1x16": 0.10}
    truth = {size: certain(size, means.get(str(size), 0.9)) for size in GRID}
    costs = compute.table(listed, make_search("climb").training)
    limit = sum(costs[size] for size in (Size(1, 1), Size(1, 2), Size(2, 1))) / 0.75 / compute.UNIT
    search = make_search("climb", work_limit=limit)
    found = train(procedures.plan(listed, search, ADEQUATE), truth)
    assert names(found) == ["0x0", "1x1", "1x2", "2x1", "1x8"]  # the large one, whatever it costs
    left_out = procedures.cuts({size: truth[size] for size in found}, listed, search)
    assert [(str(cut.size), cut.is_below) for cut in left_out] == [("1x4", True), ("1x16", False)]


def test_a_rule_of_thumb_that_helps_leads_on_to_no_other_size(make_search: MakeSearch) -> None:
    guessed = [Size(1, 16)]
    means = {"0x0": 0.60, "1x1": 0.59, "1x2": 0.9, "2x1": 0.9, "1x16": 0.10}
    truth = {size: certain(size, means.get(str(size), 0.9)) for size in GRID}
    found = names(train(procedures.plan(proposed(guessed), make_search("climb"), ADEQUATE), truth))
    assert found == ["0x0", "1x1", "1x2", "2x1", "1x16"]


def test_workers_that_would_idle_are_told_of_some_likely_sizes(make_search: MakeSearch) -> None:
    walk = planned(proposed(), make_search("climb"))({ZERO: TRUTH[ZERO]})
    assert walk.wanted == (Size(1, 1),)
    assert 0 < len(walk.likely) <= AHEAD
    assert set(walk.likely) <= set(GRID)


# --- before a search begins -----------------------------------------------------------------------------------------


def visited(procedure: str, means: Callable[[int], float], make_search: MakeSearch, **changes: Any) -> list[str]:
    """What a search tries where the scores of sizes, in the order of the grid, are these."""
    every = sorted({*GRID, *GUESSED, *GIVEN_BY_ALPHA})
    truth = {size: certain(size, means(number)) for number, size in enumerate(every)}
    return names(train(planned(proposed(), make_search(procedure, **changes)), truth))


@pytest.mark.parametrize("changes", [{}, {"patience": 2}, {"minimum_units": 4}, {"work_limit": 3.1e-4}], ids=str)
def test_a_climb_tries_fewest_sizes_where_none_helps_and_most_where_all_do(
    make_search: MakeSearch, changes: dict[str, Any]
) -> None:
    fewest, most = procedures.fewest_and_most(proposed(), make_search("climb", **changes))
    assert sorted(names(list(fewest))) == sorted(visited("climb", lambda _: 0.5, make_search, **changes))
    assert sorted(names(list(most))) == sorted(visited("climb", lambda number: 0.9 / 2**number, make_search, **changes))
    assert len(fewest) <= len(most)


def test_the_fewest_and_the_most_of_a_climb_worked_out_by_hand(make_search: MakeSearch) -> None:
    # A quarter of the bound of 8 units is the large size that is tried in any case.
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("climb"))
    assert names(list(fewest)) == ["0x0", "1x1", "1x2"]
    assert names(list(most)) == ["0x0", "1x1", "1x2", "1x4", "1x8", "1x16", "2x4"]


def test_alpha_tries_one_size_if_that_does_not_overfit_and_its_ladder_if_all_do(make_search: MakeSearch) -> None:
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("alpha"))
    assert names(list(fewest)) == ["0x0", "1x24"]
    assert names(list(most)) == ["0x0", "1x24", "1x12", "1x8", "1x4"]


def test_grid_and_random_try_what_they_try_whatever_the_scores(make_search: MakeSearch) -> None:
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("grid"))
    assert fewest == most == tuple(GRID)
    fewest, most = procedures.fewest_and_most(proposed([]), make_search("random", sample=3, seed=7))
    assert fewest == most == tuple(sample(GRID, 3, 7, large=2))


@pytest.mark.parametrize("procedure", ["climb", "grid", "random", "alpha"])
def test_guesses_are_among_the_fewest_and_the_most_each_once(make_search: MakeSearch, procedure: str) -> None:
    listed = proposed([*GUESSED, Size(1, 1)])
    for sizes in procedures.fewest_and_most(listed, make_search(procedure)):
        assert {*GUESSED, Size(1, 1)} <= set(sizes)
        assert len(sizes) == len(set(sizes))


# --- guesses come last ----------------------------------------------------------------------------------------------

# 1x50 costs 25,000 + 2,000, 3x2 costs 120 + 6,000, 1x3 costs 90 + 2,000.
LAST = ["1x50", "3x2", "1x3"]


@pytest.mark.parametrize("procedure", ["climb", "grid", "random", "alpha"])
def test_guesses_are_trained_after_the_procedure_has_ended_most_expensive_first(
    make_search: MakeSearch, procedure: str
) -> None:
    # They are better than all others: as steps of a ladder they would turn the climb.
    search = make_search(procedure)
    without = train(planned(proposed([]), search), TRUTH)
    assert names(train(planned(proposed(), search), TRUTH)) == [*names(without), *LAST]


def test_a_guess_that_is_known_from_before_is_no_step_of_the_climb(make_search: MakeSearch) -> None:
    # Left by a search with another procedure: 1x3 is better than 1x4, and must not end the ladder there.
    plan, known = planned(proposed(), make_search("climb")), {size: TRUTH[size] for size in GUESSED}
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
    listed = proposed([Size(1, 16), Size(1, 4), Size(2, 4)])
    assert names(train(planned(listed, make_search("climb")), TRUTH)) == [*CLIMBED, "1x16", "2x4"]
    assert names(train(planned(listed, make_search("alpha")), TRUTH))[-3:] == ["1x16", "2x4", "1x4"]


def test_a_guess_that_a_ladder_has_already_visited_is_not_trained_again(make_search: MakeSearch) -> None:
    # α = 2 is a rule of thumb, too.
    trained = train(planned(proposed([GIVEN_BY_ALPHA[0], Size(1, 3)]), make_search("alpha")), TRUTH)
    assert names(trained) == ["0x0", "1x24", "1x12", "1x8", "1x3"]


@st.composite
def other_truths(draw: st.DrawFn) -> dict[Size, Scores]:
    every = sorted({*GRID, *GUESSED, *GIVEN_BY_ALPHA})
    means = draw(st.lists(st.floats(0, 1), min_size=len(every), max_size=len(every)))
    return {size: certain(size, mean) for size, mean in zip(every, means, strict=True)}


@settings(max_examples=40, deadline=None)
@given(
    truth=other_truths(),
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
    without = train(planned(proposed([]), search), truth)
    trained = train(planned(proposed(sorted(guessed)), search), truth)
    assert trained[: len(without)] == without
    assert set(trained[len(without) :]) == guessed - set(without)
    assert len(trained) == len(set(trained))


# --- in words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("procedure", get_args(Procedure))
def test_every_procedure_has_its_sentence_for_the_report(procedure: Procedure) -> None:
    sentence = procedures.sentence(procedure)
    assert sentence.endswith(".")
    assert [procedures.sentence(other) for other in get_args(Procedure)].count(sentence) == 1


@pytest.mark.parametrize("procedure", get_args(Procedure))
def test_a_procedure_ends_with_the_grid_where_that_has_no_larger_size_but_for_alpha(procedure: Procedure) -> None:
    ends_with_grid = procedures.end(procedure, larger=False) == "the grid has no larger one"
    assert ends_with_grid is (procedure != "alpha")
    assert (procedures.end(procedure, larger=True) == procedures.end(procedure, larger=False)) is (
        procedure in ("grid", "alpha")
    )


def test_a_procedure_came_to_what_it_would_have_trained_itself() -> None:
    tried = {size: TRUTH[size] for size in (ZERO, Size(1, 1), Size(1, 2), Size(1, 8), *GUESSED, GIVEN_BY_ALPHA[0])}
    listed = proposed()
    # A climb leaves out no step, so that 1x8 is a guess beyond its end.
    assert procedures.came_to("climb", tried, listed) == {ZERO, Size(1, 1), Size(1, 2)}
    for procedure in ("grid", "random"):
        assert procedures.came_to(procedure, tried, listed) == {ZERO, Size(1, 1), Size(1, 2), Size(1, 8)}
    assert procedures.came_to("alpha", tried, listed) == {Size(1, 24), Size(1, 8)}


@pytest.mark.parametrize("procedure", ["climb", "grid", "random"])
def test_the_other_procedures_find_out_nothing_but_scores(make_search: MakeSearch, procedure: Procedure) -> None:
    assert procedures.finding({ZERO: TRUTH[ZERO]}, proposed(), make_search(procedure)) == ""


# --- a ladder that ended too early ------------------------------------------------------------------------------------

ADEQUATE = BEST.model_copy(update={"rule": "adequate"})


def of_seeds(size: Size, first: float, others: float, spread: float = 0.0) -> Scores:
    """Five folds: two seeds around one mean, six around another, which the first ones do not show."""
    seeds = np.array([first + spread, first - spread, *[others + spread, others - spread] * 3])
    folds = np.array([0.004, -0.004, 0.002, -0.002, 0.0]) * (1 if size.units % 4 else -1)
    trainings = folds[:, None] + seeds
    cells = 10 * size.layers * size.units
    return Scores(size, cells, cells + 1, trainings, trainings, 0.25)


def with_two_seeds(search: Search) -> Search:
    return search.model_copy(update={"training": search.training.model_copy(update={"seeds": 2})})


def sought(plan: Plan, truth: dict[Size, Scores]) -> tuple[list[str], dict[str, int]]:
    """Trains what is wanted, seeds too; gives the sizes in order, and how many seeds count of those that got more."""
    counts: dict[Size, int] = {}

    def known() -> dict[Size, Scores]:
        return {size: with_seeds(truth[size], count) for size, count in counts.items()}

    while not (walk := plan(known())).is_done:
        if walk.wanted:
            counts[walk.wanted[0]] = 2
        counts |= walk.more_seeds
    return names(list(counts)), {str(size): count for size, count in walk.seeds.items()}


def test_a_ladder_whose_last_size_helps_with_more_seeds_goes_on(make_search: MakeSearch) -> None:
    listed = proposed([])
    truth = {size: of_seeds(size, 0.9, 0.9) for size in GRID}
    truth |= {Size(1, 1): of_seeds(Size(1, 1), 0.8, 0.8), Size(1, 2): of_seeds(Size(1, 2), 0.5, 0.6, 0.05)}
    truth |= {Size(1, 4): of_seeds(Size(1, 4), 0.4965, 0.4965, 0.05), Size(1, 8): of_seeds(Size(1, 8), 0.3, 0.3)}
    truth[Size(1, 16)] = of_seeds(Size(1, 16), 0.2, 0.2)
    search = with_two_seeds(make_search("climb", maximum_seeds=8))
    # By two seeds each 4 units are hardly better than 2, and end the ladder. More of 2 units show that these are worse.
    by_first = sought(procedures.plan(listed, search, BEST), truth)
    assert by_first == (["0x0", "1x1", "1x2", "1x4", "2x1"], {})
    sizes, seeds = sought(procedures.plan(listed, search, ADEQUATE), truth)
    # On from 4 units, since 8 and then 16 help.
    assert sizes == [*by_first[0], "1x8", "1x16"]
    known = {size: with_seeds(truth[size], seeds.get(str(size), 2)) for size in GRID if str(size) in sizes}
    assert procedures.cuts(known, listed, search) == ()


def test_where_the_work_limit_forbids_the_next_size_of_it_that_is_what_ended_the_search(
    make_search: MakeSearch,
) -> None:
    listed = proposed([], times=100)
    truth = {size: of_seeds(size, 0.9, 0.9) for size in GRID}
    truth |= {Size(1, 1): of_seeds(Size(1, 1), 0.8, 0.8), Size(1, 2): of_seeds(Size(1, 2), 0.5, 0.6, 0.05)}
    truth |= {Size(1, 4): of_seeds(Size(1, 4), 0.4965, 0.4965, 0.05), Size(1, 8): of_seeds(Size(1, 8), 0.3, 0.3)}
    truth[Size(1, 16)] = of_seeds(Size(1, 16), 0.2, 0.2)
    costs = compute.table(listed, with_two_seeds(make_search("climb")).training)
    limit = sum(costs[size] for size in (Size(1, 1), Size(1, 2), Size(1, 4), Size(2, 1))) / 0.75 / compute.UNIT
    search = with_two_seeds(make_search("climb", maximum_seeds=8, work_limit=limit))
    sizes, seeds = sought(procedures.plan(listed, search, ADEQUATE), truth)
    assert "1x8" not in sizes
    known = {size: with_seeds(truth[size], seeds.get(str(size), 2)) for size in GRID if str(size) in sizes}
    assert next((str(cut.size), cut.was_helping) for cut in procedures.cuts(known, listed, search)) == ("1x8", True)


def test_a_ladder_that_helped_by_its_first_seeds_alone_is_not_said_to_have_helped(make_search: MakeSearch) -> None:
    listed = proposed([], times=100)
    truth = {size: of_seeds(size, 0.9, 0.9) for size in GRID}
    truth |= {Size(1, 1): of_seeds(Size(1, 1), 0.8, 0.8), Size(1, 2): of_seeds(Size(1, 2), 0.5, 0.5)}
    truth[Size(1, 4)] = of_seeds(Size(1, 4), 0.49, 0.52)  # two seeds flatter it
    costs = compute.table(listed, with_two_seeds(make_search("climb")).training)
    limit = sum(costs[size] for size in (Size(1, 1), Size(1, 2), Size(1, 4), Size(2, 1))) / 0.75 / compute.UNIT
    search = with_two_seeds(make_search("climb", maximum_seeds=8, work_limit=limit))
    tried = [ZERO, Size(1, 1), Size(1, 2), Size(1, 4), Size(2, 1)]
    for seeds, helped in ((2, True), (8, False)):
        known = {size: with_seeds(truth[size], seeds) for size in tried}
        cut = next(cut for cut in procedures.cuts(known, listed, search) if cut.size == Size(1, 8))
        assert cut.was_helping is helped


@settings(max_examples=60, deadline=None)
@given(draw=st.integers(0, 10_000), noise=st.sampled_from([0.005, 0.03]), limit=st.sampled_from([99.0, 6e-4]))
def test_sizes_and_seeds_depend_on_the_scores_alone_and_not_on_what_was_trained_before_which(
    make_search: MakeSearch, draw: int, noise: float, limit: float
) -> None:
    generator = np.random.default_rng(draw)
    truth = {}
    for size in GRID:
        trainings = 0.9 - 0.04 * size.units**0.5 + noise * generator.normal(size=(5, 8))
        truth[size] = Scores(size, 10 * size.units, 10 * size.units + 1, trainings, trainings, 0.25)
    search = with_two_seeds(make_search("climb", maximum_seeds=8, work_limit=limit))
    plan = procedures.plan(proposed([]), search, ADEQUATE)
    sizes, seeds = sought(plan, truth)
    at_once = plan(truth)
    assert at_once.is_done
    assert sorted(names(list(at_once.visited))) == sorted(sizes)
    assert {str(size): count for size, count in at_once.seeds.items()} == seeds
    known = {size: with_seeds(truth[size], seeds.get(str(size), 2)) for size in at_once.visited}
    of_sizes = sum(compute.table(proposed([]), search.training)[size] for size in at_once.visited)
    if of_sizes <= (1 - compute.FOR_SEEDS) * limit * compute.UNIT:
        assert of_sizes + procedures.added(known, proposed([]), search) <= limit * compute.UNIT
