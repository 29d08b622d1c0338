"""Numbers of sequences from rows."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.models.regressor import Regressor
from cellsize.models.row_numbers import number_rows, numbers_and_remarks
from cellsize.sizing.sizes import ZERO, Size

Make = Callable[..., tuple[Regressor, Sequences]]
Rows = Callable[[Sequences], pd.DataFrame]


@pytest.mark.parametrize("size", [ZERO, Size(1, 3)], ids=str)
def test_rows_have_the_numbers_of_the_sequences_that_they_are(make_regressor: Make, rows_of: Rows, size: Size) -> None:
    model, sequences = make_regressor(size)
    found = number_rows(model, rows_of(sequences).assign(y="unread"))
    assert list(found.columns) == ["name", "y"]
    assert found["name"].tolist() == list(sequences.names)
    np.testing.assert_allclose(found["y"], model.numbers(sequences, np.arange(36)), atol=1e-5)


def test_an_interval_of_each_level_is_around_the_number(make_regressor: Make, rows_of: Rows) -> None:
    model, sequences = make_regressor()
    found = number_rows(model, rows_of(sequences), (0.9, 0.5))
    assert list(found.columns) == ["name", "y", "y_lower_90", "y_upper_90", "y_lower_50", "y_upper_50"]
    ordered = found[["y_lower_90", "y_lower_50", "y", "y_upper_50", "y_upper_90"]].to_numpy()
    assert (np.diff(ordered, axis=1) > 0).all()


def test_of_a_sequence_longer_than_all_of_training_the_last_steps_are_read_and_it_is_said(
    make_regressor: Make, rows_of: Rows
) -> None:
    model, sequences = make_regressor(Size(1, 3))
    rows = rows_of(sequences)
    whole = rows[rows["name"] == "s4"]  # six steps, as many as the longest has
    longer = pd.concat([whole.head(2).assign(step=[-2, -1]), whole])
    found, said = numbers_and_remarks(model, longer)
    np.testing.assert_allclose(found["y"], number_rows(model, whole)["y"], atol=1e-6)
    assert said == ["sequences of more than 6 steps, of which the last are read: 1"]


def test_what_cannot_be_answered_is_refused(make_regressor: Make, rows_of: Rows) -> None:
    model, sequences = make_regressor()
    rows = rows_of(sequences)
    with pytest.raises(InputError, match="no rows; send a row for each step"):
        number_rows(model, rows.head(0))
    with pytest.raises(InputError, match=r"levels: an interval of 99 % needs 199 residuals"):
        number_rows(model, rows, (0.99,))
    with pytest.raises(InputError, match="levels: this model has no residuals"):
        number_rows(replace(model, residuals=None), rows, (0.9,))
