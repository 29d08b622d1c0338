"""What is odd about sequences before the holdout, labelled by classes or by numbers."""

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.regress import untransformed
from cellsize.data.sequences import REGRESS, TASK, Sequences
from cellsize.data.windows import Ints, Transform
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
        duplicates=_duplicates(sequences, chosen),
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
        duplicates=_duplicates(sequences, chosen),
    )


def _duplicates(sequences: Sequences, chosen: Ints) -> int:
    """Sequences that are equal to an earlier one in another group."""
    seen, duplicates = dict[bytes, int](), 0
    for one in chosen:
        content = sequences.inputs[sequences.rows(np.array([one]))].tobytes()
        first = seen.setdefault(content, int(one))
        duplicates += sequences.group[first] != sequences.group[one]
    return int(duplicates)


def printed(found: SequenceInspection) -> str:
    """What the stage prints."""
    fewest = min(found.classes, key=lambda name: (found.classes[name], name))
    return _with_duplicates(
        found, f"{len(found.classes)} classes, the rarest {fewest!r} with {found.classes[fewest]:,}"
    )


def printed_numbers(found: NumberInspection) -> str:
    """The same of numbers."""
    lowest, highest = found.quantiles["0"], found.quantiles["100"]
    return _with_duplicates(
        found, f"numbers from {lowest:g} to {highest:g}, half of them up to {found.quantiles['50']:g}"
    )


def _with_duplicates(found: SequenceInspection | NumberInspection, labels: str) -> str:
    """How many sequences there are, what labels they have, and which are there twice."""
    said = f"inspect: {found.sequences:,} sequences of {found.shortest} to {found.longest} steps, {labels}"
    if found.duplicates:
        said += (
            f"\ninspect: {found.duplicates:,} sequences are equal to an earlier one: scores are too good if these lie "
            "in different folds; name a column of equal ones in prepare.group"
        )
    return said
