"""Results on labelled sequences are of their own kind, and say so."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.sizing.class_records import ClassEvaluation, SequenceInspection
from cellsize.sizing.evaluation_records import Evaluation
from tests.sizing.class_examples import evaluation


def test_results_of_one_task_are_not_read_as_those_of_another(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    evaluation().write(path)
    assert ClassEvaluation.read(path) == evaluation()
    with pytest.raises(InputError):
        Evaluation.read(path)
    with pytest.raises(InputError):
        SequenceInspection.read(path)


def test_the_error_that_opens_the_gate_is_the_normalised_log_loss() -> None:
    assert evaluation().error(evaluation().model) == 0.2
