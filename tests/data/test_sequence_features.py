"""Features of each step: missing values with an indicator, texts, and what is constant in a sequence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data.sequence_arrays import build
from cellsize.data.sequence_batches import fit_scaling, padded_steps
from cellsize.data.sequence_features import columns
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequence_table import clean
from cellsize.errors import InputError
from cellsize.params_data import Prepare, Window

HERE = Path("long.csv")
MakePrepare = Callable[..., Prepare]


@pytest.fixture
def table() -> pd.DataFrame:
    """Two sequences of two steps, whose second one has no number in its last step."""
    return pd.DataFrame(
        {
            "name": ["a", "a", "b", "b"], "step": [0, 1, 0, 1], "x": [1.0, 3.0, 5.0, np.nan],
            "mood": ["low", "high", None, "low"], "age": [30, 30, 50, 50], "place": ["N", "N", "S", "S"],
            "class": [True, True, False, False],
        }
    )  # fmt: skip


@pytest.fixture
def prepare(make_long_prepare: MakePrepare) -> Prepare:
    return make_long_prepare(past_covariates=["x"], categorical_covariates=["mood"], static_covariates=["age", "place"])


def test_each_column_becomes_inputs_of_each_step(table: pd.DataFrame, prepare: Prepare) -> None:
    frame, schema = clean(table, HERE, prepare, None)
    assert schema.input_columns == ("x", "age", "place=N", "place=S", "mood=high", "mood=low", "x_missing")
    np.testing.assert_array_equal(
        frame[list(schema.input_columns)],
        [
            [1, 30, 1, 0, 0, 1, 0],
            [3, 30, 1, 0, 1, 0, 0],
            [5, 50, 0, 1, 0, 0, 0],
            [np.nan, 50, 0, 1, 0, 1, 1],
        ],
    )
    assert schema.classes == ("False", "True")
    assert SequenceSchema.of({key: getattr(schema, key) for key in vars(schema)}) == schema


def test_a_missing_number_is_the_mean_of_the_training_steps_and_none_of_them(
    table: pd.DataFrame, prepare: Prepare, make_window: Callable[..., Window]
) -> None:
    sequences = build(*clean(table, HERE, prepare, None), make_window(lookback=9))
    scaling = fit_scaling(sequences, np.array([0, 1]))
    assert scaling.mean[0] == 3
    assert scaling.std[0] == pytest.approx(np.std([1, 3, 5]))
    steps = padded_steps(sequences, scaling, np.array([1]))
    assert steps[0, 1, 0] == 0
    assert steps[0, 1, -1] > 0


def test_a_feature_that_training_never_has_is_0_everywhere(
    table: pd.DataFrame, prepare: Prepare, make_window: Callable[..., Window]
) -> None:
    table.loc[table["name"] == "a", "x"] = np.nan
    sequences = build(*clean(table, HERE, prepare, None), make_window(lookback=9))
    scaling = fit_scaling(sequences, np.array([0]))
    assert np.isfinite(padded_steps(sequences, scaling, np.array([0, 1]))).all()


def test_what_is_never_missing_in_training_is_refused_where_it_is_later(table: pd.DataFrame, prepare: Prepare) -> None:
    _, schema = clean(table, HERE, prepare, None)
    with pytest.raises(InputError, match=r"long.csv, line 5, column 'x': missing; fill it in, or leave the row out"):
        columns(table, HERE, replace(schema, flagged=()))


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (
            "mood",
            ["low"] * 4,
            "column 'mood': 1 levels; a categorical covariate has 2 to 50; join rare ones, or remove",
        ),
        ("age", [30, 31, 50, 50], "line 3, column 'age': 31, but 30 before in series 'a'; a static covariate never"),
        ("x", [1, "?", 2, 3], "line 3, column 'x': '?' is not a number"),
    ],
)
def test_a_column_that_does_not_fit_is_named(
    table: pd.DataFrame, prepare: Prepare, column: str, values: list[object], said: str
) -> None:
    with pytest.raises(InputError) as error:
        clean(table.assign(**{column: pd.Series(values)}), HERE, prepare, None)
    assert said in str(error.value)


def test_a_name_that_an_indicator_has_is_refused(table: pd.DataFrame, prepare: Prepare) -> None:
    twice = prepare.model_copy(update={"past_covariates": ("x", "x_missing")})
    with pytest.raises(
        InputError, match="column 'x_missing': this name is reserved for a column of ours; rename yours"
    ):
        clean(table.assign(x_missing=1.0), HERE, twice, None)
