import re

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import Folds
from cellsize.data.windows import Windows
from cellsize.report import charts, size_chart
from cellsize.report.size_chart import Point
from cellsize.sizing.adequacy import Verdict

VERDICTS: dict[Verdict, str] = {"adequate": "good", "undecided": "perhaps"}
HOUR = pd.Timedelta(hours=1)
ONE = [
    Point(1, units, 0.4 - 0.01 * units, 0.01, verdict="adequate" if units > 4 else "undecided", chosen=units == 8)
    for units in (1, 2, 4, 8)
]


def texts(drawn: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn)


def test_charts_share_no_id(toy_curves: pd.DataFrame, toy_forecasts: pd.DataFrame) -> None:
    drawn = [
        size_chart.sizes(ONE, {}, VERDICTS, "nmse"),
        charts.curves(toy_curves.query("learning_rate == 0.003").assign(kept=840), 840, "nmse"),
        charts.forecasts(toy_forecasts, 2, "MW", {"model": "this model"}),
    ]
    ids = [set(re.findall(r'\bid="([^"]+)"', chart)) for chart in drawn]
    assert all(ids)
    assert not ids[0] & ids[1] | ids[1] & ids[2] | ids[0] & ids[2]


def test_a_short_holdout_is_drawn_once_and_its_months_have_no_time_of_day(toy_forecasts: pd.DataFrame) -> None:
    # 15 windows were drawn three times, each `from 1959-08-01 00:00`.
    north = toy_forecasts[toy_forecasts["series"] == "north"]
    short = north[north["origin"].isin(sorted(north["origin"].unique())[:3])]
    assert len(charts.stretches(short, 3)) == 1
    months = {moment: pd.Timestamp("1959-08-01") + pd.DateOffset(months=number)
              for number, moment in enumerate(sorted({*short["origin"], *short["time"]}))}  # fmt: skip
    short = short.assign(origin=short["origin"].map(months), time=short["time"].map(months))
    titles = [word for word in texts(charts.forecasts(short, 3, "", {})) if word.startswith("from")]
    assert len(titles) == 1
    assert re.fullmatch(r"from 1959-\d\d-01", titles[0])


def test_the_axes_name_the_score(toy_curves: pd.DataFrame) -> None:
    curves = toy_curves.query("learning_rate == 0.003").assign(kept=840)
    assert "score: mean nmae (lower is better)" in texts(size_chart.sizes(ONE, {}, VERDICTS, "nmae"))
    assert "nmae on the early-stopping set" in texts(charts.curves(curves, 840, "nmae"))


def test_folds_are_drawn_in_time_one_row_each(toy_windows: Windows, toy_folds: Folds) -> None:
    assert charts.in_time(toy_folds, toy_windows.start)
    words = texts(charts.folds(toy_folds, toy_windows))
    assert {"fold 1", "fold 5", "train", "early stopping", "validation", "purged", "holdout"} <= set(words)


def test_folds_that_divide_series_are_drawn_as_percentages(toy_windows: Windows) -> None:
    by_series = toy_windows.series[toy_windows.first]
    development = np.ones(len(by_series), bool)
    labels = np.stack([np.where(by_series == 0, 1, 3), np.where(by_series == 0, 3, 1)]).astype(np.int8)
    by_series_folds = Folds(labels, ~development, development)
    assert not charts.in_time(by_series_folds, toy_windows.start)
    words = texts(charts.folds(by_series_folds, toy_windows))
    assert "percentage of the windows" in words
    assert "holdout" not in words


@pytest.mark.parametrize("examples", [1, 2, 3, 5])
def test_stretches_are_whole_forecasts_of_every_series_in_turn(toy_forecasts: pd.DataFrame, examples: int) -> None:
    chosen = charts.stretches(toy_forecasts, examples)
    assert len(chosen) == examples
    assert [part["series"].nunique() for part in chosen] == [1] * examples
    assert {part["series"].iloc[0] for part in chosen} == set(["north", "south"][:examples])
    for part in chosen:
        assert (part.groupby("origin")["step"].count() == toy_forecasts["step"].max()).all()
        assert len(part) <= charts.STRETCH


def test_a_hole_in_the_forecasts_breaks_the_line(toy_forecasts: pd.DataFrame) -> None:
    north = toy_forecasts[(toy_forecasts["series"] == "north") & (toy_forecasts["origin"] < "2024-05-04")]
    hole = north[north["origin"] != north["origin"].unique()[4]]

    def strokes(table: pd.DataFrame) -> int:
        drawn = charts.forecasts(table, 1, "MW", {})
        paths: list[str] = re.findall(r'<path d="([^"]+)"[^>]*clip-path', drawn)
        return max(path.count("M ") for path in paths)

    assert strokes(north) == 1
    assert strokes(hole) == 2


def test_learning_curves_have_one_name_for_each_fold_and_the_steps_of_the_refit(toy_curves: pd.DataFrame) -> None:
    curves = toy_curves.query("learning_rate == 0.003").assign(kept=840)
    words = texts(charts.curves(curves, 840, "nmse"))
    assert {"nmse on the early-stopping set", "step", "final training: 840 steps"} <= set(words)
    assert [word for word in words if word.startswith("fold")] == [f"fold {fold}" for fold in range(1, 6)]


def test_a_value_that_stands_alone_between_missing_ones_is_drawn(toy_forecasts: pd.DataFrame) -> None:
    north = toy_forecasts[(toy_forecasts["series"] == "north") & (toy_forecasts["origin"] < "2024-05-04")]
    gappy = north.reset_index(drop=True)
    gappy.loc[[10, 12], "truth"] = np.nan
    assert (
        charts.forecasts(gappy, 1, "MW", {}).count("<use ") == charts.forecasts(north, 1, "MW", {}).count("<use ") + 1
    )
