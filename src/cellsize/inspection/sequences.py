"""What is odd about sequences before the holdout, labelled by classes or by numbers."""

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.regress import untransformed
from cellsize.data.sequences import REGRESS, TASK, Sequences
from cellsize.data.windows import Transform
from cellsize.inspection import leak as leaks
from cellsize.sizing.class_records import SequenceInspection
from cellsize.sizing.number_records import NumberInspection

QUARTERS = (0, 25, 50, 75, 100)


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


def inspect_numbers(sequences: Sequences, folds: Folds, transform: Transform) -> NumberInspection:
    """The same where labels are numbers: their quartiles in place of classes.

    Args:
        sequences: Base arrays and index.
        folds: Which of them come before the holdout; no other is looked at.
        transform: Of the numbers, to be undone.
    """
    chosen = np.flatnonzero(folds.development)
    numbers = untransformed(sequences.target[chosen], transform)
    return NumberInspection(
        task=REGRESS,
        sequences=len(chosen),
        groups=len(np.unique(sequences.group[chosen])),
        quantiles={str(percent): float(np.percentile(numbers, percent)) for percent in QUARTERS},
        shortest=int(sequences.length[chosen].min()),
        longest=int(sequences.length[chosen].max()),
        duplicates=leaks.again(sequences, folds),
    )


def printed(found: SequenceInspection) -> str:
    """What the stage prints."""
    fewest = min(found.classes, key=lambda name: (found.classes[name], name))
    said = (
        f"inspect: {found.sequences:,} sequences of {found.shortest} to {found.longest} steps, {len(found.classes)} "
        f"classes, the rarest {fewest!r} with {found.classes[fewest]:,}"
    )
    return "\n".join([said, *(f"inspect: {line}" for line in of_duplicates(found))])


def printed_numbers(found: NumberInspection) -> str:
    """The same of numbers."""
    lowest, median, highest = (found.quantiles[percent] for percent in ("0", "50", "100"))
    said = (
        f"inspect: {found.sequences:,} sequences of {found.shortest} to {found.longest} steps, numbers from {lowest:g} "
        f"to {highest:g}, half of them up to {median:g}"
    )
    if found.duplicates:
        said += f"\ninspect: {found.duplicates:,} sequences are equal to an earlier one (split.duplicates)"
    return said


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
