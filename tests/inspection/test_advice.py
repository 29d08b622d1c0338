"""What is advised for series of which one knows what they want."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import row_mask
from cellsize.data.holidays import holidays
from cellsize.sizing.inspection_records import Inspection
from tests.inspection.conftest import Given

Make = Callable[..., Given]
HOURS = np.arange(1500)


def noise(seed: int = 0, size: int = 1500) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size)


def advised(found: Inspection) -> list[tuple[str, str]]:
    return [(advice.key, advice.value) for advice in found.advice]


def spikes(period: int) -> np.ndarray:
    """One draw a phase, again and again, which a look at the last few steps does not tell."""
    return np.resize(np.random.default_rng(3).standard_normal(period), 1500) * 3 + noise() / 3


def test_a_season_longer_than_the_lookback_is_found_and_asked_for(given: Make) -> None:
    found = given(spikes(13), normalise="none").inspect()
    assert found.seasons == (13,)
    assert advised(found)[0] == ("window.linear_lookback", "13")
    assert found.gain > 0.5
    worth = {option.value: option.gain for option in found.options if option.key == "window.linear_lookback"}
    assert set(worth) == {"12", "13", "24"}
    assert found.advice[0].gain == pytest.approx(worth["13"])


def test_a_trend_wants_the_last_value_taken_off(given: Make) -> None:
    # A walk that drifts far away from where it was in training.
    found = given(np.cumsum(noise(1) + 0.2), lookback=3).inspect()
    assert ("window.normalise", "last") in advised(found)


def test_an_hour_of_the_day_that_differs_wants_a_calendar(given: Make) -> None:
    values = np.where(HOURS % 24 == 7, 8.0, 0.0) + noise()
    assert ("prepare.linear_calendar", "[hour_of_day]") in advised(
        given(values, lookback=3, linear_lookback=4).inspect()
    )


def test_multiplied_noise_wants_a_transformation(given: Make) -> None:
    values = np.exp(2 * np.sin(2 * np.pi * HOURS / 12) + noise() / 3)
    assert "window.transform" in [key for key, _ in advised(given(values, lookback=12).inspect())]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_advised_where_there_is_nothing_to_find(given: Make, seed: int) -> None:
    found = given(noise(seed)).inspect()
    assert advised(found) == []
    assert found.gain == 0
    assert found.seasons == ()


def test_what_is_perfect_is_left_alone(given: Make) -> None:
    assert advised(given(np.sin(HOURS), lookback=12).inspect()) == []


def test_advice_that_was_followed_is_not_given_again(given: Make) -> None:
    values = np.where(HOURS % 24 == 7, 8.0, 0.0) + noise()
    assert advised(given(values, lookback=3, linear_lookback=4).inspect()) != []
    schema = {"linear_calendar": ("hour_of_day",)}
    assert advised(given(values, schema=schema, lookback=3, linear_lookback=4).inspect()) == []


def test_what_is_too_much_is_advised_against(given: Make) -> None:
    # One thing matters, and three hundred others are in its way.
    values = np.convolve(noise(2, 1501), [1, 0.9])[1:-1]
    found = given(values, lookback=2, linear_lookback=80, split={"folds": 2}).inspect()
    assert advised(found)[0] == ("window.linear_lookback", "null")


def test_options_are_ranked_by_the_metric(given: Make) -> None:
    values = np.exp(1.5 * np.sin(2 * np.pi * HOURS / 12) + noise() / 2)
    for metric in ("mse", "mae"):
        found = given(values, lookback=12).inspect(metric)
        assert found.metric == metric
        plain = getattr(found, f"n{metric}")
        for option in found.options:
            assert option.gain == pytest.approx(1 - getattr(option, f"n{metric}") / plain)
            assert option.gain_mae == pytest.approx(1 - option.nmae / found.nmae)
            assert not option.worth or option.gain >= 0.02
        assert found.advice[0].gain == pytest.approx(
            next(option.gain for option in found.options
                 if (option.key, option.value) == (found.advice[0].key, found.advice[0].value))
        )  # fmt: skip


def test_holidays_that_matter_are_advised(given: Make) -> None:
    made = given(noise(4, 24 * 500), schema={"timezone": "America/New_York"}, lookback=3)
    days = (
        made.frame["time"].dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize()
    )
    closed = days.isin([pd.Timestamp(day) for day in holidays("US", range(2026, 2028))])
    found = replace(made, frame=made.frame.assign(y=made.frame["y"] - 12.0 * closed)).inspect()
    assert found.holidays == "US"
    assert ("prepare.holidays", "US") in advised(found)
    assert made.inspect().advice == ()


# --- nothing leaks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("poison", [1e6, -1e6])
def test_a_value_of_the_holdout_changes_nothing(given: Make, poison: float) -> None:
    made = given(np.abs(spikes(13)))
    outside = ~row_mask(made.windows(), np.flatnonzero(made.folds.development))
    frame = made.frame.copy()
    frame.loc[outside, "y"] = poison
    assert outside.sum() > 200
    assert replace(made, frame=frame).inspect() == made.inspect()


def test_a_value_that_is_validated_on_and_never_learned_changes_nothing(given: Make) -> None:
    # Of expanding folds, the last validation block is in no training part.
    made = given(np.abs(spikes(13)), split={"scheme": "expanding", "folds": 3})
    arrays = made.windows()
    learned = np.concatenate([np.concatenate([fold.train, fold.early_stopping]) for fold in made.folds.all()])
    only = row_mask(arrays, made.folds.fold(2).validation) & ~row_mask(arrays, np.unique(learned))
    frame = made.frame.copy()
    frame.loc[only, "y"] = 1e6
    assert only.sum() > 200
    assert replace(made, frame=frame).inspect() == made.inspect()
