"""Tables of sequences whose cells may be anything, with settings that may not fit: read, or refused in words."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st

from tests.fuzz.damage import CELLS, column_of
from tests.fuzz.guard import fuzzed, outcome
from tests.fuzz.tables import Toy
from tests.fuzz.test_sequences import read
from tests.fuzz.test_tables import declared
from tests.fuzz.written import to_file

Cells = list[Any]
ROLES = ("name", "step", "x", "label", "kind", "person", "text")


@st.composite
def odd_sequences(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, Any], str]:
    """Tables whose cells may be anything, settings that may not fit, and a task."""
    rows = draw(st.integers(1, 3) | st.integers(4, 10))
    usual: dict[str, Cells] = {
        "name": [f"s{row // 2}" for row in range(rows)], "step": list(range(rows)),
        "x": [row / 2 for row in range(rows)],
        "label": ["ab"[row // 2 % 2] for row in range(rows)], "kind": ["NS"[row % 2] for row in range(rows)],
        "person": ["p"] * rows, "text": [f"text {row}" for row in range(rows)],
    }  # fmt: skip
    # Few: a file of Parquet has one kind of value in a column, and most that are mixed cannot be written.
    for name in draw(st.lists(st.sampled_from(ROLES), max_size=2, unique=True)):
        match draw(st.sampled_from(["one cell", "some", "all of one"])):
            case "one cell":
                usual[name][draw(st.integers(0, rows - 1))] = draw(st.sampled_from(CELLS))
            case "some":
                usual[name] = [draw(st.sampled_from(CELLS)) for _ in range(rows)]
            case "all of one":
                usual[name] = [draw(st.sampled_from(CELLS))] * rows
    frame = pd.DataFrame({name: column_of(values) for name, values in usual.items()})
    settings: dict[str, Any] = {
        "time": draw(st.sampled_from(["step", "step", None, "x", "absent", ["step", "x"]])),
        "series": draw(st.sampled_from(["name", "name", "name", "step", "x", "absent"])), "frequency": "step",
        "targets": [draw(st.sampled_from(["label", "label", "x", "person", "name", "absent"]))],
        "past_covariates": [draw(st.sampled_from(["x", "x", "x", "step", "text", "absent"]))],
        "group": draw(st.sampled_from([None, None, "person", "kind", "absent"])),
        "categorical_covariates": ["kind"] * draw(st.booleans()), "static_covariates": ["person"] * draw(st.booleans()),
    }  # fmt: skip
    task = draw(st.sampled_from(["classify", "classify", "regress"]))
    if task == "classify" and draw(st.integers(0, 2)) == 0:
        column = draw(st.sampled_from(["text", "text", "name", "x", "absent"]))
        settings |= {"text": {"column": column, "characters": 9, "case": draw(st.sampled_from(["keep", "lower"]))},
                     "time": None, "series": draw(st.sampled_from([None, "name", "step"])), "past_covariates": [],
                     "categorical_covariates": [], "static_covariates": []}  # fmt: skip
    return frame, settings, task


@pytest.mark.slow
@fuzzed()
@given(odd_sequences(), st.booleans())
def test_any_cells_and_settings_are_read_or_refused_in_words(
    case: tuple[pd.DataFrame, dict[str, Any], str], as_text: bool
) -> None:
    frame, changes, task = case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("toy.csv" if as_text else "toy.parquet")
        to_file(frame, path)
        prepare = declared(Toy(frame, changes), path)
        if prepare is None:
            reject()
        note(f"{task}\n{changes}\n{frame}")
        found = outcome(lambda: read(task, prepare))
        if isinstance(found, str):
            assert str(path) in found or "prepare." in found, found
        else:
            assert not np.isinf(found[0][list(found[1].input_columns)].to_numpy()).any()
