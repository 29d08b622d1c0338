"""What is odd about labelled sequences before the holdout."""

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.sequences import TASK, Sequences
from cellsize.sizing.class_records import SequenceInspection


def inspect(sequences: Sequences, folds: Folds) -> SequenceInspection:
    """Counts classes, groups, steps, and sequences that are there twice.

    Args:
        sequences: Base arrays and index.
        folds: Which of them come before the holdout; no other is looked at.
    """
    chosen = np.flatnonzero(folds.development)
    counts = np.bincount(sequences.target[chosen], minlength=len(sequences.classes))
    seen, duplicates = dict[bytes, int](), 0
    for one in chosen:
        content = sequences.inputs[sequences.rows(np.array([one]))].tobytes()
        first = seen.setdefault(content, int(one))
        duplicates += sequences.group[first] != sequences.group[one]
    return SequenceInspection(
        task=TASK,
        sequences=len(chosen),
        groups=len(np.unique(sequences.group[chosen])),
        classes=dict(zip(sequences.classes, map(int, counts), strict=True)),
        shortest=int(sequences.length[chosen].min()),
        longest=int(sequences.length[chosen].max()),
        duplicates=int(duplicates),
    )


def printed(found: SequenceInspection) -> str:
    """What the stage prints."""
    fewest = min(found.classes, key=lambda name: (found.classes[name], name))
    said = (
        f"inspect: {found.sequences:,} sequences of {found.shortest} to {found.longest} steps, {len(found.classes)} "
        f"classes, the rarest {fewest!r} with {found.classes[fewest]:,}"
    )
    if found.duplicates:
        said += (
            f"\ninspect: {found.duplicates:,} sequences are equal to an earlier one: scores are too good if these lie "
            "in different folds; name a column of equal ones in prepare.group"
        )
    return said
