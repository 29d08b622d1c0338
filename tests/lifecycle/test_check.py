"""A check as a whole, without a registry; end to end it is in tests/end_to_end/test_check.py."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cellsize.lifecycle import check, check_verdict
from cellsize.lifecycle.check_verdict import CheckResult
from tests.lifecycle.known_model import LEARNED, Known

Make = Callable[..., Known]
Table = Callable[..., pd.DataFrame]


def checked(known: Known, table: pd.DataFrame, folder: Path) -> CheckResult:
    path = folder / "new.parquet"
    table.to_parquet(path, index=False)
    return check.measured("toy", "1", path, known.model, known.reference)


def test_rows_like_those_before_are_as_before(known: Known, wave: Table, tmp_path: Path) -> None:
    result = checked(known, wave(500, 700), tmp_path)
    assert result.verdict == "as before"
    assert result.rows == 700 - LEARNED + 12
    assert result.compared_steps == 72  # of 112 new steps as many as go eight times into 600, in whole seasons
    assert [each.column for each in result.shifts] == ["y", "x"]


def test_a_level_that_has_moved_is_a_shift_and_the_forecasts_of_a_linear_model_become_worse(
    known: Known, wave: Table, tmp_path: Path
) -> None:
    result = checked(known, wave(500, 700, level=3.0), tmp_path)
    assert result.verdict == "worse"
    assert [each.column for each in result.shifted] == ["y"]


def test_a_covariate_alone_that_has_moved_is_named(known: Known, wave: Table, tmp_path: Path) -> None:
    table = wave(500, 700)
    table.loc[table.index >= 100, "x"] += 2.0
    assert [each.column for each in checked(known, table, tmp_path).shifted] == ["x"]


def test_noise_makes_an_error_worse_for_any_model(known: Known, wave: Table, tmp_path: Path) -> None:
    result = checked(known, wave(500, 700, noise=1.5), tmp_path)
    assert result.verdict == "worse"
    assert "may not help" in check_verdict.advice(result)


def test_a_series_that_is_not_there_this_time_is_no_shift(make_known: Make, wave: Table, tmp_path: Path) -> None:
    made = make_known(("a", "b"))
    table = wave(500, 700, ("a", "b"))
    for kept in (table, table[table["place"] == "b"]):
        result = checked(made, kept, tmp_path)
        assert (result.verdict, result.unknown) == ("as before", ())
        assert len(result.shifts) == 2


def test_a_series_that_is_new_counts_for_the_error_alone(make_known: Make, wave: Table, tmp_path: Path) -> None:
    made = make_known(("a", "b"))
    result = checked(made, wave(500, 700, ("c",)), tmp_path)
    assert result.unknown == ("c",)
    assert result.no_inputs == "the model has learned from none of the series"
    assert result.compared is not None


def test_independent_sequences_are_compared_as_they_are(make_known: Make, wave: Table, tmp_path: Path) -> None:
    made = make_known(tuple("abcdefghijklmnopqr"))
    kept = made.reference
    sequences = replace(kept, are_sequences=True, season=1, step=kept.series)
    result = checked(replace(made, reference=sequences), wave(500, 600, ("y", "z")), tmp_path)
    assert result.unknown == ("y", "z")
    assert len(result.new.windows) == 2  # a block each
    assert result.compared_steps == 2


def test_less_than_a_season_of_new_rows_says_nothing_of_inputs(known: Known, wave: Table, tmp_path: Path) -> None:
    long = replace(known, reference=replace(known.reference, season=200))
    result = checked(long, wave(500, 640), tmp_path)
    assert result.no_inputs == "the model has learned from 600 steps, fewer than 8 times 200"
    season = replace(known, reference=replace(known.reference, season=60))
    assert checked(season, wave(500, 640), tmp_path).no_inputs == "the new rows are fewer than 60 steps"


def test_without_a_reference_the_error_is_measured_and_nothing_is_compared(
    known: Known, wave: Table, tmp_path: Path
) -> None:
    path = tmp_path / "new.csv"
    wave(500, 700).to_csv(path, index=False)
    result = check.measured("toy", "1", path, known.model, None)
    assert result.verdict == "cannot tell"
    assert result.new.error > 0


@pytest.mark.parametrize("with_reference", [True, False])
def test_what_was_measured_is_json_without_nan(known: Known, wave: Table, tmp_path: Path, with_reference: bool) -> None:
    path = tmp_path / "new.csv"
    wave(500, 700).to_csv(path, index=False)
    result = check.measured("toy", "1", path, known.model, known.reference if with_reference else None)
    content = json.loads(json.dumps(check.content(result), allow_nan=False))
    assert content["status"] == (0 if with_reference else 5)
    assert set(content["inputs"]["columns"]) == ({"y", "x"} if with_reference else set())
