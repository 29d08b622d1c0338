"""What DVC compares: plain numbers, as they are."""

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cellsize.report import metrics
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Metrics


def test_the_metrics_are_a_dozen_numbers_of_choice_and_holdout(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation]
) -> None:
    numbers = metrics.metrics(toy_choice(), toy_evaluation()).model_dump()
    ridge_linear, seasonal_naive, naive = 0.31 * 1.13**2, 0.31 * 1.4**2, 0.31 * 2.1**2  # a multiple of its error each
    assert numbers == {
        "layers": 1,
        "units": 32,
        "parameters": 5756,
        "recurrent": 5120,
        "score": 0.2908,
        "score_best": 0.2893,
        "score_zero_cells": 0.3723,
        "holdout_nmse": 0.31,
        "holdout_nmae": 0.48,
        "holdout_mae": 0.0117,
        "holdout_nmse_naive": naive,
        "holdout_nmse_seasonal_naive": seasonal_naive,
        "holdout_nmse_ridge_linear": ridge_linear,
        "holdout_nmse_boosted_trees": 0.31 * 1.05**2,
        "holdout_coverage_90": 0.875,
    }
    assert {type(value) for value in numbers.values()} == {int, float}


def test_without_intervals_of_90_percent_their_coverage_is_left_out_and_older_files_are_read(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], tmp_path: Path
) -> None:
    evaluation = toy_evaluation().model_copy(update={"coverage": {"80": 0.79}})
    metrics.metrics(toy_choice(), evaluation).write(tmp_path / "metrics.json")
    assert "coverage" not in (tmp_path / "metrics.json").read_text(encoding="utf-8")
    assert Metrics.read(tmp_path / "metrics.json").holdout_coverage_90 is None


def test_the_plot_of_sizes_has_one_row_for_each_size_tried(toy_choice: Callable[..., Choice]) -> None:
    table = metrics.sizes(toy_choice())
    columns = ["layers", "units", "parameters", "score", "difference", "difference_se", "chosen"]
    assert list(table.columns) == columns
    assert len(table) == 11
    assert table.iloc[6].to_list() == [1, 32, 5756, 0.2908, 0.2908 - 0.2893, 0.007, True]
    assert table["chosen"].sum() == 1


def test_numbers_survive_the_file_to_the_last_digit(toy_choice: Callable[..., Choice]) -> None:
    table = metrics.sizes(toy_choice())
    text = io.StringIO(table.to_csv(index=False))
    pd.testing.assert_frame_equal(pd.read_csv(text), table, check_exact=True)


def test_learning_curves_are_those_of_the_chosen_size_and_setting(
    toy_curves: pd.DataFrame, toy_trials: pd.DataFrame, toy_choice: Callable[..., Choice]
) -> None:
    # The trials have seed 0 and a learning rate of 0.003 alone; the curves have another seed and rate too.
    chosen = metrics.learning_curves(toy_curves, toy_trials, toy_choice())
    assert set(chosen["seed"]) == {0}
    assert set(chosen["learning_rate"]) == {0.003}
    assert set(chosen["kept"]) == {840}
    assert chosen.groupby("fold")["step"].max().to_dict() == {1: 900, 2: 960, 3: 1020, 4: 1080, 5: 1140}


@pytest.mark.parametrize(("column", "other"), [("skip", "none"), ("head", "plain")])
def test_the_curves_of_another_architecture_are_not_those_of_the_choice(
    toy_curves: pd.DataFrame, toy_trials: pd.DataFrame, toy_choice: Callable[..., Choice], column: str, other: str
) -> None:
    both = pd.concat([toy_curves, toy_curves.assign(**{column: other})])
    assert len(metrics.learning_curves(both, toy_trials, toy_choice())) == 15 + 16 + 17 + 18 + 19


def test_a_check_without_a_score_is_left_out(
    toy_curves: pd.DataFrame, toy_trials: pd.DataFrame, toy_choice: Callable[..., Choice]
) -> None:
    last = toy_curves["step"] == toy_curves["step"].max()
    unscored = toy_curves.assign(early_stopping_score=toy_curves["early_stopping_score"].mask(last))
    whole, cut = (metrics.learning_curves(table, toy_trials, toy_choice()) for table in (toy_curves, unscored))
    assert len(whole) - len(cut) == 1
    assert cut["early_stopping_score"].notna().all()


@pytest.mark.parametrize(("layers", "units", "rows"), [(1, 32, 15 + 16 + 17 + 18 + 19), (0, 0, 0)])
def test_the_plot_of_curves_is_the_header_alone_without_memory_cells(
    toy_curves: pd.DataFrame,
    toy_trials: pd.DataFrame,
    toy_choice: Callable[..., Choice],
    layers: int,
    units: int,
    rows: int,
) -> None:
    chosen = metrics.learning_curves(toy_curves, toy_trials, toy_choice(layers, units))
    lines = metrics.curves(chosen).to_csv(index=False).splitlines()
    assert lines[0] == "fold,seed,step,early_stopping_score"
    assert len(lines) == 1 + rows
