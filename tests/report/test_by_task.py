"""Which report is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cellsize.params import Report
from cellsize.report import by_task, classes, numbers, page
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ClassMetrics
from tests.sizing.class_examples import evaluation


@pytest.mark.parametrize(
    ("content", "expected"),
    [('{"task": "classify"}', ["classes"]), ('{"task": "regress"}', ["numbers"]), ("{}", ["page"])],
)
def test_the_report_is_that_of_the_results(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, expected: list[str]
) -> None:
    written: list[str] = []
    monkeypatch.setattr(page, "read_folders", lambda *_: None)
    monkeypatch.setattr(page, "write", lambda *_: written.append("page"))
    monkeypatch.setattr(classes, "write", lambda *_: written.append("classes"))
    monkeypatch.setattr(numbers, "write", lambda *_: written.append("numbers"))
    (tmp_path / "evaluation.json").write_text(content)
    by_task.write(tmp_path, Report(title="t", unit="u", examples=1), tmp_path)
    assert written == expected


def test_the_numbers_of_a_registered_classification_are_those_of_its_report(toy_choice: Callable[..., Choice]) -> None:
    found = by_task.numbers_of(toy_choice(), evaluation())
    assert isinstance(found, ClassMetrics)
    assert found == classes.numbers(toy_choice(), evaluation())
