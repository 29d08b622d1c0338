"""Whether a longer table begins with the rows that a model has learned from."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cellsize.data.history import History, differs, history_of
from cellsize.data.schema import SERIES, TIME, Schema

DAYS = pd.date_range("2026-01-01", periods=6, unit="us")


@pytest.fixture
def schema(make_schema: Callable[..., Schema]) -> Schema:
    return make_schema(past_covariates=("x",))


@pytest.fixture
def made(schema: Schema) -> Callable[..., pd.DataFrame]:
    """So many rows of two series."""

    def make(count: int, names: tuple[str, ...] = ("a", "b")) -> pd.DataFrame:
        parts = [
            pd.DataFrame(
                {SERIES: name, TIME: DAYS[:count], **{
                    column: np.arange(count) + 10.0 * number
                    for column in (*schema.past_columns, *schema.known_future_columns)
                }}
            )
            for number, name in enumerate(names)
        ]  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    return make


def test_more_rows_more_series_and_a_column_less_are_no_difference(
    made: Callable[..., pd.DataFrame], schema: Schema
) -> None:
    before = history_of(made(4), schema, None)
    assert before.searched_until == "2026-01-04T00:00:00"
    assert History.read(before.text()) == before
    assert History.read(before.text().replace("{", '{"until": "2026-01-04T00:00:00",', 1)) == before  # as it once was
    assert differs(before, made(4), schema) is None
    assert differs(before, made(6, ("a", "b", "c")), schema) is None
    assert differs(before, made(6).drop(columns=schema.past_columns[-1]), schema) is None
    assert history_of(made(4), schema, "2026-01-02T00:00:00").searched_until == "2026-01-02T00:00:00"


def test_what_differs_is_named(made: Callable[..., pd.DataFrame], schema: Schema) -> None:
    before, target = history_of(made(4), schema, None), schema.targets[0]
    other = made(6)
    other[target] = other[target] + 1e-9 * (other.index == 2)
    assert differs(before, other, schema) == (
        f"series 'a': column {target!r}: values until 2026-01-04T00:00:00 are not what they were"
    )
    assert differs(before, made(3), schema) == (
        "series 'a': 1 rows fewer than before: the last one is of 2026-01-03T00:00:00, and was of 2026-01-04T00:00:00"
    )
    assert differs(before, made(6).iloc[1:], schema) == (
        "series 'a': the first row is of 2026-01-02T00:00:00, and was of 2026-01-01T00:00:00"
    )
    assert differs(before, made(6, ("b",)), schema) == ("series 'a': gone, which had 4 rows until 2026-01-04T00:00:00")
    # Of a single series no name is said.
    alone = history_of(made(4, ("a",)), schema, None)
    assert str(differs(alone, made(3, ("a",)), schema)).startswith("1 rows fewer than before")


def test_rows_whose_targets_were_not_known_yet_may_change(made: Callable[..., pd.DataFrame], schema: Schema) -> None:
    known = made(6)
    known.loc[known[TIME] > DAYS[3], list(schema.targets)] = np.nan
    before = history_of(known, schema, None)
    assert before.searched_until == before.series["a"].end == "2026-01-04T00:00:00"
    later = made(6)
    later[schema.past_columns[-1]] += 5.0 * (later[TIME] > DAYS[3])
    assert differs(before, later, schema) is None


def test_a_missing_value_stays_what_it_is_whatever_its_bits(made: Callable[..., pd.DataFrame], schema: Schema) -> None:
    some, same = made(4), made(4)
    target = schema.targets[0]
    some[target] = [np.nan, -0.0, 1, 2] * 2
    same[target] = [-np.float64("nan"), 0.0, 1, 2] * 2
    assert differs(history_of(some, schema, None), same, schema) is None
