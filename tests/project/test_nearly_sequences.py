"""Tables that would hold labelled sequences but for a few rows."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import recognise
from cellsize.project.asked import Asked
from cellsize.project.nearly_sequences import refuse_few

ASKED = Asked(Path("long.csv"))


@pytest.fixture
def table() -> pd.DataFrame:
    """Twelve sequences of two labels, of three to five steps."""
    rows = [
        (f"s{number}", step, number * step % 7.0, "ab"[number % 2]) for number in range(12)
        for step in range(3 + number % 3)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "step", "x", "label"])


def with_one_wrong(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The same with another label in one row of s5, and its line."""
    row = int(table.index[table["name"] == "s5"][1])
    wrong = table.copy()
    wrong.loc[row, "label"] = "a"
    return wrong, row + 2


def test_one_row_with_another_label_is_named(table: pd.DataFrame) -> None:
    refuse_few(table, ASKED)
    wrong, line = with_one_wrong(table)
    with pytest.raises(InputError, match=rf"line {line}, column 'label': 'a', but most other rows of 'name' 's5'"):
        refuse_few(wrong, ASKED)


def test_so_it_is_before_another_column_is_taken_for_the_label(table: pd.DataFrame, tmp_path: Path) -> None:
    wrong, line = with_one_wrong(table)
    path = tmp_path / "long.csv"
    wrong.assign(mood=wrong["name"].map(lambda name: "xy"[int(name[1:]) % 2])).to_csv(path, index=False)
    with pytest.raises(InputError, match=f"line {line}, column 'label'"):
        recognise.sequences(replace(ASKED, table=path))
    assert recognise.sequences(replace(ASKED, table=path, task="forecast")) is None


def test_labels_that_change_as_they_like_are_not_wrong_rows(table: pd.DataFrame) -> None:
    refuse_few(table.assign(label=["ab"[row % 2] for row in range(len(table))]), ASKED)
    refuse_few(table.assign(label=(table.index == 7).astype(int)), ASKED)


def test_a_rare_event_is_no_wrong_label(table: pd.DataFrame) -> None:
    refuse_few(table.assign(label=["fault" if row == 7 else "ok" for row in range(len(table))]), ASKED)


def test_rows_that_are_counted_through_are_no_steps_of_sequences(table: pd.DataFrame) -> None:
    wrong, _ = with_one_wrong(table)
    refuse_few(wrong.drop(columns="step").assign(index=range(len(wrong))), ASKED)


def test_what_names_sequences_may_be_declared(table: pd.DataFrame) -> None:
    wrong, line = with_one_wrong(table)
    refuse_few(wrong.assign(day=wrong.index % 2), replace(ASKED, series="day"))
    with pytest.raises(InputError, match=f"line {line}"):
        refuse_few(wrong, replace(ASKED, series="name"))
