"""Features of labelled sequences, judged by what is not held out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import Columns
from cellsize.project.sequence_roles import group_of, roles_of, said

ASKED, FOUND = Asked(Path("long.csv")), Columns("name", "step", "kind", None)


@pytest.fixture
def table() -> pd.DataFrame:
    """Forty sequences of three steps."""
    number, step = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    return pd.DataFrame(
        {
            "name": number, "step": step, "kind": number % 2, "x": np.sin(number + step), "flat": 1.0,
            "count": step + 1, "mood": np.where((number + step) % 3 == 0, "low", "high"), "age": 20 + number % 5,
            "person": number % 8, "empty": np.nan,
        }
    )  # fmt: skip


def test_each_column_has_its_role_or_a_reason(table: pd.DataFrame) -> None:
    features, left_out = roles_of(table, FOUND, ASKED, np.ones(len(table), np.bool_))
    assert features["prepare.past_covariates"] == ["x"]
    assert features["prepare.categorical_covariates"] == ["mood"]
    assert features["prepare.static_covariates"] == ["age"]
    assert left_out == {
        "flat": "never changes before the holdout", "count": "counts the rows", "empty": "empty",
        "person": "says what a sequence belongs to: --group keeps these together",
    }  # fmt: skip
    assert "features: 'mood' (texts of each step)" in said(table, FOUND, ASKED, features)


def test_what_is_held_out_is_not_looked_at(table: pd.DataFrame) -> None:
    seen = (table["name"] < 30).to_numpy()
    hidden = table.assign(flat=np.where(seen, 1.0, 5.0), x=np.where(seen, table["x"], 1e6))
    assert roles_of(hidden, FOUND, ASKED, seen) == roles_of(table, FOUND, ASKED, seen)


def test_what_is_declared_is_followed_or_refused(table: pd.DataFrame) -> None:
    seen = np.ones(len(table), np.bool_)
    features, left_out = roles_of(table, FOUND, replace(ASKED, past=("x", "flat")), seen)
    assert features["prepare.past_covariates"] == ["x", "flat"]
    assert left_out["mood"] == "not among --past"
    with pytest.raises(InputError, match="column 'kind': has another role already; leave it out of --past"):
        roles_of(table, FOUND, replace(ASKED, past=("kind",)), seen)
    with pytest.raises(InputError, match=r"no column of numbers to learn a label from \(.*\); add one"):
        roles_of(table[["name", "step", "kind", "flat", "empty"]], FOUND, ASKED, seen)


def test_a_column_of_persons_is_a_group_if_no_other_is(table: pd.DataFrame) -> None:
    assert group_of(table, FOUND) == "person"
    assert group_of(table.assign(device=table["name"] % 3), FOUND) is None
    assert group_of(table.assign(person=table["step"]), FOUND) is None
