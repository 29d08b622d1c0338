"""Results on labelled sequences are of their own kind, and say so."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.sizing.class_records import ClassErrors, ClassEvaluation, SequenceInspection
from cellsize.sizing.evaluation_records import Evaluation

ERRORS = ClassErrors(accuracy=0.9, macro_f1=0.8, log_loss=0.3, score=0.2)


def test_results_of_one_task_are_not_read_as_those_of_another(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    made = ClassEvaluation(
        task="classify", metric="log_loss", sequences=2, classes=("a", "b"), model=ERRORS, twins=(ERRORS,),
        baselines={"majority_class": ERRORS}, confusion=((1, 0), (0, 1)),
    )  # fmt: skip
    made.write(path)
    assert ClassEvaluation.read(path) == made
    with pytest.raises(InputError):
        Evaluation.read(path)
    with pytest.raises(InputError):
        SequenceInspection.read(path)
