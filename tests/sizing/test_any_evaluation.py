"""A file of evaluations is read as that of its task."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.sizing import any_evaluation


def test_a_file_that_is_not_there_or_no_json_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    with pytest.raises(InputError, match="no such file"):
        any_evaluation.read(path)
    path.write_text("{")
    with pytest.raises(InputError, match="remove the file"):
        any_evaluation.read(path)
