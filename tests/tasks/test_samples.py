"""The door: which task some samples belong to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cellsize.data.sequences import Sequences
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.tasks import samples
from cellsize.tasks.classification import Classification
from cellsize.tasks.forecasting import Forecasting


def test_what_is_saved_is_read_as_what_it_is(
    make_windows: Callable[..., Windows], make_sequences: Callable[..., Sequences], tmp_path: Path
) -> None:
    for made, kind in ((make_windows(range(9)), Forecasting), (make_sequences(), Classification)):
        made.save(tmp_path / "windows.npz")
        read = samples.load(tmp_path / "windows.npz")
        assert type(read) is type(made)
        assert isinstance(samples.task_of(read), kind)


def test_what_only_forecasts_have_is_refused_for_others_in_one_line(
    make_windows: Callable[..., Windows], make_sequences: Callable[..., Sequences]
) -> None:
    windows = make_windows(range(9))
    assert samples.windows_of(windows) is windows
    with pytest.raises(InputError, match="task: classify has no windows in time"):
        samples.windows_of(make_sequences())
