"""The holdout of sequences of which more and more come in, while a size is kept that was searched on the first ones.

The holdout keeps the sequences that it had, and of the new ones every so many are added: no sequence that the size was
searched on ever gets in, and whoever learns from the rest learns from new ones too.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cellsize.data.sequences import Sequences

Mask = npt.NDArray[np.bool_]


def first_of(sequences: Sequences, kept: int) -> Sequences:
    """The first sequences alone; they lie in the same base arrays."""
    parts = {key: getattr(sequences, key)[:kept] for key in ("first", "length", "target", "group", "held_out", "names")}
    return replace(sequences, **parts)


def held_out(sequences: Sequences, before: Mask, fraction: float) -> tuple[Mask, Mask]:
    """The holdout of all sequences, and who is in no set at all; shapes (n,).

    Of the new groups every n-th of each class is held out, in the order of the table, and classes do not begin with the
    same one. So each new sequence keeps its place when still more come. scikit-learn's splitters would draw all places
    anew, and refuse a class with fewer new members than parts. Who is in a group of before stays with it. Who belongs
    to two that lie on both sides, since it equals a sequence of one, is in no set.

    Args:
        sequences: Base arrays and index.
        before: Which of the first ones, that were searched on or held out meanwhile, are the holdout; shape (kept,).
        fraction: Of the new ones that is held out.
    """
    every, kept = round(1 / fraction), len(before)
    sides = dict[int, set[bool]]()
    for group, is_held in zip(sequences.group[:kept].tolist(), before.tolist(), strict=True):
        sides.setdefault(group, set()).add(is_held)
    seen = dict[int, int]()
    # Numbers are no classes: one order for all of them.
    codes = sequences.target if sequences.classes else np.zeros(len(sequences.target), np.int64)
    for group, code in zip(sequences.group[kept:].tolist(), codes[kept:].tolist(), strict=True):
        if group not in sides:
            seen[code] = seen.get(code, code) + 1
            sides[group] = {seen[code] % every == 0}
    of_new = [sides[group] for group in sequences.group[kept:].tolist()]
    holdout = np.concatenate([before, np.array([side == {True} for side in of_new], np.bool_)])
    nowhere = np.concatenate([np.zeros(kept, np.bool_), np.array([len(side) > 1 for side in of_new], np.bool_)])
    return holdout, nowhere
