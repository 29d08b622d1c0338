"""The holdout: where it begins, and that none of its values has a say."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import Examined, examine
from tests.project.conftest import params, said

Hourly = Callable[..., Path]


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


def test_the_first_time_held_out_is_that_of_the_series_that_has_it(write_csv: Callable[..., Path]) -> None:
    # Step 320 was looked up among the rows of all series: it was day 20 of the second one.
    day = pd.date_range("2025-01-01", periods=400).strftime("%Y-%m-%d")
    load = (50 + 5 * np.sin(2 * np.pi * np.arange(400) / 7) + np.random.default_rng(0).normal(0, 1, 400)).round(2)
    path = write_csv(day=[*day[100:], *day], shop=["a"] * 300 + ["b"] * 400, load=[*load[100:], *load])
    assert "holdout: from 2025-11-1" in said(examine(Asked(path, targets=("load",))), "holdout")


def test_a_target_that_changes_in_the_holdout_only_is_refused(hourly: Hourly) -> None:
    path = hourly()
    table = pd.read_csv(path)
    table["load"] = np.where(np.arange(600) < 500, 3.0, table["load"])
    table.to_csv(path, index=False)
    with pytest.raises(InputError, match="never changes before the holdout"):
        examine(Asked(path))


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
