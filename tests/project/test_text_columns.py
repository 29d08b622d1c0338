"""Which columns are the texts and their label, and what is asked for where that is open."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project import text_columns
from cellsize.project.asked import Asked
from tests.project.test_examine_sequences import waves
from tests.project.test_examine_texts import names

PATH = Path("names.csv")


def found(table: pd.DataFrame, asked: Asked | None = None) -> tuple[str | None, str] | None:
    """The texts and the label."""
    made = text_columns.recognised(table, asked or Asked(PATH))
    return None if made is None else (made[0].text, made[0].label)


def test_many_different_texts_with_a_label_are_recognised_and_it_is_said_why() -> None:
    columns, why = text_columns.recognised(names(), Asked(PATH)) or (None, "")
    assert columns is not None
    assert (columns.text, columns.sequence, columns.label, columns.part) == ("name", "name", "gender", None)
    assert why == (
        "'name' holds 80 different texts in 100 rows, 'gender' is a label for each, and no column of numbers could be "
        "forecast"
    )


def test_numbers_that_count_the_rows_a_part_and_a_group_are_nothing_to_forecast() -> None:
    table = names().assign(id=np.arange(100), part=["test", *["train"] * 99], person=np.arange(100) % 30)
    columns, _ = text_columns.recognised(table, Asked(PATH)) or (None, "")
    assert columns is not None
    assert columns.part is not None
    assert columns.part.model_dump() == {"column": "part", "value": "test"}
    assert text_columns.group_of(table, columns) == "person"


def test_a_label_may_be_a_whole_number_a_truth_value_or_missing_somewhere() -> None:
    assert found(names().assign(gender=lambda table: table["gender"] == "male")) == ("name", "gender")
    assert found(names().rename(columns={"gender": "label"}).assign(label=np.arange(100) % 2)) == ("name", "label")
    assert found(names().assign(gender=lambda table: table["gender"].where(table.index != 3))) == ("name", "gender")


def test_few_texts_steps_of_sequences_and_numbers_are_no_texts() -> None:
    assert found(names().assign(name=np.arange(100) % 7)) is None
    assert found(waves()) is None
    steps = waves().assign(token=lambda table: np.where(table["x"] > 0, "high", "low"))[["name", "token", "kind"]]
    assert found(steps) is None
    assert found(pd.DataFrame({"load": np.arange(100) / 7, "name": names()["name"]})) is None


def test_beside_numbers_and_between_several_columns_it_is_asked_for() -> None:
    with pytest.raises(InputError) as error:
        found(names(distinct=90).assign(age=np.arange(100) % 31 + 0.5))
    assert str(error.value) == (
        "names.csv: 'name' may be texts and 'gender' their label, but 'age' holds numbers; say what is meant: "
        "--text name, or --task forecast"
    )
    with pytest.raises(InputError, match="2 columns may hold texts to classify; name it: --text name, --text again"):
        found(names().assign(again=lambda table: table["name"] + "!"))
    with pytest.raises(InputError, match="2 columns may be the label of a text; name it: --target gender, --target to"):
        found(names().assign(town=["x", "y"] * 50))
    assert found(names().assign(town=["x", "y"] * 50), Asked(PATH, targets=("town",))) == ("name", "town")


def test_what_is_declared_is_followed_and_has_to_be_there() -> None:
    columns = text_columns.find(names().assign(age=1.5), Asked(PATH, text="name"))
    assert (columns.text, columns.label) == ("name", "gender")
    with pytest.raises(InputError, match="no column 'nam'; fix --text"):
        text_columns.find(names(), Asked(PATH, text="nam"))
    with pytest.raises(InputError, match="no column but 'name' has 2 to 50 different values; name the label with"):
        text_columns.find(names()[["name"]], Asked(PATH, text="name"))
    with pytest.raises(InputError, match="--target names several columns, but a text has one label"):
        text_columns.find(names(), Asked(PATH, text="name", targets=("gender", "name")))
