"""Files of models of whole sequences."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.errors import InputError
from cellsize.models.regressor import Regressor
from cellsize.models.sequence_files import MODEL, WEIGHTS, digest, load, save
from cellsize.params_data import Window
from cellsize.sizing.sizes import ZERO
from cellsize.training.records import Setting, Work
from cellsize.training.refit import refit_size


@pytest.fixture
def model(
    make_number_work: Callable[..., Work], number_schema: SequenceSchema, make_window: Callable[..., Window]
) -> Regressor:
    work = make_number_work()
    fitted, net = refit_size(work, ZERO, Setting(0.0, 0.0, 0.0), 1.0, 0)
    return Regressor(ZERO, number_schema, make_window(horizon=1), work.network, fitted, net, 6)


def test_arrays_that_a_task_has_in_addition_are_found_by_name(model: Regressor, tmp_path: Path) -> None:
    save(model, tmp_path, residuals__values=np.arange(3.0))
    parts, found = load(tmp_path)
    assert found["residuals.values"].tolist() == [0, 1, 2]
    assert parts.schema == model.schema
    np.testing.assert_array_equal(parts.fitted.scaling.label_mean, model.fitted.scaling.label_mean)
    assert json.loads((tmp_path / MODEL).read_text())["task"] == "regress"
    assert {path.name for path in tmp_path.iterdir()} == {MODEL, WEIGHTS}


def test_a_model_of_another_version_is_refused(model: Regressor, tmp_path: Path) -> None:
    save(model, tmp_path)
    path = tmp_path / MODEL
    path.write_text(path.read_text().replace('"version": 1', '"version": 99'))
    with pytest.raises(InputError, match="version 99 of the format, but this cellsize reads 1"):
        load(tmp_path)


def test_a_served_model_names_no_sequence_that_it_has_learned_from(model: Regressor, tmp_path: Path) -> None:
    save(replace(model, learned_from=(digest("Ada Lovelace"),)), tmp_path)
    assert all(b"Lovelace" not in path.read_bytes() for path in tmp_path.iterdir())
    assert load(tmp_path)[0].learned_from == (digest("Ada Lovelace"),) == ("7674021617159190",)
