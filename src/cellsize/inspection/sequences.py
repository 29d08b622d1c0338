"""What is odd about labelled sequences before the holdout."""

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.sequences import TASK, Sequences
from cellsize.inspection import leak as leaks
from cellsize.sizing.class_records import SequenceInspection


def inspect(sequences: Sequences, folds: Folds) -> SequenceInspection:
    """Counts classes, groups, steps, and sequences that are there twice.

    Args:
        sequences: Base arrays and index.
        folds: Which of them come before the holdout; no other is looked at.
    """
    chosen = np.flatnonzero(folds.development)
    counts = np.bincount(sequences.target[chosen], minlength=len(sequences.classes))
    return SequenceInspection(
        task=TASK,
        sequences=len(chosen),
        groups=len(np.unique(sequences.group[chosen])),
        classes=dict(zip(sequences.classes, map(int, counts), strict=True)),
        shortest=int(sequences.length[chosen].min()),
        longest=int(sequences.length[chosen].max()),
        duplicates=leaks.again(sequences, folds),
        leak=leaks.measure(sequences, folds),
    )


def printed(found: SequenceInspection) -> str:
    """What the stage prints."""
    fewest = min(found.classes, key=lambda name: (found.classes[name], name))
    said = (
        f"inspect: {found.sequences:,} sequences of {found.shortest} to {found.longest} steps, {len(found.classes)} "
        f"classes, the rarest {fewest!r} with {found.classes[fewest]:,}"
    )
    return "\n".join([said, *(f"inspect: {line}" for line in of_duplicates(found))])


def of_duplicates(found: SequenceInspection) -> list[str]:
    """What equal sequences would make of scores, and whether they do: one line, or none without any."""
    if not found.duplicates:
        return []
    told, leak = f"{found.duplicates:,} sequences are equal to an earlier one", found.leak
    if leak is None:
        return [f"{told}, and too few are different to measure what that makes of scores"]
    told = (
        f"{told}: with equal ones in one fold logistic regression labels {leak.accuracy_grouped:.1%} right, with equal "
        f"ones spread over folds {leak.accuracy_spread:.1%}, since it has then seen them"
    )
    if leak.is_in_the_folds:
        return [f"{told}; the folds here spread them, so that all scores are too good: set split.duplicates: group"]
    return [f"{told}; here they stay together, in folds and holdout (split.duplicates: group)"]
