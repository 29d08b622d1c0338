"""Which columns name sequence, step, label and holdout; what may be meant twice is asked for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart
from cellsize.project.asked import Asked
from cellsize.project.sequence_columns import Columns, find, recognised, recognised_number

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


def test_who_speaks_is_the_label_if_nothing_else_may_be(table: pd.DataFrame) -> None:
    assert find(table.drop(columns="kind"), ASKED).label == "person"


# --- a number for each sequence ---------------------------------------------------------------------------------------


def runs(label: Callable[[int], float], count: int = 60) -> pd.DataFrame:
    """Runs of two to four steps; the wear of a run is what `label` says of its number."""
    rows = [(f"r{run}", step, run * step % 7 / 2, label(run)) for run in range(count) for step in range(2 + run % 3)]
    return pd.DataFrame(rows, columns=["run", "step", "force", "wear"])


@pytest.mark.parametrize("label", [lambda run: run / 7, lambda run: run % 20 / 2, lambda run: float(run // 2 * 1.5)])
def test_many_decimals_that_are_the_same_in_each_sequence_are_what_is_to_be_learnt(
    label: Callable[[int], float],
) -> None:
    assert recognised_number(runs(label), ASKED) == Columns("run", "step", "wear", None)


def test_more_whole_numbers_than_there_may_be_classes_are_no_classes() -> None:
    found = recognised_number(runs(lambda run: run // 2, 110), ASKED)
    assert found is not None
    assert found.label == "wear"


@pytest.mark.parametrize(
    ("label", "is_class"),
    [
        (lambda run: run % 5, True),
        (lambda run: run % 5 / 2, False),  # four shops have four sizes
        (lambda run: 1000 + run, False),  # a number of its own may be a name
        (lambda run: run % 19 / 2, False),
    ],
)
@pytest.mark.parametrize("targets", [(), ("wear",)])
def test_what_may_be_a_class_a_name_or_a_constant_is_asked_for(
    label: Callable[[int], float], is_class: bool, targets: tuple[str, ...]
) -> None:
    table = runs(label)
    classify = " --task classify if it is a class," if is_class else ""
    with pytest.raises(InputError) as refused:
        recognised_number(table, replace(ASKED, targets=targets))
    assert str(refused.value) == (
        "long.csv: 'wear' is the same in all rows of each 'run'; --task regress if this number is to be learnt,"
        f"{classify} --target COLUMN if another column is to be forecast"
    )
    # What it proposes is possible.
    assert find(table, replace(ASKED, task="regress")).label == "wear"
    assert not is_class or find(table, ASKED).label == "wear"
    assert recognised_number(table, replace(ASKED, targets=("force",))) is None


def test_a_number_beside_a_text_that_is_constant_too_or_beside_another_number_is_not_sure() -> None:
    table = runs(lambda run: run / 7)
    mood = table["run"].map(lambda run: "xy"[int(run[1:]) % 2])
    assert recognised_number(table.assign(mood=mood), ASKED) is None
    assert recognised_number(table.assign(age=table["wear"] + 1), ASKED) is None
    named = recognised_number(table.assign(machine=mood), ASKED)  # it says what belongs together, and is no label
    assert named is not None
    assert named.label == "wear"


def test_without_a_column_that_counts_the_steps_no_number_is_sure() -> None:
    table = runs(lambda run: run / 7)
    assert recognised_number(table.drop(columns="step"), ASKED) is None
    assert recognised_number(table.assign(wear=range(len(table))), ASKED) is None  # it changes within a run
