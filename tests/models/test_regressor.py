"""The model of sequences with numbers as files, its numbers and intervals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cellsize.data.regress import Regress
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.models.regressor import Regressor
from cellsize.models.twins import load_regressors, save
from cellsize.sizing.sizes import ZERO, Size

Make = Callable[..., tuple[Regressor, Sequences]]


@pytest.mark.parametrize(("size", "skip"), [(ZERO, "none"), (Size(1, 3), "none"), (Size(1, 3), "joint")])
def test_a_model_that_was_read_says_what_the_written_one_says(
    make_regressor: Make, size: Size, skip: str, tmp_path: Path
) -> None:
    model, sequences = make_regressor(size, skip)
    save([model], tmp_path)
    read, chosen = load_regressors(tmp_path)[0], np.arange(9)
    np.testing.assert_array_equal(read.numbers(sequences, chosen), model.numbers(sequences, chosen))
    outputs = model.outputs(sequences, chosen)
    np.testing.assert_array_equal(read.interval(outputs, 0.9), model.interval(outputs, 0.9))
    assert (read.schema, read.window, read.network) == (model.schema, model.window, model.network)
    assert (read.longest, read.learned_from) == (6, ("s0", "s1"))


def test_numbers_are_in_the_unit_of_the_table(make_regressor: Make) -> None:
    model, sequences = make_regressor()
    found = model.numbers(sequences, np.arange(36))
    assert np.abs(found - sequences.target).mean() < 0.3 * np.abs(sequences.target - sequences.target.mean()).mean()


def test_an_interval_is_around_the_number_and_a_transformed_one_is_never_negative(make_regressor: Make) -> None:
    plain, sequences = make_regressor()
    outputs = plain.outputs(sequences, np.arange(36))
    lower, upper = plain.interval(outputs, 0.9)
    std = Regress.of(plain.fitted.scaling).std
    np.testing.assert_allclose(upper - lower, 2 * (1 - 1 / 19) * std, rtol=1e-6)  # ranks 2 and 38 of 39
    rooted, _ = make_regressor(transform="sqrt")
    assert rooted.interval(outputs - 9, 0.9)[0].min() == 0


def test_a_level_that_the_residuals_are_too_few_for_is_refused(make_regressor: Make) -> None:
    model, sequences = make_regressor()
    with pytest.raises(InputError, match=r"ask for at most 0\.95"):
        model.interval(model.outputs(sequences, np.arange(2)), 0.99)


@pytest.mark.parametrize("transform", ["none", "sqrt", "log1p"])
def test_scaled_undoes_what_original_does(make_regressor: Make, transform: str) -> None:
    model, sequences = make_regressor(transform=transform)
    outputs = abs(model.outputs(sequences, np.arange(36)))
    np.testing.assert_allclose(model.scaled(model.original(outputs)), outputs, atol=1e-6)
