"""A column of texts: each row a sequence of characters, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import sequence_arrays, table, text_table
from cellsize.data.sequence_schema import SEQUENCE, SequenceSchema
from cellsize.errors import InputError
from cellsize.params_data import HoldoutPart, Prepare, Window

HERE = Path("names.csv")
MakePrepare = Callable[..., Prepare]


def toy(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"text": ["Ann", "Bo"], "class": ["f", "m"], "id": ["p", "q"], "part": ["train", "test"]} | changes
    )


def test_each_row_is_a_sequence_of_code_points_named_by_its_number(make_text_prepare: MakePrepare) -> None:
    frame, schema = text_table.clean(toy(), HERE, make_text_prepare(case="lower"), None)
    assert frame[SEQUENCE].tolist() == ["0: ann"] * 3 + ["1: bo"] * 2
    assert "".join(map(chr, frame["text"].astype(int))) == "annbo"
    assert (schema.sequence, schema.step, schema.features, schema.classes) == ("text", None, ("text",), ("f", "m"))
    assert SequenceSchema.of(schema.content()) == schema
    assert schema.characters == 5


def test_a_row_may_have_a_name_a_group_and_a_part(make_text_prepare: MakePrepare) -> None:
    prepare, part = make_text_prepare(series="id"), HoldoutPart(column="part", value="test")
    frame, _ = text_table.clean(toy(), HERE, prepare, part)
    assert frame[SEQUENCE].unique().tolist() == ["p", "q"]
    assert frame["_held_out"].tolist() == [False] * 3 + [True] * 2


def test_of_a_longer_text_the_last_characters_are_read(
    make_text_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    frame, schema = text_table.clean(toy(), HERE, make_text_prepare(), None)
    sequences = sequence_arrays.build(frame, schema, make_window(lookback=2))
    assert "".join(map(chr, sequences.inputs[:, 0].astype(int))) == "nnBo"
    assert (sequences.longest, sequences.characters, sequences.n_inputs) == (2, 5, 6)
    np.testing.assert_array_equal(sequences.offset, [0.0])


@pytest.mark.parametrize(
    ("changes", "params", "message"),
    [
        ({"text": ["Ann", None]}, {}, "names.csv, line 3, column 'text': missing; leave the row out"),
        ({"text": [" ", "Bo"]}, {}, "names.csv, line 2, column 'text': an empty text; leave the row out"),
        (
            {"text": ["Ann", 7]},
            {},
            "names.csv, line 3, column 'text': 7 is no text; name a column of texts in prepare.te",
        ),
        ({"id": ["p", "p"]}, {"series": "id"}, "names.csv, line 3, column 'id': 'p' is in an earlier row too"),
        ({"class": ["f", "f"]}, {}, "names.csv, column 'class': 1 classes"),
        (
            {},
            {"targets": ["gender"]},
            "names.csv: no column 'gender'; fix prepare in params.yaml (the table has: text, c",
        ),
    ],
)
def test_what_is_no_text_is_refused_in_a_line(
    make_text_prepare: MakePrepare, changes: dict[str, Any], params: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as refused:
        text_table.clean(toy(**changes), HERE, make_text_prepare(**params), None)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_names_that_look_like_something_else_are_texts_of_a_csv(make_text_prepare: MakePrepare, tmp_path: Path) -> None:
    path, prepare = tmp_path / "names.csv", make_text_prepare()
    path.write_text("text,class\nNan,f\nNA,m\n007,f\n")
    rows = table.read(path, ("text", "class"), prepare.csv)
    assert prepare.text is not None
    assert text_table.read(rows, path, prepare.text) == ["Nan", "NA", "007"]
