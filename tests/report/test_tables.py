import math
from collections.abc import Callable

import pandas as pd
import pytest

from cellsize.report import tables
from cellsize.report.tables import Row, Table
from cellsize.sizing.candidate_records import Bound, Candidates, GridBound
from cellsize.sizing.choice_records import Choice, Ladder
from cellsize.sizing.inspection_records import Inspection


def rows(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def row_of(table: Table, first: str) -> Row:
    return next(row for row in table.rows if row.cells[0] == first)


def test_every_size_tried_has_a_row(toy_choice: Callable[..., Choice], toy_timings: pd.DataFrame) -> None:
    table = tables.sizes(toy_choice(), toy_timings)
    assert table.head == (
        # No more than a window of 1,200 px shows without scrolling.
        "Size", "Score (nmse)", "Difference from the best", "Within one standard error", "Failed trainings", "Seeds",
        "All parameters", "Training, s",
    )  # fmt: skip
    assert len(table.rows) == 11
    assert rows(table)[0] == ("zero cells", "0.372", "0.0830 ± 0.0070", "no", "–", "–", "438", "3.2")
    assert row_of(table, "1 × 32").cells == ("1 × 32", "0.291", "0.0015 ± 0.0070", "yes", "0 %", "2", "5,756", "35")
    assert row_of(table, "1 × 64").cells[2] == "the best"
    assert [row.cells[0] for row in table.rows if row.chosen] == ["1 × 32"]


def test_what_every_size_is_made_of_has_a_table_of_its_own(
    toy_choice: Callable[..., Choice], toy_timings: pd.DataFrame
) -> None:
    table = tables.made_of(toy_choice(), toy_timings)
    assert table.head == (
        "Size", "Recurrent parameters", "Those of the head", "Those of the linear part", "Beside", "Head",
        "Learning rate", "Forecast, ms",
    )  # fmt: skip
    assert [row.cells[0] for row in table.rows] == [
        row.cells[0] for row in tables.sizes(toy_choice(), toy_timings).rows
    ]
    assert rows(table)[0] == ("zero cells", "0", "0", "438", "–", "–", "–", "0.10")
    assert row_of(table, "1 × 32").cells == (
        "1 × 32",
        "5,120",
        "198",
        "438",
        "trained linear",
        "mixed",
        "0.003",
        "0.10",
    )
    assert [row.cells[0] for row in table.rows if row.chosen] == ["1 × 32"]


def test_a_rule_with_probabilities_shows_them(toy_choice: Callable[..., Choice], toy_timings: pd.DataFrame) -> None:
    table = tables.sizes(toy_choice().model_copy(update={"rule": "adequate"}), toy_timings)
    assert table.head[3] == "Probability of being adequate"
    judged = {row.cells[0]: row.cells[3] for row in table.rows}
    assert (judged["1 × 32"], judged["1 × 64"], judged["1 × 1"]) == ("91 %, adequate", "the best", "3 %, too small")


def test_a_size_without_a_timing_has_dashes(toy_choice: Callable[..., Choice], toy_timings: pd.DataFrame) -> None:
    for table in (tables.sizes, tables.made_of):
        assert rows(table(toy_choice(), toy_timings.iloc[1:]))[0][-1] == "–"


@pytest.mark.parametrize(
    ("skip", "beside"), [("none", "nothing"), ("linear", "fixed linear"), ("joint", "trained linear")]
)
def test_a_size_says_what_it_stands_beside(
    toy_choice: Callable[..., Choice], toy_timings: pd.DataFrame, skip: str, beside: str
) -> None:
    choice = toy_choice()
    sizes = tuple(entry.model_copy(update={"skip": skip}) for entry in choice.sizes)
    table = tables.made_of(choice.model_copy(update={"sizes": sizes}), toy_timings)
    assert row_of(table, "2 × 16").cells[4:7] == (beside, "plain", "0.003")
    assert rows(table)[0][4:7] == ("–", "–", "–")


def test_trainings_that_failed_are_per_cent(toy_choice: Callable[..., Choice], toy_timings: pd.DataFrame) -> None:
    assert row_of(tables.sizes(toy_choice(), toy_timings), "1 × 1").cells[4] == "20 %"


def test_an_mlp_has_a_learning_rate_and_no_kind_of_head(
    toy_choice: Callable[..., Choice], toy_with_mlp: Callable[..., Choice], toy_timings: pd.DataFrame
) -> None:
    choice = toy_with_mlp(toy_choice())
    worth, parts = (row_of(table(choice, toy_timings), "MLP of 64") for table in (tables.sizes, tables.made_of))
    assert worth.cells == ("MLP of 64", "0.310", "0.0212 ± 0.0070", "no", "10 %", "2", "14,000", "–")
    assert parts.cells == ("MLP of 64", "0", "14,000", "0", "nothing", "–", "0.01", "–")


def test_both_ladders_are_one_table_with_the_choice_of_each_stressed(
    toy_choice: Callable[..., Choice], toy_ladders: tuple[Ladder, ...]
) -> None:
    table = tables.ladders(toy_choice().model_copy(update={"ladders": toy_ladders}))
    assert table is not None
    assert table.head == ("Size", "Plain LSTM, score (nmse)", "Beside a linear model, score (nmse)")
    assert rows(table) == [("1 × 1", "–", "0.365"), ("1 × 32", "0.322", "0.291"), ("1 × 64", "0.299", "0.289")]
    assert [sorted(row.strong) for row in table.rows] == [[], [2], [1]]


def test_one_ladder_alone_is_no_table(toy_choice: Callable[..., Choice], toy_ladders: tuple[Ladder, ...]) -> None:
    assert tables.ladders(toy_choice()) is None
    assert tables.ladders(toy_choice().model_copy(update={"ladders": toy_ladders[1:]})) is None


def test_the_ladders_name_the_kind_of_cell(toy_choice: Callable[..., Choice], toy_ladders: tuple[Ladder, ...]) -> None:
    table = tables.ladders(toy_choice().model_copy(update={"ladders": toy_ladders, "cell": "gru"}))
    assert table is not None
    assert table.head[1] == "Plain GRU, score (nmse)"


def test_sizes_of_the_grid_without_a_score_are_listed(
    toy_candidates: Candidates, toy_choice: Callable[..., Choice]
) -> None:
    assert tables.untried(toy_candidates, toy_choice()) == ["1 × 256", "2 × 64"]


def test_every_candidate_has_its_costs_whether_it_was_tried_or_not(
    toy_candidates: Candidates, toy_choice: Callable[..., Choice]
) -> None:
    table = tables.costs(toy_candidates, toy_choice())
    assert len(table.rows) == 13
    assert row_of(table, "1 × 256").cells == ("1 × 256", "270,336", "1", "272,316", "1", "1")
    assert [row.cells[0] for row in table.rows if row.chosen] == ["1 × 32"]


def test_the_steps_of_alpha_have_their_costs_if_it_was_the_procedure(
    toy_candidates: Candidates, toy_choice: Callable[..., Choice]
) -> None:
    climbed = tables.costs(toy_candidates, toy_choice())
    stepped = tables.costs(toy_candidates, toy_choice().model_copy(update={"procedure": "alpha"}))
    # A step that is also in the grid has one line.
    assert rows(stepped)[:-1] == rows(climbed)
    assert rows(stepped)[-1][0] == "1 × 168"


def test_bounds_name_each_definition_of_a_sample_once_and_stress_the_one_in_use(toy_candidates: Candidates) -> None:
    table = tables.bounds(toy_candidates)
    assert table.head == (
        "What counts as a sample", "α", "Cells in all layers, N_i = 6 inputs of a step",
        "Cells in all layers, N_i = 72 inputs of a window", "Parameters, N_s·N_o/α", "Parameters, N_s/α",
    )  # fmt: skip
    assert rows(table)[:2] == [
        ("4,032 target time points (counted here)", "2", "168", "25", "12,096 → 54 cells", "2,016 → 22 cells"),
        ("", "5", "67", "10", "4,838 → 34 cells", "806 → 14 cells"),
    ]
    assert rows(table)[6] == ("2 series", "2", "1", "1", "6 → 1 cell", "1 → 1 cell")
    assert [(at, sorted(row.strong)) for at, row in enumerate(table.rows) if row.chosen] == [(0, [2])]


def test_bound_lines_are_those_of_the_loose_and_the_tight_alpha(toy_candidates: Candidates) -> None:
    assert tables.bound_lines(toy_candidates) == {"bound, α = 2": 168, "bound, α = 10": 33}


def test_the_grids_own_alpha_is_drawn_too(toy_candidates: Candidates) -> None:
    own = toy_candidates.model_copy(update={"bound": GridBound(kind="neurons", alpha=3.0, units=112)})
    lines = {"bound, α = 2": 168, "bound, α = 10": 33, "bound, α = 3": 112}
    assert tables.bound_lines(own) == lines


@pytest.mark.parametrize(("units", "loose", "tight", "column"), [(20, 20, 4, 4), (8, 8, 2, 5)])
def test_a_bound_on_parameters_is_drawn_in_units_of_one_layer(
    toy_candidates: Candidates, units: int, loose: int, tight: int, column: int
) -> None:
    def bound(alpha: float, by_outputs: int, by_samples: int) -> Bound:
        return Bound(
            samples="targets", alpha=alpha, neurons_by_step=1, neurons_by_window=1, parameters_by_outputs=1,
            parameters_by_samples=1, units_by_outputs=by_outputs, units_by_samples=by_samples,
        )  # fmt: skip

    changed = {
        "bound": GridBound(kind="parameters", alpha=2.0, units=units),
        "bounds": (bound(2.0, 20, 8), bound(10.0, 4, 2)),
    }
    candidates = toy_candidates.model_copy(update=changed)
    assert tables.bound_lines(candidates) == {"bound, α = 2": loose, "bound, α = 10": tight}
    assert tables.bounds(candidates).rows[0].strong == {column}


def test_a_rule_of_thumb_that_was_not_tried_has_no_score(toy_choice: Callable[..., Choice]) -> None:
    table = tables.rules_of_thumb(toy_choice())
    assert table.head == ("Rule", "Size", "All parameters", "Score (nmse)", "Difference from the choice")
    assert rows(table) == [
        ("alpha = 2, one layer", "1 × 168", "120,000", "not tried", "–"),
        ("published nets", "2 × 32", "14,204", "0.292", "0.0100 ± 0.0040"),
        ("measured", "1 × 32", "5,756", "0.291", "–"),
    ]
    assert [row.chosen for row in table.rows] == [False, False, True]


def test_a_rule_of_thumb_that_is_the_choice_has_no_difference(toy_choice: Callable[..., Choice]) -> None:
    choice = toy_choice(2, 32)
    table = tables.rules_of_thumb(choice)
    assert table.rows[1].cells == ("published nets", "2 × 32", "14,204", "0.292", "–")
    assert table.rows[1].chosen


def test_a_timing_that_is_not_a_number_is_a_dash(toy_choice: Callable[..., Choice], toy_timings: pd.DataFrame) -> None:
    table = tables.made_of(toy_choice(), pd.DataFrame(toy_timings).assign(milliseconds=math.nan))
    assert {row.cells[-1] for row in table.rows} == {"–"}


def test_the_table_of_the_window_has_what_is_declared_first_and_stresses_what_is_worth_it(
    toy_inspection: Inspection,
) -> None:
    table = tables.inspection(toy_inspection)
    assert rows(table) == [
        ("as declared", "", "0.3000", "–", "–"),
        ("window.linear_lookback", "24", "0.2460", "18 %", "18 %"),
        ("prepare.linear_calendar", "[hour_of_day]", "0.2730", "9.0 %", "9.0 %"),
        ("window.normalise", "none", "0.3060", "−2.0 %", "−2.0 %"),
    ]
    assert [sorted(row.strong) for row in table.rows] == [[], [3], [3], []]


def test_the_table_of_the_window_has_the_error_that_the_metric_names(toy_inspection: Inspection) -> None:
    table = tables.inspection(toy_inspection.model_copy(update={"metric": "mae"}))
    assert table.head == ("Key", "Value", "nmae", "Gain")
    assert table.rows[0].cells == ("as declared", "", "0.2000", "–")
    assert table.rows[1].cells == ("window.linear_lookback", "24", "0.1000", "18 %")
