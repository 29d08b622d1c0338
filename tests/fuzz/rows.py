"""Rows that a served model is sent, and what is done to them; the answer, or the words that it refuses with."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from cellsize.registry.served import Served
from tests.fuzz.damage import CELLS, whole
from tests.fuzz.guard import in_words, no_hang

Change = tuple[str, Any, Any, Any]


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    """What is done to the rows; places are fractions, since each model has other columns."""
    place = st.floats(0, 0.999)
    cell = st.one_of(
        st.sampled_from(CELLS), st.floats(), st.integers(), st.text(max_size=8), st.binary(max_size=4),
        st.lists(st.integers(), max_size=2), st.datetimes(), st.dates(), st.decimals(allow_nan=False), st.none(),
        st.booleans(),
    )  # fmt: skip
    one = st.one_of(
        st.tuples(st.just("cell"), place, place, cell),
        st.tuples(st.just("cell"), place, place, cell),
        st.tuples(st.just("column"), place, st.none(), cell),
        st.tuples(st.just("drop column"), place, st.none(), st.none()),
        st.tuples(st.just("repeat column"), place, st.none(), st.none()),
        st.tuples(st.just("rename"), place, st.none(), st.sampled_from(["time", "series", "", 1, None, "y", "x"])),
        st.tuples(st.just("drop rows"), place, place, st.none()),
        st.tuples(st.just("repeat row"), place, st.none(), st.none()),
        st.tuples(st.just("type"), place, st.none(), st.sampled_from(
            ["category", "string", "object", "Int64", "float32", "bool", "datetime64[ns]", "period[h]", "uint8",
             "complex128", "timedelta64[s]", "Float64", "int8", "str"])),
        st.tuples(st.just("index"), place, st.none(), st.sampled_from(["when", "many", "named"])),
        st.tuples(st.just("scale"), place, st.none(), st.sampled_from([0, -1, 1e10, 1e40, np.nan, np.inf])),
    )  # fmt: skip
    return draw(st.lists(one, max_size=3))


def changed(rows: pd.DataFrame, todo: list[Change]) -> Any:
    """The rows after what is done to them; what pandas cannot do is left out."""
    for kind, place, other, what in todo:
        if not rows.shape[1] or not len(rows):
            return rows
        column, row = int(place * rows.shape[1]), int((other or 0) * len(rows))
        values = rows.iloc[:, column]
        match kind:
            case "cell":
                what = whole(what)
                cells = [*values.tolist()[:row], what, *values.tolist()[row + 1 :]]
                rows = _with(rows, column, pd.Series(cells, dtype=object, index=rows.index))
            case "column":
                rows = _with(rows, column, pd.Series([what] * len(rows), dtype=object, index=rows.index))
            case "drop column":
                rows = rows.drop(columns=rows.columns[column])
            case "repeat column":
                rows = pd.concat([rows, rows.iloc[:, [column]]], axis=1)
            case "rename":
                rows = rows.set_axis([*rows.columns[:column], what, *rows.columns[column + 1 :]], axis=1)
            case "drop rows":
                rows = rows.iloc[: int(place * len(rows))] if place > 0.5 else rows.iloc[row:]
            case "repeat row":
                rows = pd.concat([rows, rows.iloc[[int(place * len(rows))]]])
            case "type":
                try:
                    rows = _with(rows, column, values.astype(what))
                except (TypeError, ValueError, OverflowError, AttributeError):
                    continue
            case "index":
                index: Any = {"when": values, "many": [0] * len(rows), "named": pd.RangeIndex(len(rows), name="y")}
                try:
                    rows = rows.set_axis(pd.Index(index[what]), axis=0)
                except (TypeError, ValueError):
                    continue
            case "scale":
                if pd.api.types.is_float_dtype(values):
                    rows = _with(rows, column, values * what)
    return rows


def _with(rows: pd.DataFrame, column: int, values: pd.Series) -> pd.DataFrame:
    parts = [rows.iloc[:, :column], values.rename(rows.columns[column]), rows.iloc[:, column + 1 :]]
    return pd.concat(parts, axis=1)


def answer_of(model: Served, sent: Any, levels: list[float] | None = None) -> pd.DataFrame | None:
    """What a model answers; None where it refuses in words that a caller understands, who has no params.yaml."""
    with no_hang():
        try:
            return model.predict(None, sent, None if levels is None else {"levels": levels})
        except MlflowException as error:
            refused = error
    assert refused.error_code == "INVALID_PARAMETER_VALUE", refused.message
    in_words(refused.message)
    assert "params.yaml" not in refused.message
    assert "prepare." not in refused.message
    return None
