"""The holdout and the folds, by task."""

from collections.abc import Callable

import numpy as np

from cellsize.data import folds, stratified
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Windows
from cellsize.params_data import Split, Window
from cellsize.tasks import splitting


def test_each_task_has_its_splitter_and_says_what_it_made(
    make_windows: Callable[..., Windows], make_sequences: Callable[..., Sequences], make_split: Callable[..., Split],
    make_window: Callable[..., Window],
) -> None:  # fmt: skip
    windows, sequences, contiguous = make_windows(np.sin(np.arange(90.0))), make_sequences(), make_split()
    parts, said = splitting.split(windows, contiguous, make_window())
    np.testing.assert_array_equal(parts.labels, folds.split(windows, contiguous).labels)
    assert said == [f"{parts.development.sum()} windows in 2 folds, {parts.holdout.sum()} held out"]
    stratified_split = make_split(scheme="stratified", fraction=0.34)
    parts, said = splitting.split(sequences, stratified_split, make_window())
    np.testing.assert_array_equal(parts.labels, stratified.split(sequences, stratified_split).labels)
    assert said == [f"{parts.development.sum()} sequences in 2 folds, {parts.holdout.sum()} held out"]
