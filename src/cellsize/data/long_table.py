"""Sequences of a file that is no table as a long one: a row for each step, under names that `params.yaml` can give."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

SEQUENCE, STEP, LABEL = "sequence", "step", "label"


def features(count: int) -> tuple[str, ...]:
    """Names of the numbers of a step: x1, x2 and so on."""
    return tuple(f"x{number}" for number in range(1, count + 1))


def of(values: npt.NDArray[np.float64], length: npt.NDArray[np.integer], each: Mapping[str, Any]) -> pd.DataFrame:
    """A long table.

    Args:
        values: The steps of all sequences one after another, shape (steps of all, features).
        length: Steps of each sequence, shape (n,).
        each: Name → what each sequence has one of, such as its label, of length n.

    Returns:
        Columns `sequence` and `step`, both counted from 1, a column for each feature, and those of `each`.
    """
    begins = np.cumsum(length) - length
    table: dict[str, npt.NDArray[Any]] = {SEQUENCE: np.repeat(np.arange(1, len(length) + 1), length)}
    table[STEP] = np.arange(1, len(values) + 1) - np.repeat(begins, length)
    table |= {name: values[:, column] for column, name in enumerate(features(values.shape[1]))}
    return pd.DataFrame(table | {name: np.repeat(np.asarray(one), length) for name, one in each.items()})
