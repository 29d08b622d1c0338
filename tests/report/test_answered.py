"""Which report is written."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.report.answered import is_of_classes


def test_results_say_which_task_they_are_of(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    with pytest.raises(InputError, match="no such file; run `cellsize run`"):
        is_of_classes(tmp_path)
    path.write_text('{"metric": "mse"}')
    assert not is_of_classes(tmp_path)
    path.write_text('{"task": "classify"}')
    assert is_of_classes(tmp_path)
    path.write_text("{")
    with pytest.raises(InputError, match="not JSON; remove the file"):
        is_of_classes(tmp_path)
