"""Which columns name sequence, step, label and holdout; what may be meant twice is asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import find, recognised

ASKED = Asked(Path("long.csv"))


@pytest.fixture
def table() -> pd.DataFrame:
    """Twelve sequences of three classes, of one to four steps, by three persons; two of a class are for tests."""
    rows = [
        (f"s{number}", step, number * step % 7.0, "abc"[number % 3], f"p{number % 4}", ("train", "test")[number > 8])
        for number in range(12)
        for step in range(2 + number % 3)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "step", "x", "kind", "person", "part"])


def test_all_columns_with_a_role_are_found(table: pd.DataFrame) -> None:
    found = find(table, ASKED)
    assert (found.sequence, found.step, found.label) == ("name", "step", "kind")
    assert found.part == HoldoutPart(column="part", value="test")
    assert recognised(table, ASKED) == found
    assert found.taken == {"name", "step", "kind", "part"}


def test_their_order_and_that_of_the_rows_does_not_matter(table: pd.DataFrame) -> None:
    assert find(table.sample(frac=1, random_state=0)[table.columns[::-1]], ASKED) == find(table, ASKED)


def test_numbers_may_name_sequences_and_labels(table: pd.DataFrame) -> None:
    coded = table.assign(name=table["name"].str[1:].astype(int), kind=pd.factorize(table["kind"])[0])
    found = find(coded, ASKED)
    assert (found.sequence, found.label) == ("name", "kind")
    assert recognised(coded, ASKED) is None  # a label of numbers may be anything: --task classify says it


def test_what_is_declared_is_followed(table: pd.DataFrame) -> None:
    renamed = table.rename(columns={"step": "when"}).assign(when=lambda rows: rows["when"] * 2.5)
    assert find(renamed, ASKED).step is None
    found = find(renamed, replace(ASKED, time=("when",), series="name", targets=("person",)))
    assert (found.sequence, found.step, found.label) == ("name", "when", "person")


def test_two_columns_that_may_be_the_label_are_listed_unless_one_is_called_so(table: pd.DataFrame) -> None:
    twice = table.assign(mood=table["name"].map(lambda name: "xy"[int(name[1:]) % 2]))
    with pytest.raises(
        InputError, match="2 columns may be the label of a sequence; name it: --target kind, --target m"
    ):
        find(twice, ASKED)
    assert recognised(twice, ASKED) is None
    assert find(twice.rename(columns={"kind": "Class"}), ASKED).label == "Class"


def test_a_table_of_series_is_none_of_sequences() -> None:
    times = pd.date_range("2026-01-01", periods=50, freq="h")
    table = pd.DataFrame({"when": times, "load": np.arange(50.0), "wind": np.arange(50.0) % 7})
    assert recognised(table, ASKED) is None
    with pytest.raises(InputError, match="no column names sequences that have one label in all of their rows; name it"):
        find(table, ASKED)


def test_a_column_that_is_not_there_is_refused_with_its_option(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no column 'shape'; fix --target"):
        find(table, replace(ASKED, targets=("shape",)))
    with pytest.raises(InputError, match="--target names several columns, but a sequence has one label; name one"):
        find(table, replace(ASKED, targets=("kind", "person")))


def test_a_part_that_is_neither_training_nor_test_is_no_holdout(table: pd.DataFrame) -> None:
    assert (
        find(table.assign(part=table["part"].str.replace("train", "other")), replace(ASKED, targets=("kind",))).part
        is None
    )
