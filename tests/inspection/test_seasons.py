"""Seasons of a series, from its autocorrelation."""

import numpy as np
import pytest

from cellsize.inspection.seasons import autocorrelation, seasons

STEPS = np.arange(2000)


def noise(size: int = 2000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size)


def test_a_season_is_found_in_noise() -> None:
    assert seasons([np.sin(2 * np.pi * STEPS / 12) + noise()]) == (12,)


def test_a_longer_season_is_found_beside_the_short_one_that_it_repeats() -> None:
    day = np.sin(2 * np.pi * STEPS / 24)
    assert seasons([day + noise() / 3]) == (24,)
    assert seasons([day * (STEPS // 24 % 7 < 5) + noise() / 3]) == (24, 168)


def test_a_trend_hides_no_season() -> None:
    assert seasons([np.sin(2 * np.pi * STEPS / 12) + STEPS / 50 + noise() / 5]) == (12,)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [60, 150, 2000])
def test_noise_and_a_random_walk_have_no_season(seed: int, size: int) -> None:
    assert seasons([noise(size, seed)]) == ()
    assert seasons([noise(size, seed).cumsum()]) == ()


def test_several_series_are_looked_at_together() -> None:
    halves = [np.sin(2 * np.pi * STEPS[:200] / 12 + phase) + noise(200, seed) for seed, phase in enumerate((0, 1, 2))]
    assert seasons(halves) == (12,)


def test_rows_that_must_not_be_looked_at_change_nothing() -> None:
    values = np.sin(2 * np.pi * STEPS / 12) + noise()
    values[600:1100] = np.nan
    assert seasons([values]) == (12,)


def test_a_broad_peak_near_a_day_is_a_day() -> None:
    minutes = np.sin(2 * np.pi * np.arange(20_000) / 1440) + noise(20_000) / 3
    (found,) = seasons([minutes])
    assert abs(found - 1440) < 20
    assert seasons([minutes], (1440, 10080)) == (1440,)
    assert seasons([np.sin(2 * np.pi * STEPS / 22) + noise() / 3], (24, 168)) == (22,)


def test_of_a_long_series_the_last_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellsize.inspection.seasons.MOST_ROWS", 1000)
    values = np.concatenate([noise(), np.sin(2 * np.pi * STEPS[:1000] / 12), np.full(3000, np.nan)])
    assert seasons([values]) == (12,)


@pytest.mark.parametrize("values", [[], [np.zeros(0)], [np.zeros(50)], [np.full(50, np.nan)], [np.arange(2.0)]])
def test_what_has_no_season_has_none(values: list[np.ndarray]) -> None:
    assert seasons(values) == ()


def test_the_autocorrelation_of_a_short_cycle_worked_out_by_hand() -> None:
    correlation, pairs = autocorrelation([np.tile([1.0, -1.0], 4)])
    assert correlation == pytest.approx([1, -1, 1, -1, 1])
    assert pairs == 8
