"""What is kept to compare new rows with, by the task."""

from collections.abc import Callable
from pathlib import Path

from cellsize.lifecycle.by_task import writer
from cellsize.params_data import Csv
from cellsize.training.records import Work


def test_of_sequences_nothing_is_kept_yet(make_class_work: Callable[..., Work], make_csv: Callable[..., Csv]) -> None:
    assert writer(make_class_work(), Path("twins"), Path("model"), (1,), make_csv()) is None
