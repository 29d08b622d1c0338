"""Which choice counts as right where the truth is known, on invented risks; and how they are measured and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import data, known_size, problems, true_error
from benchmarks.known_size import (
    MAKERS,
    OURS,
    QUICK,
    Risk,
    Truth,
    differs_clearly,
    grid_steps,
    is_learnt,
    is_reached,
    judged,
    misses_memory,
    needed,
    others,
    over_needed,
    overall,
    quantile,
    recipes,
    refitted,
    refuted,
    right,
    risks_of,
    summarised,
    within_margin,
)
from benchmarks.problems import Problem
from cellsize.data.scaling import fit_scaling
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold
from cellsize.search import store
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Walk
from cellsize.training.records import Result, Work
from cellsize.training.train import train

UNITS = (1, 2, 4, 8, 16)
SIZES = (ZERO, Size(0, 16), *(Size(1, units) for units in UNITS))


def table(*means: float, error: float = 0.0) -> dict[Size, Risk]:
    """Risks of zero cells, an MLP, and one layer of 1, 2, 4, … units."""
    return {size: Risk(mean, error) for size, mean in zip(SIZES, means, strict=True)}


def extents(risks: Mapping[Size, Risk]) -> dict[Size, tuple[int, ...]]:
    return {size: (size.layers * size.units, size.units) for size in risks}


def rights(risks: dict[Size, Risk]) -> list[str]:
    return [str(size) for size in risks if right(size, risks, extents(risks))]


# --- right ------------------------------------------------------------------------------------------------------------


def test_the_margin_is_one_percent_of_the_lowest_risk_and_at_least_a_thousandth_of_the_variance() -> None:
    risks = table(0.9, 0.9, 0.9, 0.506, 0.504, 0.5, 0.6)
    assert [size.units for size in risks if within_margin(size, risks)] == [4, 8]
    risks = table(0.9, 0.9, 0.9, 0.0112, 0.0109, 0.01, 0.02)
    assert [size.units for size in risks if within_margin(size, risks)] == [4, 8]


def test_the_needed_size_is_the_smallest_within_the_margin_and_so_is_the_next_one_right() -> None:
    risks = table(0.9, 0.8, 0.7, 0.504, 0.502, 0.5, 0.502)
    assert needed(risks, extents(risks)) == Size(1, 2)
    assert rights(risks) == ["1x2", "1x4"]


def test_a_larger_size_that_is_no_better_than_the_margin_allows_is_wrong_though_it_is_the_best() -> None:
    risks = table(0.9, 0.8, 0.7, 0.504, 0.6, 0.6, 0.5)
    assert rights(risks) == ["1x2"]


def test_a_size_above_the_needed_one_that_is_outside_the_margin_is_wrong() -> None:
    risks = table(0.9, 0.8, 0.7, 0.5, 0.6, 0.5, 0.5)
    assert rights(risks) == ["1x2"]


def test_where_no_cells_are_needed_no_cells_or_one_cell_are_right() -> None:
    risks = table(*[0.5] * 7)
    assert rights(risks) == ["0x0", "0x16", "1x1"]


def test_an_mlp_that_is_as_good_makes_many_cells_wrong() -> None:
    risks = table(0.9, 0.5, 0.9, 0.9, 0.9, 0.5, 0.5)
    assert rights(risks) == ["0x16"]


def refutations(risks: dict[Size, Risk]) -> list[str]:
    return [str(size) for size in risks if refuted(size, risks, extents(risks))]


def test_a_choice_is_refuted_if_it_is_wrong_beyond_the_doubt_about_the_truth() -> None:
    means = (0.9, 0.8, 0.7, 0.52, 0.501, 0.5, 0.501)
    certain, doubtful = table(*means), table(*means, error=0.02)
    # What is certain is refuted where it is wrong: 4 units are needed, so 16 are too many.
    assert refutations(certain) == ["0x0", "0x16", "1x1", "1x2", "1x16"]
    # In doubt 2 units may be enough, and 4 may not.
    assert refutations(doubtful) == ["0x0", "0x16", "1x1"]
    assert set(rights(certain)).isdisjoint(refutations(certain))


@pytest.mark.parametrize(
    ("first", "second", "steps"),
    [("1x4", "1x4", 0), ("1x4", "1x8", 1), ("1x2", "1x8", 2), ("1x4", "2x4", 1), ("1x4", "2x2", 2), ("0x0", "0x16", 0),
     ("0x0", "1x1", 1), ("0x16", "1x2", 2), ("0x0", "2x1", 2)],
)  # fmt: skip
def test_a_step_of_the_grid_is_one_of_units_or_one_of_layers(first: str, second: str, steps: int) -> None:
    sizes = [*SIZES, *(Size(2, units) for units in UNITS)]
    one, other = (Size(*map(int, name.split("x"))) for name in (first, second))
    assert grid_steps(one, other, sizes) == grid_steps(other, one, sizes) == steps


def test_no_cells_miss_memory_only_where_no_model_without_them_is_within_the_margin() -> None:
    needs_memory, needs_curvature = table(0.9, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5), table(0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert misses_memory(ZERO, needs_memory)
    assert misses_memory(Size(0, 16), needs_memory)
    assert not misses_memory(Size(1, 1), needs_memory)
    assert not misses_memory(ZERO, needs_curvature)


def test_a_problem_is_learnt_where_the_best_size_knows_half_of_what_can_be_known() -> None:
    assert is_learnt(table(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.6), floor=0.2)
    assert not is_learnt(table(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.61), floor=0.2)


def test_sizes_differ_clearly_where_each_smaller_one_is_far_outside_the_margin() -> None:
    clear, near = table(0.9, 0.8, 0.6, 0.5, 0.5, 0.5, 0.5), table(0.9, 0.8, 0.509, 0.5, 0.5, 0.5, 0.5)
    assert differs_clearly(clear, extents(clear))
    assert not differs_clearly(near, extents(near))  # less than two margins
    uncertain = table(0.9, 0.8, 0.6, 0.5, 0.5, 0.5, 0.5, error=0.05)
    assert not differs_clearly(uncertain, extents(uncertain))
    none = table(*[0.5] * 7)
    assert not differs_clearly(none, extents(none))  # there is no smaller one than none
    mlp = table(0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert not differs_clearly(mlp, extents(mlp))  # no cells are needed
    cells = {size: risk for size, risk in none.items() if size.has_memory}
    assert not differs_clearly(cells, extents(cells))  # one cell is the smallest size of all


@pytest.mark.parametrize(
    ("chosen", "smallest", "expected"),
    [("1x8", "1x8", 1.0), ("1x8", "0x0", 9.0), ("0x16", "0x0", 1.0), ("1x1", "1x3", 0.5), ("2x4", "1x2", 3.0)],
)
def test_a_size_over_the_needed_one_counts_cells_and_one_more(chosen: str, smallest: str, expected: float) -> None:
    sizes = [Size(*map(int, name.split("x"))) for name in (chosen, smallest)]
    assert over_needed(*sizes) == expected


# --- other rules ------------------------------------------------------------------------------------------------------


def scores(*means: float) -> dict[Size, Scores]:
    """Sizes with certain differences."""
    table = {}
    for size, mean in zip(SIZES, means, strict=True):
        trainings = mean + np.array([[0.3], [0.1], [0.2]])
        table[size] = Scores(size, size.layers * size.units, 1000 + size.units, trainings, trainings, 0.25)
    return table


def test_other_rules_choose_from_the_whole_grid() -> None:
    found = others(scores(0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.4), bound=5)
    assert {rule: str(size) for rule, size in found.items()} == {
        "best": "1x8", "one_standard_error": "1x8", "alpha_2": "1x4",
    }  # fmt: skip


@pytest.mark.parametrize(("bound", "units"), [(500, 16), (16, 16), (3, 2), (1, 1)])
def test_the_rule_of_thumb_gives_the_largest_size_of_one_layer_up_to_its_bound(bound: int, units: int) -> None:
    assert others(scores(*[0.5] * 7), bound)["alpha_2"] == Size(1, units)


def test_a_random_size_has_the_mean_over_the_grid() -> None:
    rule = summarised([line(Size(1, 2))])["rules"]
    assert rule["random"]["right"] == pytest.approx(2 / 7, abs=0.005)
    assert rule["random"]["misses_memory"] == pytest.approx(2 / 7, abs=0.005)
    assert rule["random"]["excess_median"] == pytest.approx(0.004)


def test_a_quantile_is_the_smallest_value_that_is_not_below_a_fraction_of_the_weight() -> None:
    assert quantile([3.0, 1.0, 2.0, 4.0], [1, 1, 1, 1], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0, 4.0], [1, 1, 1, 1], 0.9) == 4.0
    assert quantile([1.0, 2.0], [9, 1], 0.9) == 1.0


# --- lines and summary ------------------------------------------------------------------------------------------------


def line(chosen: Size, **changes: Any) -> dict[str, Any]:
    """What is written of a data set that needs two cells."""
    risks = table(0.9, 0.8, 0.7, 0.504, 0.502, 0.5, 0.502)
    by_rule = {OURS: chosen, "best": Size(1, 8), "one_standard_error": Size(1, 1), "alpha_2": Size(1, 16)}
    found = judged(by_rule, risks, scores(*(risk.mean for risk in risks.values())), floor=0.1)
    return {**found, "decided": True, "plain": None, "seconds": 1.0, "seconds_of_truth": 0.5, **changes}


def test_a_line_says_what_is_needed_and_how_each_rule_did() -> None:
    found = line(Size(1, 4))
    assert (found["needed"], found["best"], found["learnt"], found["clear"]) == ("1x2", "1x8", True, True)
    assert found["chosen"][OURS] == {
        "size": "1x4", "right": True, "refuted": False, "excess": 0.002, "excess_percent": 0.4, "over_needed": 1.667,
        "misses_memory": False,
    }  # fmt: skip
    assert {rule: verdict["right"] for rule, verdict in found["chosen"].items()} == {
        OURS: True, "best": False, "one_standard_error": False, "alpha_2": False,
    }  # fmt: skip


def test_a_summary_counts_what_is_right_and_decided_apart_where_cells_are_needed_and_where_none_are() -> None:
    lines = [line(Size(1, 2)), line(Size(1, 4), decided=False), line(ZERO), line(Size(1, 16), clear=False)]
    summary = summarised(lines)
    assert (summary["data_sets"], summary["right"], summary["misses_memory"], summary["decided"]) == (4, 2, 1, 3)
    assert summary["cells_needed"] == {"data_sets": 4, "right": 2, "decided": 3}
    assert summary["cells_needed_and_clear"] == {"data_sets": 3, "right": 2, "decided": 2}
    assert summary["none_needed"] == {"data_sets": 0, "right": 0, "decided": 0}
    assert summary["needed"] == {"1x2": 4}
    assert summary["rules"][OURS]["right"] == 2
    assert summary["rules"][OURS]["excess_p90"] == pytest.approx(0.4)
    assert summary["rules"]["best"]["over_needed_median"] == 3.0
    assert summary["seconds"] == 6


@pytest.mark.parametrize("size", ["0x0", "0x16"])
def test_a_data_set_that_needs_no_cells_is_counted_apart_whatever_an_older_line_calls_clear(size: str) -> None:
    # Such lines called it clear: each of no smaller sizes is far outside the margin.
    summary = summarised([line(Size(1, 2), needed=size, clear=True, decided=False), line(Size(1, 2))])
    assert summary["none_needed"] == {"data_sets": 1, "right": 1, "decided": 0}
    assert summary["cells_needed"] == summary["cells_needed_and_clear"] == {"data_sets": 1, "right": 1, "decided": 1}


@pytest.mark.parametrize(
    ("count", "data_sets", "reached"), [(8, 10, True), (7, 10, False), (2, 3, True), (1, 3, False), (1, 1, True)]
)
def test_eight_of_ten_or_two_of_three_are_to_be_reached(count: int, data_sets: int, reached: bool) -> None:
    assert is_reached({"right": count, "data_sets": data_sets}) is reached


def test_what_misses_its_mark_is_named() -> None:
    lines = [[line(Size(1, 2))] * 3, [line(Size(1, 16), learnt=False)] * 3]
    summaries = dict(zip(("linear", "parity-5"), map(summarised, lines), strict=True))
    whole = overall(summaries, [*lines[0], *lines[1]], {"cores": 2})
    assert whole["machine"] == {"cores": 2}
    assert (whole["problems"], whole["reached"]) == (2, 1)
    assert whole["missed"] == {"parity-5": "0 of 3 right"}
    assert whole["not_learnt"] == ["parity-5"]


@pytest.mark.parametrize(
    "name",
    ["few-windows", "linear", "recall-8", "delay-48", "teacher-4-4", "automaton-2", "automaton-16", "more-often"],
)
def test_every_size_of_a_problem_is_one_that_the_pipeline_would_propose(name: str) -> None:
    problem = MAKERS[name](0)
    candidates = known_size.candidates_of(problem, problems.shipped()).candidates
    assert {candidate.size for candidate in candidates} == set(known_size.grid(problem))


def test_a_short_run_trains_plain_networks_with_fewer_settings_and_says_so_in_the_key_of_its_store() -> None:
    problem, params = problems.MAKERS["recall-2"](3), problems.shipped()
    shorter, changed = known_size.shortened(problem, params)
    assert shorter.work.network.skip == ("none",)
    assert shorter.work.training == changed.search.training != params.search.training
    assert changed.search.maximum_seeds == changed.search.training.seeds == params.search.training.seeds
    assert store.key(shorter.work) != store.key(problem.work)


def test_the_quick_problems_are_there() -> None:
    assert set(QUICK) <= set(MAKERS)


# --- the truth --------------------------------------------------------------------------------------------------------


def recipe(size: Size = ZERO, **changes: Any) -> Recipe:
    plain = {"learning_rate": 0.01, "dropout": 0.0, "weight_decay": 0.0, "skip": "none", "head": "plain", "steps": 20,
             "penalty": 1.0}  # fmt: skip
    return Recipe(layers=size.layers, units=size.units, **{**plain, **changes})


def small(name: str) -> Problem:
    """A problem that is trained for some steps only."""
    problem = MAKERS[name](3)
    work = replace(problem.work, training=data.changed(problem.work.training, **data.SMOKE))
    return replace(problem, work=work, units=(1, 2), mlp_units=(16,), layers=1)


def test_who_forecasts_what_can_be_known_has_the_risk_of_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = MAKERS["recall-2"](3)
    sample = problem.fresh(500)
    scaling = fit_scaling(problem.work.windows, np.flatnonzero(problem.work.folds.development))

    def knows(*_: object) -> list[Any]:
        return [(sample.expected - scaling.mean[:1]) / scaling.std[:1] + wrong for wrong in (0.0, 0.5)]

    monkeypatch.setattr(known_size, "predict", knows)
    total = problem.noise + np.var(sample.expected)
    floor, above = problem.noise / total, (problem.noise + (0.5 * scaling.std[0]) ** 2) / total
    assert true_error.of_best_constant(problem, sample) == pytest.approx(total)
    assert risks_of(problem, sample, [recipe(), recipe()]) == pytest.approx([floor, above])


def test_the_ridge_linear_model_of_bits_that_come_back_is_near_the_floor() -> None:
    problem = MAKERS["recall-2"](3)
    sample = problem.fresh(2000)
    floor = problem.noise / true_error.of_best_constant(problem, sample)
    first, other, again = risks_of(problem, sample, [recipe(), recipe(penalty=500.0), recipe()])
    assert first is not None
    assert floor < first < 1.02 * floor
    assert again == first != other  # nothing is random in it but its penalty


def test_refits_differ_by_their_weights_and_come_out_the_same_again() -> None:
    problem = small("recall-2")
    sample = problem.fresh(500)
    of_cells = [recipe(Size(1, 2), learning_rate=0.03, skip=skip) for skip in ("none", "joint", "none")]
    first, again = (risks_of(problem, sample, of_cells) for _ in range(2))
    assert first == again
    assert len(set(first)) == 3


def test_each_refit_has_its_own_steps_and_none_of_them_leaves_the_forecast_of_the_mean() -> None:
    problem = small("recall-2")
    sample = problem.fresh(2000)
    rate = {"learning_rate": 0.03}
    none, some, more = risks_of(problem, sample, [recipe(Size(1, 2), steps=steps, **rate) for steps in (0, 10, 400)])
    assert none == pytest.approx(1.0, abs=0.02)
    assert none is not None
    assert some is not None
    assert more is not None
    assert more < some < none
    # Those that end earlier come out as they do where no other one continues.
    assert risks_of(problem, sample, [recipe(Size(1, 2), steps=steps, **rate) for steps in (0, 10)]) == [none, some]


def test_each_scored_training_of_the_first_seeds_is_refitted_with_its_setting_and_steps() -> None:
    kept = {"dropout": 0.0, "weight_decay": 0.0, "skip": "none", "head": "plain", "penalty": 10.0}
    rows = [
        {"layers": 1, "units": units, "fold": fold, "seed": seed, "status": status, "learning_rate": rate,
         "steps": steps, "early_stopping_score": steps / 1000, **kept}
        for units, fold, seed, status, rate, steps in [
            (2, 2, 0, "ok", 0.03, 180), (2, 1, 1, "ok", 0.01, 60), (2, 1, 0, "ok", 0.01, 1200),
            (2, 1, 0, "runner_up", 0.03, 600), (2, 1, 2, "ok", 0.01, 240), (4, 1, 0, "ok", 0.09, 60),
        ]
    ]  # fmt: skip
    found = recipes(pd.DataFrame(rows), Size(1, 2), seeds=2)
    assert [(one.learning_rate, one.steps) for one in found] == [(0.01, 1200), (0.01, 60), (0.03, 180)]
    assert {one.early_stopping_score for one in found} == {0.21}  # of 0.24 and 0.18: what any should reach


def test_a_refit_that_has_not_learnt_what_the_search_did_is_begun_anew_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem, begun = MAKERS["recall-2"](3), list[tuple[int, tuple[int, ...]]]()
    errors = iter([0.9, 0.1, 0.4, 0.1])
    side_by_side = known_size._side_by_side

    def noted(work: Work, trained: Mapping[int, Recipe], fitted: Mapping[int, FittedFold]) -> dict[int, Net]:
        begun.append((work.seed - problem.work.seed, tuple(trained)))
        return side_by_side(work, trained, fitted)

    monkeypatch.setattr(known_size, "_side_by_side", noted)
    monkeypatch.setattr(known_size, "training_error", lambda *given: next(errors) if given[-1] else 1.0)
    trained = [recipe(Size(1, 2), steps=0, learning_rate=0.01).model_copy(update={"early_stopping_score": 0.1})] * 2
    assert set(refitted(problem.work, trained)[1]) == {0, 1}
    assert begun == [(0, (0, 1)), (1000, (0,)), (2000, (0,))]


def test_a_risk_is_the_mean_over_folds_and_is_measured_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    problem, measured = MAKERS["recall-2"](3), list[int]()
    monkeypatch.setattr(known_size, "KEPT", tmp_path)

    def count(_: object, __: object, trained: Sequence[Recipe]) -> list[float | None]:
        measured.append(len(trained))
        return [0.1, None, 0.2, 0.4, 0.1, 0.1, 0.5, 0.5, 0.6, 0.4]

    monkeypatch.setattr(known_size, "risks_of", count)
    for _ in range(2):
        risk = Truth.begin(problem, values=100).of([recipe(Size(1, 2))] * 10)
        assert risk.mean == pytest.approx(np.mean([0.1, 0.3, 0.1, 0.5, 0.5]))
        assert risk.standard_error == pytest.approx(np.std([0.1, 0.3, 0.1, 0.5, 0.5], ddof=1) / 5**0.5)
    assert measured == [10]


def test_a_size_whose_refits_all_diverge_has_no_risk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(known_size, "KEPT", tmp_path)
    monkeypatch.setattr(known_size, "risks_of", lambda *_: [None] * 5)
    with pytest.raises(ValueError, match="recall-2 3: all refits diverged: 1x2"):
        Truth.begin(MAKERS["recall-2"](3), values=100).of([recipe(Size(1, 2))] * 5)


@pytest.mark.parametrize("size", [ZERO, Size(1, 2)])
def test_labelled_sequences_are_refitted_and_judged_in_the_same_way(size: Size) -> None:
    problem = small("more-often")
    sample = problem.fresh(2000)
    floor = problem.noise / true_error.of_best_constant(problem, sample)
    of_one = recipe(size, steps=60, learning_rate=0.03, skip="none" if size == ZERO else "joint")
    (first,), (again,) = risks_of(problem, sample, [of_one]), risks_of(problem, sample, [of_one])
    assert first == again
    assert first is not None
    assert floor < first < 1.05 * floor  # logistic regression knows it all, and a network beside it


# --- resuming ---------------------------------------------------------------------------------------------------------


def test_an_interrupted_search_resumes_with_what_it_has_finished(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    problem, trained = small("recall-2"), list[Size]()
    sizes = known_size.grid(problem)

    def train_two(work: Any, size: Size, **options: Any) -> Result:
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(size)
        return train(work, size, **options)

    def walk(known: Mapping[Size, Scores]) -> Walk:
        """Zero cells, then one cell: the rest of the grid is for the truth."""
        missing = tuple(size for size in (ZERO, Size(1, 1)) if size not in known)
        return Walk(tuple(size for size in (ZERO, Size(1, 1)) if size in known), missing[:1])

    monkeypatch.setattr(known_size, "train", train_two)
    with pytest.raises(KeyboardInterrupt):
        known_size.search(problem, walk, sizes, tmp_path)
    assert trained == [ZERO, Size(1, 1)]
    trained.clear()
    known_size.search(problem, walk, sizes, tmp_path)
    assert sorted(trained) == [Size(0, 16), Size(1, 2)]
    monkeypatch.setattr(known_size, "train", None)  # nothing is trained any more
    ended, scheduler = known_size.search(problem, walk, sizes, tmp_path)
    assert ended.visited == (ZERO, Size(1, 1))
    assert sorted(scheduler.results) == sorted(sizes)


def test_lines_are_kept_by_problem_and_seed(tmp_path: Path) -> None:
    path = tmp_path / "known_size.jsonl"
    assert known_size._read(path) == {}
    lines = {("b", 2): {"problem": "b", "seed": 2}, ("a", 1): {"problem": "a", "seed": 1}}
    known_size._write(path, lines)
    assert path.read_text().splitlines()[0] == '{"problem": "a", "seed": 1}'
    assert known_size._read(path) == lines


def test_fresh_rows_are_named_by_their_content() -> None:
    problem = problems.recall(3, 2)
    assert known_size.digest(problem.fresh(100)) == known_size.digest(problem.fresh(100))
    assert known_size.digest(problem.fresh(100)) != known_size.digest(problem.fresh(102))
