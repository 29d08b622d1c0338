"""Labels of sequences from rows."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cellsize.data.sequence_schema import LabelType
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.models.classifier import Classifier
from cellsize.models.row_labels import label_rows, labels_and_remarks, probability_columns
from cellsize.sizing.sizes import ZERO, Size

Draw = Callable[..., tuple[Classifier, Sequences]]
Rows = Callable[[Sequences], pd.DataFrame]


@pytest.mark.parametrize("size", [ZERO, Size(1, 3)], ids=str)
def test_rows_have_the_probabilities_of_the_sequences_that_they_are(
    draw_classifier: Draw, rows_of: Rows, size: Size
) -> None:
    model, sequences = draw_classifier(size, bidirectional=True)
    found = label_rows(model, rows_of(sequences).assign(note="thanks"))
    assert list(found.columns) == ["name", "class", "probability of a", "probability of b", "probability of c"]
    assert found["name"].tolist() == list(sequences.names)
    expected = model.probabilities(sequences, np.arange(len(sequences.first)))
    np.testing.assert_allclose(found.iloc[:, 2:], expected, atol=1e-6)
    assert found["class"].tolist() == ["abc"[at] for at in expected.argmax(axis=1)]
    np.testing.assert_allclose(found.iloc[:, 2:].sum(axis=1), 1)


def test_a_sequence_is_labelled_by_itself_alone(draw_classifier: Draw, rows_of: Rows) -> None:
    model, sequences = draw_classifier(Size(1, 3), bidirectional=True, summary="mean")
    rows = rows_of(sequences)
    together = label_rows(model, rows)
    for name in ("s0", "s3", "s4"):  # of two, five and six steps
        alone = label_rows(model, rows[rows["name"] == name])
        expected = together[together["name"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected, check_exact=False, atol=1e-6)


def test_of_a_sequence_longer_than_all_of_training_the_last_steps_are_read_and_it_is_said(
    draw_classifier: Draw, rows_of: Rows
) -> None:
    model, sequences = draw_classifier(Size(1, 3), summary="mean")
    rows = rows_of(sequences)
    whole = rows[rows["name"] == "s4"]  # six steps, as many as the longest has
    longer = pd.concat([whole.head(2).assign(step=[-2, -1], x=0.5), whole])
    found, remarks = labels_and_remarks(model, longer)
    pd.testing.assert_frame_equal(found, label_rows(model, whole))
    assert remarks == ["sequences of more than 6 steps, of which the last are read: 1"]


def test_values_beyond_what_training_has_shown_are_counted(draw_classifier: Draw, rows_of: Rows) -> None:
    model, sequences = draw_classifier()
    rows = rows_of(sequences)
    assert labels_and_remarks(model, rows)[1] == []
    rows.loc[[0, 5], "z"] = 1e6
    assert labels_and_remarks(model, rows)[1] == ["values beyond what training has shown were clipped: z 2"]


def test_labels_come_back_as_the_table_has_them(draw_classifier: Draw, rows_of: Rows) -> None:
    model, sequences = draw_classifier()
    names: dict[LabelType, tuple[str, ...]] = {"integer": ("-7", "0", "12"), "text": ("07", "", 'a, "b"\n∑')}
    for kind, classes in names.items():
        schema = replace(model.schema, classes=classes, label_type=kind)
        found = label_rows(replace(model, schema=schema), rows_of(sequences))
        assert found["class"].tolist() == [{"text": str, "integer": int}[kind](classes[at]) for at in sequences.target]
        assert list(found.columns[2:]) == [f"probability of {name}" for name in classes]
    schema = replace(model.schema, classes=("False", "True", "c"), label_type="boolean")
    assert label_rows(replace(model, schema=schema), rows_of(sequences))["class"][:2].tolist() == [False, True]


def test_no_column_of_the_answer_is_there_twice(draw_classifier: Draw) -> None:
    schema = draw_classifier()[0].schema
    assert probability_columns(replace(schema, label="probability of a"))[0] == "the probability of a"


def test_no_rows_are_refused(draw_classifier: Draw) -> None:
    with pytest.raises(InputError, match="no rows; send a row for each step of each sequence"):
        label_rows(draw_classifier()[0], pd.DataFrame())
