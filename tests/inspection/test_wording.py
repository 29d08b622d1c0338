"""The advice, in lines that a person reads."""

from typing import Any

import pytest

from cellsize.inspection import wording
from cellsize.sizing.inspection_records import Advice, GivenAway, Inspection, NeverThere, Remarks, SeriesLeftOut


def remarks(**changes: Any) -> Remarks:
    plain: dict[str, Any] = {
        "series": 9, "left_out": 0, "series_left_out": (), "unscored": {}, "given_away": (),
        "never_there": (), "mostly_missing": {}, "few_values": {},
        "mostly_zero": {},
    }  # fmt: skip
    return Remarks(**(plain | changes))


def inspection(*advice: tuple[str, str, float], **changes: Any) -> Inspection:
    plain: dict[str, Any] = {
        "metric": "mse", "folds": 5, "windows": 100, "nmse": 0.3, "nmae": 0.2, "seasons": (), "declared_seasons": (24,),
        "not_tried": (), "holidays": "US", "options": (), "gain": 0.2, "remarks": remarks(),
    }  # fmt: skip
    entries = tuple(Advice(key=key, value=value, gain=gain) for key, value, gain in advice)
    return Inspection(**(plain | changes), advice=entries)


def test_each_thing_has_a_line_and_each_change_a_key() -> None:
    found = inspection(
        ("window.linear_lookback", "192", 0.181),
        ("prepare.linear_calendar", "[hour_of_week]", 0.0284),
        seasons=(24, 168),
    )
    assert wording.findings(found) == [
        "lookback 192 is worth 18 % to the linear model; more than any number of memory cells may be",
        "linear calendar [hour_of_week] is worth 2.8 % to the linear model in addition",
        "seasons of 24 and 168 steps in the autocorrelation; no baseline has 168",
    ]
    assert wording.changes(found) == [
        "window.linear_lookback: 192",
        "prepare.linear_calendar: [hour_of_week]",
        "baseline.seasons: [24, 168]",
    ]
    assert wording.printed(found).splitlines()[2:5] == [
        "inspect: seasons of 24 and 168 steps in the autocorrelation; no baseline has 168",
        "inspect: to follow this, set in params.yaml",
        "  window.linear_lookback: 192",
    ]
    assert wording.note(found) == (
        "window.linear_lookback: 192, prepare.linear_calendar: [hour_of_week] would be worth 20 % to the linear model "
        "(stage inspect)"
    )


def test_without_advice_it_says_so() -> None:
    found = inspection(seasons=(24,))
    assert wording.findings(found) == [wording.NOTHING]
    assert wording.changes(found) == []
    assert wording.printed(found) == f"inspect: {wording.NOTHING}"
    assert wording.note(found) == ""


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("window.transform", "sqrt", "transform sqrt is worth 5.0 % to the linear model"),
        ("window.normalise", "last", "normalise last is worth 5.0 % to the linear model"),
        ("prepare.holidays", "null", "leaving the holidays out is worth 5.0 % to the linear model"),
        ("prepare.holidays", "US-CA", "knowing the holidays of US-CA is worth 5.0 % to the linear model"),
        ("prepare.linear_calendar", "[]",
         "no linear calendar is worth 5.0 % to the linear model; more than any number of memory cells may be"),
        ("window.linear_lookback", "null",
         "no more lookback than the cells have is worth 5.0 % to the linear model; more than any number of memory "
         "cells may be"),
    ],
)  # fmt: skip
def test_less_may_be_worth_more(key: str, value: str, line: str) -> None:
    assert wording.findings(inspection((key, value, 0.05))) == [line]


def test_holidays_that_nothing_tells_the_country_of_are_said_to_be_left_out() -> None:
    found = inspection(holidays=None)
    assert wording.findings(found) == [wording.NOTHING, wording.NO_HOLIDAYS]
    assert wording.printed(found).splitlines()[1] == (
        "inspect: holidays were not compared, since nothing says of which country; to compare them set "
        "prepare.holidays, such as US"
    )


def test_a_loss_has_a_true_minus() -> None:
    assert [wording.percent(gain) for gain in (-0.042, 0.0994, 0.123, -0.5)] == ["−4.2 %", "9.9 %", "12 %", "−50 %"]


def test_data_with_nothing_odd_have_no_remark() -> None:
    assert wording.remarks(remarks()) == []


def test_each_odd_thing_has_a_sentence_and_is_printed_first() -> None:
    odd = remarks(
        given_away=(
            GivenAway(target="y", covariates=("copy",), explained=1.0),
            GivenAway(target="z", covariates=("a", "b"), explained=0.9934),
        ),
        mostly_missing={"y": 0.631},
        few_values={"y": (0.0, 1.0, 2.0), "z": tuple(map(float, range(10)))},
        mostly_zero={"y": 0.9},
        left_out=1,
        never_there=(
            NeverThere(covariate="late", known_future=False, steps=24),
            NeverThere(covariate="plan", known_future=True, steps=12),
        ),
        unscored={"c": (2,), "d": (1, 3)},
        series_left_out=(SeriesLeftOut(series="b", reason="too short (12 rows, 30 needed)"),),
    )
    assert wording.remarks(odd) == [
        "the known-future covariate 'copy' gives the target 'y' away: more than 99.9 % of its variance at the same "
        "step is explained; if it is not really known in future, every score is too good: remove it from "
        "prepare.known_future_covariates",
        "the known-future covariates 'a' and 'b' give the target 'z' away: 99.3 % of its variance at the same step is "
        "explained; if they are not really known in future, every score is too good: remove them from "
        "prepare.known_future_covariates",
        "the covariate 'late' is missing in the last 24 rows of every series, all that a window sees: a forecast made "
        "now would be without it; if it always comes so late, every score that it improves is too good: remove it from "
        "prepare.past_covariates or prepare.categorical_covariates",
        "the known-future covariate 'plan' is not given for all of the 12 steps to come in any series that has rows of "
        "them: a forecast made now would be refused; give it there, or remove it from prepare.known_future_covariates",
        "the target 'y' is missing in 63 % of the rows before the holdout",
        "the target 'y' has 3 values only (0, 1, 2); forecasts are means, which lie between them",
        "the target 'z' has 10 values only (0, 1, 2, 3, 4, …, 9); forecasts are means, which lie between them",
        "the target 'y' is 0 in 90 % of its rows; for such a target compare the MAE and the baselines in its own unit, "
        "since a forecast of 0 is hard to beat",
        "1 of 9 series is left out: b too short (12 rows, 30 needed)",
        "folds without a training window of a series have no scale for it, and do not score it: c in fold 2, d in "
        "folds 1, 3",
    ]
    printed = wording.printed(inspection(remarks=odd)).splitlines()
    assert printed[0].startswith("inspect: the known-future covariate 'copy' gives the target 'y' away")
