"""The task `forecast` with its windows: what `data` says, and nothing else."""

from collections.abc import Callable

import numpy as np

from cellsize.data.batches import cell_steps, design, gather, truth
from cellsize.data.scaling import fit_scaling
from cellsize.tasks.forecasting import Forecasting
from cellsize.training.records import Work


def test_windows_are_read_as_batches_gather_them(make_work: Callable[..., Work]) -> None:
    windows, chosen = make_work(window={"normalise": "standard"}).windows, np.array([4, 9])
    task, scaling = Forecasting(windows), fit_scaling(windows, np.arange(20))
    batch, read = gather(windows, scaling, chosen), task.read(scaling, chosen)
    np.testing.assert_array_equal(read.steps, cell_steps(windows, batch.steps))
    np.testing.assert_array_equal(read.linear_inputs, design(windows, batch))
    np.testing.assert_array_equal(read.target, batch.target)
    np.testing.assert_array_equal(task.truth(scaling, chosen), truth(windows, scaling, chosen))
    assert read.lengths is None
    assert task.samples == "windows"
