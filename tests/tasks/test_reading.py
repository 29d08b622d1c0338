"""What tasks with whole sequences read is the same, whatever the label."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cellsize.data.sequences import Sequences
from cellsize.tasks.reading import read
from cellsize.tasks.samples import task_of


def test_steps_and_summaries_do_not_depend_on_the_label(make_numbers: Callable[..., Sequences]) -> None:
    numbers = make_numbers((0.0, 1.0, 0.0, 1.0))
    classes = replace(numbers, target=np.array([0, 1, 0, 1]), classes=("a", "b"))
    chosen = np.array([2, 0])
    first, second = (task_of(each).read(task_of(each).fit_scaling(np.arange(4)), chosen) for each in (numbers, classes))
    np.testing.assert_array_equal(first.steps, second.steps)
    np.testing.assert_array_equal(first.linear_inputs, second.linear_inputs)
    target = np.zeros((2, 1, 1), np.float32)
    assert read(numbers, task_of(numbers).fit_scaling(np.arange(4)), chosen, target).target is target
