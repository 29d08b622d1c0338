"""Which report is written."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.report.answered import task_of


def test_results_say_which_task_they_are_of(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    with pytest.raises(InputError, match="no such file; run `cellsize run`"):
        task_of(tmp_path)
    path.write_text('{"metric": "mse"}')
    assert task_of(tmp_path) == "forecast"
    path.write_text('{"task": "classify"}')
    assert task_of(tmp_path) == "classify"
    path.write_text("{")
    with pytest.raises(InputError, match="not JSON; remove the file"):
        task_of(tmp_path)
