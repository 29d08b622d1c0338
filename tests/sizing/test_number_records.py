"""What is written of a regression is read again."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.sizing.number_records import NumberErrors, NumberEvaluation

ERRORS = NumberErrors(mse=4, mae=1, r2=0.5, nmse=0.5, nmae=0.6, score=0.5)
EVALUATION = NumberEvaluation(
    task="regress", metric="mse", sequences=3, groups=3, target="y", model=ERRORS, twins=(ERRORS,),
    baselines={"mean": ERRORS}, differences={}, left_out=None, champion=None, comparison=None,
    champion_not_measured=None, champion_version=None, coverage={"90": 1.0},
)  # fmt: skip


def test_an_evaluation_is_read_as_it_was_written(tmp_path: Path) -> None:
    EVALUATION.write(tmp_path / "evaluation.json")
    assert NumberEvaluation.read(tmp_path / "evaluation.json") == EVALUATION


def test_the_score_opens_the_gate() -> None:
    assert EVALUATION.error(ERRORS) == ERRORS.score


def test_that_of_another_task_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    EVALUATION.write(path)
    path.write_text(path.read_text().replace('"regress"', '"classify"'))
    with pytest.raises(InputError, match="task: Input should be 'regress'"):
        NumberEvaluation.read(path)
