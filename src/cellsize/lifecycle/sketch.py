"""A column as codes of one byte: in which of 255 bins of what the model has learned from a value lies.

A reference for later has to be small and has to keep the order of its rows: whether a month is unusual can only be
said in comparison with other months. So each value becomes the number of its bin. The bins hold about as many values
each, and values that repeat are never divided: 0 and 1 stay 0 and 1.
"""

import numpy as np
import numpy.typing as npt

from cellsize.data.windows import Floats, Ints

BINS = 255
MISSING = 255  # code of a value that is not there
CODES = 256
Codes = npt.NDArray[np.uint8]


def borders(values: Floats) -> Floats:
    """The borders between the bins of a column, ascending, float64, shape (254,); infinite where fewer do.

    Each lies halfway between two values that are there: the same value computed once more, with another last digit,
    has the same code.

    Args:
        values: Shape (rows,), NaN where missing.
    """
    distinct, counts = np.unique(values[np.isfinite(values)].astype(np.float64), return_counts=True)
    between = np.full(BINS - 1, np.inf)
    if distinct.size < 2:
        return between
    if distinct.size <= BINS:
        last = np.arange(distinct.size - 1)
    else:
        ranks = np.cumsum(counts)
        wanted = np.arange(1, BINS) / BINS * ranks[-1]
        last = np.unique(np.searchsorted(ranks, wanted))
        last = last[last < distinct.size - 1]
    between[: last.size] = (distinct[last] + distinct[last + 1]) / 2
    return between


def codes(values: Floats, borders: Floats) -> Codes:
    """The code of each value, shape (rows, columns).

    Args:
        values: Shape (rows, columns), NaN where missing.
        borders: Of each column, shape (columns, 254).
    """
    coded = np.empty(values.shape, np.uint8)
    for column, of_column in enumerate(borders):
        coded[:, column] = np.searchsorted(of_column, values[:, column].astype(np.float64))
        coded[~np.isfinite(values[:, column]), column] = MISSING
    return coded


def blocks_of(step: Ints, length: int) -> Ints:
    """The block of time of each row, counted back from the newest, which is whole: shape (rows,).

    Args:
        step: Step of each row, shape (rows,).
        length: Steps of a block.
    """
    blocks: Ints = (step.max() - step) // length
    return blocks


def counts(codes: Codes, blocks: Ints, number: int) -> Ints:
    """How often each code is there in each block, shape (blocks, columns, CODES), the oldest block first.

    Args:
        codes: Shape (rows, columns).
        blocks: Of each row, as `blocks_of` counts them.
        number: How many blocks count; older rows are left out.
    """
    kept = blocks < number
    of_row = number - 1 - blocks[kept]
    counted = np.zeros((number, codes.shape[1], CODES), np.int64)
    for column in range(codes.shape[1]):
        flat = np.bincount(of_row * CODES + codes[kept, column], minlength=number * CODES)
        counted[:, column] = flat.reshape(number, CODES)
    return counted
