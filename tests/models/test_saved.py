"""A saved model of whichever task."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import MODEL
from cellsize.models.regressor import Regressor
from cellsize.models.saved import load


def test_the_file_says_whose_model_it_is_and_a_later_format_is_refused(
    draw_classifier: Callable[..., tuple[Classifier, Sequences]],
    make_regressor: Callable[..., tuple[Regressor, Sequences]],
    tmp_path: Path,
) -> None:
    for name, model in (("labels", draw_classifier()[0]), ("numbers", make_regressor()[0])):
        model.save(tmp_path / name)
        assert type(load(tmp_path / name)) is type(model)
        content = json.loads((tmp_path / name / MODEL).read_text(encoding="utf-8"))
        (tmp_path / name / MODEL).write_text(json.dumps(content | {"version": 999}), encoding="utf-8")
        with pytest.raises(InputError, match="version 999 of the format"):
            load(tmp_path / name)
