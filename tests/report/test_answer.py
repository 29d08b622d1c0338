"""The answer in a few lines, from what the stages wrote."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.report import answer
from cellsize.sizing.artefacts import Choice, Inspection, Registration


@pytest.fixture
def reports(folders: tuple[Path, Path]) -> Path:
    return folders[1]


def test_the_answer_says_size_scores_holdout_version_and_report(reports: Path) -> None:
    assert answer.lines("Toy", reports).splitlines() == [
        "",
        "Toy: 1 layer of 32 memory cells.",
        "  parameters    5,756, of them 5,120 recurrent",
        "  score         0.2908; best 0.2893 with 1 layer of 64 memory cells; without memory cells 0.3723",
        "                (cross-validated normalised MSE: MSE / variance of the training targets)",
        "  holdout       0.3100; best baseline ridge-linear 0.3958",
        "  registered    models:/toy/4 (champion)",
        "  note          window.linear_lookback: 24, prepare.linear_calendar: [hour_of_day] would be worth 20 % to the "
        "linear model (stage inspect)",
        f"  report        {reports / 'index.html'}",
    ]


def test_what_limits_the_answer_is_part_of_it(reports: Path) -> None:
    choice, record = Choice.read(reports / "choice.json"), Registration.read(reports / "registration.json")
    limited = choice.model_copy(update={"caution": "A larger one may be better still.", "at_least": True})
    limited.write(reports / "choice.json")
    record.model_copy(update={"promoted": False, "reason": "worse"}).write(reports / "registration.json")
    lines = answer.lines("Toy", reports).splitlines()
    assert lines[1] == "Toy: at least 1 layer of 32 memory cells."
    assert "  note          A larger one may be better still." in lines
    assert "  registered    models:/toy/4 (not promoted: worse)" in lines


def test_without_advice_there_is_no_note(reports: Path) -> None:
    path = reports / "inspection.json"
    Inspection.read(path).model_copy(update={"advice": (), "gain": 0.0}).write(path)
    assert "note" not in answer.lines("Toy", reports)


def test_a_result_that_is_missing_is_named(reports: Path) -> None:
    (reports / "evaluation.json").unlink()
    with pytest.raises(InputError, match=r"evaluation\.json: no such file; run `dvc repro`"):
        answer.lines("Toy", reports)
