"""Names of scores and of baselines."""

from typing import get_args

from cellsize.data import names
from cellsize.params import Metric


def test_a_score_has_the_name_of_its_metric() -> None:
    known = ["nmse", "nmae", "npinball", "normalised log loss"]
    assert [names.score_name(metric) for metric in get_args(Metric)] == known


def test_a_seasonal_naive_forecast_is_named_after_its_season() -> None:
    assert names.seasonal_naive(168) == "seasonal_naive_168"
    assert names.season_of("seasonal_naive_168") == 168
    assert names.season_of("seasonal_naive") is names.season_of("naive") is None
