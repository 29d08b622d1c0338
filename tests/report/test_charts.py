import re

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import Folds
from cellsize.report import charts, drawing
from cellsize.report.charts import Point

HOUR = pd.Timedelta(hours=1)
ZERO = Point(0, 0, 0.4, 0.02, within=False, chosen=False)
ONE = [Point(1, units, 0.4 - 0.01 * units, 0.01, within=units > 4, chosen=units == 8) for units in (1, 2, 4, 8)]


def texts(drawn):
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn)


def test_a_chart_is_the_same_twice_and_holds_no_address_and_no_fixed_colour():
    one, two = (charts.sizes([ZERO, *ONE], {"bound, α = 2": 20}, "good") for _ in range(2))
    assert one == two
    assert "http" not in one
    assert not any(marker in one for marker in drawing.VARIABLES)
    assert one.startswith('<svg role="img" aria-label=')


def test_charts_share_no_id(made_curves, made_forecasts):
    drawn = [
        charts.sizes(ONE, {}, "good"),
        charts.curves(made_curves.assign(kept=14), 14),
        charts.forecasts(made_forecasts, 2, "MW", {"model": "this model"}),
    ]
    ids = [set(re.findall(r'\bid="([^"]+)"', chart)) for chart in drawn]
    assert all(ids)
    assert not ids[0] & ids[1] | ids[1] & ids[2] | ids[0] & ids[2]


def test_the_chosen_size_and_every_bound_are_named():
    said = texts(charts.sizes([ZERO, *ONE], {"bound, α = 2": 20, "bound, α = 10": 4}, "good"))
    assert {"chosen: 1 × 8", "bound, α = 2: 20", "bound, α = 10: 4", "zero cells", "1 layer"} <= set(said)


def test_a_bound_far_to_the_right_is_named_but_not_drawn():
    # Sizes up to 8 and a bound of 100,000 would leave two thirds of the chart empty.
    said = texts(charts.sizes(ONE, {"bound, α = 2": 100_000}, "good"))
    assert "bound, α = 2: 100,000 →" in said
    assert "1024" not in said


def test_zero_cells_alone_can_be_drawn():
    said = texts(charts.sizes([Point(0, 0, 0.4, 0.0, within=True, chosen=True)], {"bound, α = 2": 16}, "good"))
    assert "zero cells (the chosen size)" in said


def test_a_dollar_sign_is_text_and_unknown_letters_raise_no_warning(made_forecasts, recwarn):
    drawn = charts.forecasts(made_forecasts, 1, "US$ and A$ 東京", {"model": "this model"})
    assert "US$ and A$ 東京" in drawn
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_folds_are_drawn_in_time_one_row_each(made_windows, made_folds):
    assert charts.in_time(made_folds, made_windows.start)
    said = texts(charts.folds(made_folds, made_windows.start, made_windows.epoch, HOUR))
    assert {"fold 1", "fold 5", "train", "stop", "validation", "purged", "holdout"} <= set(said)


def test_folds_that_divide_series_are_drawn_as_shares(made_windows):
    by_series = made_windows.series[made_windows.first]
    development = np.ones(len(by_series), bool)
    labels = np.stack([np.where(by_series == 0, 1, 3), np.where(by_series == 0, 3, 1)]).astype(np.int8)
    made = Folds(labels, ~development, development)
    assert not charts.in_time(made, made_windows.start)
    said = texts(charts.folds(made, made_windows.start, made_windows.epoch, HOUR))
    assert "share of the windows, %" in said
    assert "holdout" not in said


@pytest.mark.parametrize("examples", [1, 2, 3, 5])
def test_stretches_are_whole_forecasts_of_every_series_in_turn(made_forecasts, examples):
    chosen = charts.stretches(made_forecasts, examples)
    assert len(chosen) == examples
    assert [part["series"].nunique() for part in chosen] == [1] * examples
    assert {part["series"].iloc[0] for part in chosen} == set(["north", "south"][:examples])
    for part in chosen:
        assert (part.groupby("origin")["step"].count() == made_forecasts["step"].max()).all()
        assert len(part) <= charts.STRETCH


def test_a_hole_in_the_forecasts_breaks_the_line(made_forecasts):
    north = made_forecasts[(made_forecasts["series"] == "north") & (made_forecasts["origin"] < "2024-05-04")]
    hole = north[north["origin"] != north["origin"].unique()[4]]

    def strokes(table):
        drawn = charts.forecasts(table, 1, "MW", {})
        return max(path.count("M ") for path in re.findall(r'<path d="([^"]+)"[^>]*clip-path', drawn))

    assert strokes(north) == 1
    assert strokes(hole) == 2
