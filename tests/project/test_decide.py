"""What is decided by values before the holdout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.project import decide, template
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from tests.project.conftest import params, said

Hourly = Callable[..., Path]


def test_gaps_are_counted_and_longer_ones_than_usual_are_accepted(hourly: Hourly) -> None:
    path = hourly(800)
    table = pd.read_csv(path).drop(index=range(100, 140))
    table.loc[300:302, "load"] = np.nan
    table.to_csv(path, index=False)
    found = examine(Asked(path))
    assert params(found).prepare.gap == 40
    assert said(found, "gaps").startswith("gaps: the longest has 40 steps without a row")


def test_a_table_of_150_rows_gets_folds_that_the_pipeline_accepts(hourly: Hourly) -> None:
    from cellsize.data import folds, series, usable

    path = hourly(150)
    made = params(examine(Asked(path)))
    table: Any = pd.read_csv(path)
    schema = series.describe(table, path, made.prepare)
    parts = folds.split(usable.build(series.clean(table, path, schema), schema, made.window, path), made.split)
    assert min(len(fold.train) for fold in parts.all()) >= 10


def test_a_covariate_that_gives_the_target_away_is_remarked_on(hourly: Hourly) -> None:
    path = hourly()
    table = pd.read_csv(path)
    table.assign(copy=2 * table["load"]).to_csv(path, index=False)
    assert "'copy' gives the target 'load' away" in said(
        examine(Asked(path, targets=("load",), future=("copy",))), "remark"
    )


def test_a_number_that_stands_for_a_missing_value_is_remarked_on(hourly: Hourly) -> None:
    path = hourly()
    table = pd.read_csv(path)
    table.loc[[10, 50, 90], "load"] = -999
    table.to_csv(path, index=False)
    assert said(examine(Asked(path)), "remark").startswith("remark: 'load' is -999 in 3 rows, far from all others")


def test_series_that_one_scale_could_not_tell_apart_have_their_own(tmp_path: Path) -> None:
    hours, wave = pd.date_range("2026-01-01", periods=400, freq="h"), 10 + 3 * np.sin(np.arange(400) * np.pi / 6)
    path = tmp_path / "t.csv"
    for level, scale in ((1e4, "global"), (1e9, "series")):
        parts = [pd.DataFrame({"when": hours, "place": name, "load": (wave + add).round(3)})
                 for name, add in (("north", 0.0), ("south", level))]  # fmt: skip
        pd.concat(parts).to_csv(path, index=False)
        found = examine(Asked(path, targets=("load",)))
        assert params(found).window.scale == scale
    assert said(found, "scale").endswith("could not tell the values of 'south' apart")


def test_fill_values_are_found_among_a_million_values_that_are_there_once() -> None:
    # To compare each of them with all others took hours.
    values = np.concatenate([np.random.default_rng(0).normal(0, 1, 1_000_000), np.full(3, -999.0)])
    (line,) = decide._remark_on_fill_values(pd.DataFrame({"load": values}), ("load",))
    assert line.startswith("remark: 'load' is -999 in 3 rows, far from all others")


def test_of_a_season_of_very_many_steps_a_half_is_predicted_and_a_whole_one_is_seen(
    write_csv: Callable[..., Path],
) -> None:
    # A day of ten minutes each: a table by the minute would be trained on windows of two days, 2,880 steps.
    steps = np.arange(30 * 144)
    when = pd.date_range("2026-01-01", periods=steps.size, freq="10min").strftime("%Y-%m-%d %H:%M")
    load = 50 + 5 * np.sin(2 * np.pi * steps / 144) + np.random.default_rng(0).normal(0, 1, steps.size)
    found = examine(Asked(write_csv(when=when, load=load.round(3))))
    made = params(found)
    assert (made.baseline.seasons, made.window.lookback, made.window.horizon) == ((144,), 144, 72)
    assert said(found, "horizon") == "horizon: 72 steps (10 minutes), since 144 are many for memory cells"
    assert said(found, "lookback") == "lookback: 144 steps, since 288 are many for memory cells"


@pytest.mark.parametrize(
    ("seasons", "expected"),
    [((24, 168), {"history": 336}), ((7, 365), {"history": 730}), ((1440, 10080), {"history": 2880}),
     ((10080,), {"classical": "none"})],
)  # fmt: skip
def test_the_classical_model_sees_two_of_each_season_that_it_has_time_for(
    seasons: tuple[int, ...], expected: dict[str, template.Value]
) -> None:
    found, said = decide._classical(seasons, template.validated({}))
    assert found == {f"baseline.{key}": value for key, value in expected.items()}
    assert [line.partition(",")[0] for line in said] == ["baseline.classical: none"] * ("classical" in expected)
