"""What is decided about a table, and that nothing of the holdout has a say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cellsize.errors import InputError
from cellsize.params import Params
from cellsize.project import template
from cellsize.project.examine import Asked, Examined, examine

Hourly = Callable[..., Path]


def params(found: Examined) -> Params:
    content = YAML(typ="safe", pure=True).load(template.params(found.changes))
    return Params.model_validate(content)


def said(found: Examined, topic: str) -> str:
    return next(line for line in found.findings if line.startswith(f"{topic}:"))


def test_an_hourly_table_is_found_out(hourly: Hourly) -> None:
    found = examine(Asked(hourly()))
    made = params(found)
    assert (made.prepare.time, made.prepare.series, made.prepare.frequency) == ("when", None, "h")
    assert made.prepare.targets == ("load",)
    assert made.baseline.seasons == (12,)
    assert (made.window.lookback, made.window.horizon) == (24, 12)
    assert made.prepare.calendar == ("hour", "weekday", "weekend")
    assert (made.register_.name, made.mlflow.experiment, made.report.title) == ("sales", "sales", "sales")
    assert said(found, "seasons") == "seasons: 12 steps, from the autocorrelation before the holdout"
    assert said(found, "target") == "target: 'load', the only column of numbers"


@pytest.mark.slow
def test_the_shipped_data_give_the_shipped_window() -> None:
    # What was tuned by hand on the folds is found by looking at the table; its holdout has no say in it.
    root = Path(__file__).parents[2]
    made = params(examine(Asked(root / "data/raw/bay-area-traffic.parquet")))
    shipped = Params.model_validate(YAML(typ="safe", pure=True).load(template.shipped("params.yaml")))
    assert made.window == shipped.window
    assert made.split == shipped.split
    assert made.baseline == shipped.baseline
    assert made.prepare.calendar == shipped.prepare.calendar


@pytest.mark.parametrize("rows", [150, 600])
def test_no_value_of_the_holdout_has_a_say(hourly: Hourly, rows: int) -> None:
    first = examine(Asked(hourly(rows, wind=np.cos(np.arange(rows)).round(3), load2=1.0 * np.arange(rows) ** 1.5)),
                    lambda _: ("load",))  # fmt: skip
    table = pd.read_csv(hourly(rows, wind=np.cos(np.arange(rows)).round(3), load2=1.0 * np.arange(rows) ** 1.5))
    held = np.arange(rows) >= rows - round(0.2 * rows)
    for column, values in {"load": -1e6 * np.arange(rows), "wind": 7.0, "load2": 1e9}.items():
        table[column] = table[column].where(~held, values)
    path = hourly(rows)
    table.to_csv(path, index=False)
    assert examine(Asked(path), lambda _: ("load",)) == first


Change = Callable[[pd.DataFrame, "pd.Series[bool]"], None]


def _put(column: str, *values: object) -> Change:
    def change(table: pd.DataFrame, late: "pd.Series[bool]") -> None:
        table[column] = table[column].astype(object).where(~late, np.resize(np.array(values, object), len(table)))

    return change


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (_put("cnt", 3), None),
        (_put("hr", 3), None),
        (_put("txt", "p"), None),
        (_put("note", "n"), None),
        (_put("area", 555), r"line 3\d\d, column 'area': 555, but 100 before in series 'a'.*or name it with --past"),
        (_put("cat", "new"), r"column 'cat': 'new', but 'x' before in series 'a'.*or name it with --past"),
        (_put("txt", *map(str, range(800))), r"column 'txt': \d+ levels, of which 3 are there before the holdout"),
        (_put("num", "n.a.x"), r"column 'num': 'n.a.x' is not a number"),
    ],
)
def test_no_value_of_the_holdout_says_what_a_column_is(
    write_csv: Callable[..., Path], change: Change, refused: str | None
) -> None:
    parts = list[pd.DataFrame]()
    for number, shop in enumerate("ab"):
        random, day = np.random.default_rng(number), pd.Series(pd.date_range("2021-01-01", periods=400))
        units = (50 + 10 * np.sin(2 * np.pi * np.arange(400) / 7) + random.normal(size=400)).round(3)
        parts.append(pd.DataFrame(
            {"day": day, "shop": shop, "units": units, "area": 100 + number, "cat": "xy"[number], "cnt": np.arange(400),
             "txt": random.choice(list("pqr"), 400), "hr": day.dt.day_of_week, "num": random.integers(0, 9, 400),
             "note": [f"{shop}{row}" for row in range(400)]}
        ))  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    path = write_csv(day=[])
    table.to_csv(path, index=False)
    first = examine(Asked(path, targets=("units",)))
    assert params(first).prepare.static_covariates == ("area", "cat")
    assert params(first).prepare.categorical_covariates == ("txt",)
    change(table, table["day"] >= "2021-11-17")
    table.to_csv(path, index=False)
    if refused is None:
        assert examine(Asked(path, targets=("units",))).changes == first.changes
    else:
        with pytest.raises(InputError, match=refused):
            examine(Asked(path, targets=("units",)))


def test_several_columns_of_numbers_are_asked_about_and_never_guessed(hourly: Hourly) -> None:
    path = hourly(price=np.cos(np.arange(600)).round(3))
    with pytest.raises(InputError, match="2 columns hold numbers; name the one to forecast: --target load"):
        examine(Asked(path))
    asked = list[tuple[str, ...]]()

    def ask(numeric: tuple[str, ...]) -> tuple[str, ...]:
        asked.append(numeric)
        return ("price",)

    made = params(examine(Asked(path), ask))
    assert asked == [("load", "price")]
    assert (made.prepare.targets, made.prepare.past_covariates) == (("price",), ("load",))


def test_covariates_are_found_and_what_is_left_out_has_a_reason(hourly: Hourly) -> None:
    rows = np.arange(600)
    path = hourly(
        wind=np.where(rows % 3 == 0, "N", "S"), hour=rows % 24, row=rows, flat=1.0, rain=np.sin(rows).round(2),
        note=[f"n{row}" for row in rows],
    )  # fmt: skip
    found = examine(Asked(path, targets=("load",)))
    made = params(found)
    assert made.prepare.past_covariates == ("rain",)
    assert made.prepare.categorical_covariates == ("wind",)
    assert "left out: hour (says what the time says; see prepare.calendar)" in found.findings
    assert "left out: row (counts the rows)" in found.findings
    assert "left out: flat (never changes before the holdout)" in found.findings
    assert any(line.startswith("left out: note (text with 480 levels") for line in found.findings)


def test_options_are_followed(hourly: Hourly) -> None:
    rows = np.arange(600)
    path = hourly(price=np.cos(rows).round(3), rain=np.sin(rows).round(2))
    made = params(examine(Asked(path, targets=("load",), past=(), future=("price",), horizon=5, lookback=10)))
    assert made.prepare.known_future_covariates == ("price",)
    assert made.prepare.past_covariates == ()
    assert (made.window.lookback, made.window.horizon) == (10, 5)
    with pytest.raises(InputError, match="no column 'prize'; fix --future"):
        examine(Asked(path, targets=("load",), future=("prize",)))


def test_several_series_are_told_apart(write_csv: Callable[..., Path]) -> None:
    rows, parts = np.arange(300), list[pd.DataFrame]()
    for number, place in enumerate(("north", "south")):
        load = (50 + 5 * np.sin(rows / 2) + np.random.default_rng(number).normal(size=300)).round(3)
        when = pd.date_range("2026-01-01", periods=300, freq="D").strftime("%Y-%m-%d")
        parts.append(pd.DataFrame({"when": when, "place": place, "size": 5 + number, "load": load}))
    table = pd.concat(parts)
    path = write_csv(**{str(name): table[name].to_numpy() for name in table})
    found = examine(Asked(path, targets=("load",)))
    made = params(found)
    assert (made.prepare.series, made.prepare.frequency) == ("place", "D")
    assert said(found, "series") == "series: 2, told apart by 'place'"
    assert made.prepare.static_covariates == ("size",)


@pytest.mark.parametrize(
    ("frequency", "rows", "season", "written"),
    [("MS", 144, 12, "%Y-%m"), ("ME", 240, 12, "%Y-%m-%d"), ("QS", 160, 4, "%Y-%m-%d"), ("B", 700, None, "%Y-%m-%d"),
     ("W-MON", 300, 13, "%Y-%m-%d"), ("YS", 220, 11, "%Y-%m-%d"), ("D", 500, 7, "%d.%m.%Y")],
)  # fmt: skip
def test_clocks_of_every_kind_are_found(
    write_csv: Callable[..., Path], frequency: str, rows: int, season: int | None, written: str
) -> None:
    row = np.arange(rows)
    noise = np.random.default_rng(1).normal(0, 0.3, rows)
    value = noise.cumsum() if season is None else 5 * np.sin(2 * np.pi * row / season) + noise
    when = pd.date_range("1800-01-01" if frequency == "YS" else "1990-01-01", periods=rows, freq=frequency)
    found = examine(Asked(write_csv(Month=when.strftime(written), n=(100 + value).round(3))))
    made = params(found)
    assert made.prepare.frequency == frequency
    if season is not None:
        assert made.baseline.seasons == (season,)
        assert made.window.lookback >= season


def test_a_column_of_whole_numbers_counts_the_steps_where_it_is_declared(write_csv: Callable[..., Path]) -> None:
    path = write_csv(cycle=np.arange(5, 405), load=np.sin(np.arange(400) / 3).round(3))
    found = examine(Asked(path, time=("cycle",), frequency="step"))
    assert (params(found).prepare.time, params(found).prepare.frequency) == ("cycle", "step")
    assert said(found, "time").startswith("time: 'cycle' (whole numbers)")


def test_the_first_time_held_out_is_that_of_the_series_that_has_it(write_csv: Callable[..., Path]) -> None:
    # Step 320 was looked up among the rows of all series: it was day 20 of the second one.
    day = pd.date_range("2025-01-01", periods=400).strftime("%Y-%m-%d")
    load = (50 + 5 * np.sin(2 * np.pi * np.arange(400) / 7) + np.random.default_rng(0).normal(0, 1, 400)).round(2)
    path = write_csv(day=[*day[100:], *day], shop=["a"] * 300 + ["b"] * 400, load=[*load[100:], *load])
    assert "holdout: from 2025-11-1" in said(examine(Asked(path, targets=("load",))), "holdout")


def test_rows_without_a_time_are_taken_in_their_order(write_csv: Callable[..., Path]) -> None:
    rows = np.arange(500)
    made = params(examine(Asked(write_csv(power=(3 + np.sin(2 * np.pi * rows / 20)).round(4)))))
    assert (made.prepare.time, made.prepare.frequency, made.prepare.calendar) == (None, "step", ())
    assert made.baseline.seasons == (20,)


def test_gaps_are_counted_and_longer_ones_than_usual_are_accepted(hourly: Hourly) -> None:
    path = hourly(800)
    table = pd.read_csv(path).drop(index=range(100, 140))
    table.loc[300:302, "load"] = np.nan
    table.to_csv(path, index=False)
    found = examine(Asked(path))
    assert params(found).prepare.gap == 40
    assert said(found, "gaps").startswith("gaps: the longest has 40 steps without a row")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.assign(load=1.0), "column 'load': the target never changes"),
        (lambda table: table.head(12), "12 rows are too few"),
        (lambda table: table.assign(load="x"), "no column of numbers to forecast"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(
    hourly: Hourly, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    path = hourly()
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(InputError, match=message) as refused:
        examine(Asked(path))
    assert "\n" not in str(refused.value)


def test_a_target_that_changes_in_the_holdout_only_is_refused(hourly: Hourly) -> None:
    path = hourly()
    table = pd.read_csv(path)
    table["load"] = np.where(np.arange(600) < 500, 3.0, table["load"])
    table.to_csv(path, index=False)
    with pytest.raises(InputError, match="never changes before the holdout"):
        examine(Asked(path))


def test_a_table_of_150_rows_gets_folds_that_the_pipeline_accepts(hourly: Hourly) -> None:
    from cellsize.data import folds, series, windows

    path = hourly(150)
    made = params(examine(Asked(path)))
    table: Any = pd.read_csv(path)
    schema = series.describe(table, path, made.prepare)
    parts = folds.split(windows.build(series.clean(table, path, schema), schema, made.window, path), made.split)
    assert min(len(fold.train) for fold in parts.all()) >= 10


def test_an_hour_that_is_there_twice_is_read_once_the_clock_is_named(write_csv: Callable[..., Path]) -> None:
    when = pd.date_range("2025-10-01", "2025-11-10", freq="h", tz="Europe/Berlin").tz_localize(None)
    load = (50 + 5 * np.sin(2 * np.pi * np.arange(len(when)) / 24)).round(3)
    path = write_csv(when=when.strftime("%Y-%m-%d %H:%M"), load=load)
    with pytest.raises(InputError, match="2025-10-26 02:00:00 is there twice, as where a clock is set back"):
        examine(Asked(path))
    made = params(examine(Asked(path, timezone="Europe/Berlin"))).prepare
    assert (made.timezone, made.ambiguous, made.frequency, made.series) == ("Europe/Berlin", "infer", "h", None)


def test_a_covariate_that_gives_the_target_away_is_remarked_on(hourly: Hourly) -> None:
    path = hourly()
    table = pd.read_csv(path)
    table.assign(copy=2 * table["load"]).to_csv(path, index=False)
    assert "'copy' gives the target 'load' away" in said(
        examine(Asked(path, targets=("load",), future=("copy",))), "remark"
    )


@pytest.mark.parametrize(("ends", "expected"), [((400, 400, 400), "table"), ((400, 200, 250), "series")])
def test_where_many_series_end_early_each_has_its_own_holdout_and_none_has_a_say(
    write_csv: Callable[..., Path], ends: tuple[int, ...], expected: str
) -> None:
    def table(change: float) -> pd.DataFrame:
        parts = list[pd.DataFrame]()
        for number, rows in enumerate(ends):
            row = np.arange(rows)
            load = 50 + 5 * np.sin(2 * np.pi * row / 7) + np.random.default_rng(number).normal(0, 0.3, rows)
            load = np.where(row >= rows - round(0.2 * rows), load + change * row, load).round(3)
            when = pd.date_range("2024-01-01", periods=rows, freq="D").strftime("%Y-%m-%d")
            parts.append(pd.DataFrame({"when": when, "place": f"p{number}", "load": load}))
        return pd.concat(parts)

    path = write_csv(when=[])
    found = list[Examined]()
    for change in (0.0, 1e5):
        table(change).to_csv(path, index=False)
        found.append(examine(Asked(path)))
    assert found[0] == found[1]
    assert params(found[0]).split.holdout_of == expected


def test_a_table_without_a_header_is_refused(write_csv: Callable[..., Path]) -> None:
    rows = "\n".join(f"2026-01-{day:02d},{day}.5" for day in range(1, 31))
    with pytest.raises(InputError, match=r"line 1, column '2026-01-01': a time in place of a name; write the names"):
        examine(Asked(write_csv(rows)))
    with pytest.raises(InputError, match=r"line 1, column '3.5': a number in place of a name"):
        examine(Asked(write_csv("3.5,4\n" + "1.5,2\n" * 30)))


def test_a_number_that_stands_for_a_missing_value_is_remarked_on(hourly: Hourly) -> None:
    path = hourly()
    table = pd.read_csv(path)
    table.loc[[10, 50, 90], "load"] = -999
    table.to_csv(path, index=False)
    assert said(examine(Asked(path)), "remark").startswith("remark: 'load' is -999 in 3 rows, far from all others")


def test_what_is_decided_about_the_clock_is_said(write_csv: Callable[..., Path]) -> None:
    when = pd.date_range("2025-10-01", "2025-11-10", freq="h", tz="Europe/Berlin")
    load = (50 + 5 * np.sin(2 * np.pi * np.arange(len(when)) / 24)).round(3)
    bare = write_csv(when=when.tz_localize(None).strftime("%Y-%m-%d %H:%M"), load=load)
    found = examine(Asked(bare, timezone="Europe/Berlin"))
    assert "2025-10-01 00:00+02:00 to 2025-11-10 00:00+01:00" in said(found, "time")
    assert said(found, "clock") == "clock: that of Europe/Berlin, as declared"
    assert said(found, "ambiguous").startswith("ambiguous: infer, since")
    assert said(found, "calendar").startswith("calendar: hour, weekday, weekend")
    found = examine(Asked(write_csv(when=[each.isoformat() for each in when], load=load)))
    assert params(found).prepare.timezone is None
    assert "which fits the offsets" in said(found, "clock")


def test_hours_in_a_column_of_their_own_are_read_by_the_pipeline(write_csv: Callable[..., Path]) -> None:
    from cellsize.data import series
    from cellsize.project import source

    rows = np.arange(40 * 24)
    when = pd.date_range("2026-01-01", periods=len(rows), freq="h")
    load = (50 + 5 * np.sin(2 * np.pi * rows / 24) + np.random.default_rng(0).normal(size=len(rows))).round(3)
    path = write_csv(date=when.strftime("%Y-%m-%d"), hr=when.hour, cnt=load)
    made = params(examine(Asked(path))).prepare
    assert (made.time, made.time_format, made.frequency) == (("date", "hr"), "%Y-%m-%d %H", "h")
    table = source.load_as_declared(path, made)
    frame = series.clean(table, path, series.describe(table, path, made))
    assert list(frame["time"]) == list(when)


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
