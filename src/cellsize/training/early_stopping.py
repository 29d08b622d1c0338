"""Which epoch's weights are kept: the latest that is better than none and not significantly worse than the best."""

from collections.abc import Sequence

import numpy as np

from cellsize.data.windows import Ints

# The stop part is judged piece by piece, so that the difference of two epochs has an error.
PIECES = 5
SIGNIFICANT = 2.0


def pieces(stop: Ints) -> list[Ints]:
    """The windows of a stop part in so many pieces, or one a window where there are fewer."""
    return np.array_split(stop, min(PIECES, len(stop)))


def early_stopping_scores(sums: Sequence[float], stop: Ints, outputs: int) -> tuple[float, tuple[float, ...]]:
    """Mean squared error on a stop part, and on each of its pieces.

    Args:
        sums: Squared errors summed over the windows and outputs of each piece.
        stop: The windows of the stop part.
        outputs: Numbers forecast for each window.
    """
    counts = [len(piece) * outputs for piece in pieces(stop)]
    used = sums[: len(counts)]
    return sum(used) / sum(counts), tuple(one / count for one, count in zip(used, counts, strict=True))


def no_worse(scores: Sequence[float], best: Sequence[float]) -> bool:
    """Whether scores are at most two standard errors of the mean difference above others.

    Args:
        scores: Of one epoch, on each piece of the stop part.
        best: Of another, on the same pieces.
    """
    difference = np.subtract(scores, best)
    if len(difference) < 2:
        return bool(difference.sum() <= 0)
    return bool(difference.mean() <= SIGNIFICANT * difference.std(ddof=1) / np.sqrt(len(difference)))
