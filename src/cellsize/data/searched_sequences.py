"""The sequences that sizes are searched on: all of them, or the first ones of the table.

Sequences have no time, but an order: that in which they come first in the table. New ones come behind those that were
there. So `split.searched_until` is a number of sequences for them, and the search gets arrays with the same bytes as
before from the longer table; see `data.searched`.
"""

import numpy as np
import pandas as pd

from cellsize.data.searched import KEY
from cellsize.data.sequence_schema import LABEL, SEQUENCE
from cellsize.errors import InputError


def count_of(said: str | None, there: int) -> int:
    """How many of the first sequences are searched on.

    Args:
        said: `split.searched_until`; None: all.
        there: Sequences of the table.

    Raises:
        InputError: It is not a number of sequences, or the table has fewer.
    """
    if said is None:
        return there
    if not said.isdecimal() or int(said) == 0:
        raise InputError(f"{KEY}: {said!r} is not a number of sequences; set null to search on all of them")
    if int(said) > there:
        raise InputError(f"{KEY}: {said} sequences, but the table has {there:,}; set null to search on all of them")
    return int(said)


def last_searched(frame: pd.DataFrame, said: str | None) -> str:
    """The number of the sequences that are searched on, as `split.searched_until` has it.

    Args:
        frame: Clean sequences, as `sequence_table.clean` returns them.
        said: `split.searched_until`; None: all.
    """
    return str(count_of(said, frame[SEQUENCE].nunique()))


def sequences_until(frame: pd.DataFrame, said: str) -> pd.DataFrame:
    """The rows of the first sequences of clean ones.

    Args:
        frame: Clean sequences, as `sequence_table.clean` returns them.
        said: How many.

    Raises:
        InputError: It is no such number, or the label of a later sequence is not among them.
    """
    codes = pd.factorize(frame[SEQUENCE])[0]
    count = count_of(said, int(codes.max()) + 1)
    kept = codes < count
    # A number may be a new one; a class nobody has searched on cannot be told apart.
    if not pd.api.types.is_numeric_dtype(frame[LABEL]):
        other = np.setdiff1d(frame[LABEL].unique(), frame.loc[kept, LABEL].unique())
        if other.size:
            raise InputError(
                f"{KEY}: none of the first {count:,} sequences has the label {other[0]!r}; set null to search on all"
            )
    return frame[kept].reset_index(drop=True)
