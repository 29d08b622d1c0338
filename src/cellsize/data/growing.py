"""The holdout of sequences of which more and more come in, while a size is kept that was searched on the first ones.

The holdout keeps the sequences that it had, and of the new ones every so many are added: no sequence that the size was
searched on ever gets in, and whoever learns from the rest learns from new ones too.
"""

import numpy as np
import numpy.typing as npt

from cellsize.data.sequences import Sequences


def held_out(sequences: Sequences, before: npt.NDArray[np.bool_], kept: int, fraction: float) -> npt.NDArray[np.bool_]:
    """The holdout of all sequences, shape (n,).

    Of the new groups every n-th of each class is held out, in the order of the table, and classes do not begin with the
    same one. So each new sequence keeps its place when still more come. scikit-learn's splitters would draw all places
    anew, and refuse a class with fewer new members than parts. Who is in a group of before stays with it.

    Args:
        sequences: Base arrays and index.
        before: Which of the first ones are the holdout already, shape (kept,).
        kept: How many were searched on, or held out meanwhile: the first ones.
        fraction: Of the new ones that is held out.
    """
    every = round(1 / fraction)
    place = dict(zip(sequences.group[:kept].tolist(), before.tolist(), strict=True))
    seen = dict[int, int]()
    # Numbers are no classes: one order for all of them.
    codes = sequences.target if sequences.classes else np.zeros(len(sequences.target), np.int64)
    for group, code in zip(sequences.group[kept:].tolist(), codes[kept:].tolist(), strict=True):
        if group not in place:
            seen[code] = seen.get(code, code) + 1
            place[group] = seen[code] % every == 0
    return np.array([place[group] for group in sequences.group.tolist()], np.bool_)
