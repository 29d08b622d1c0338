"""Which epoch's weights are kept: the latest that is better than none and not significantly worse than the best."""

from collections.abc import Sequence

import numpy as np

from cellsize.data.forecast import Forecast
from cellsize.data.windows import Ints

# The early-stopping set is scored piece by piece, so that the difference of two epochs has a standard error.
PIECES = 5
SIGNIFICANT = 2.0


def pieces(early_stopping: Ints) -> list[Ints]:
    """The windows of an early-stopping set in `PIECES` pieces, or one a window where there are fewer."""
    return np.array_split(early_stopping, min(PIECES, len(early_stopping)))


def early_stopping_scores(
    sums: Sequence[float], early_stopping: Ints, task: Forecast
) -> tuple[float, tuple[float, ...]]:
    """The score on an early-stopping set, and on each of its pieces.

    Args:
        sums: Errors summed over the windows and outputs of each piece.
        early_stopping: The windows of the set.
        task: What the score is.
    """
    counts = [len(piece) for piece in pieces(early_stopping)]
    used = sums[: len(counts)]
    return (
        task.score(sum(used), sum(counts)),
        tuple(task.score(total, count) for total, count in zip(used, counts, strict=True)),
    )


def is_kept(score: float, each: Sequence[float], best: float, best_each: Sequence[float], start: float) -> bool:
    """Whether the weights of an epoch are kept.

    Args:
        score: Its early-stopping score.
        each: That score on each piece.
        best: The lowest score so far.
        best_each: That score on each piece.
        start: The score before any training.
    """
    return score < best or (score < start and no_worse(each, best_each))


def no_worse(scores: Sequence[float], best: Sequence[float]) -> bool:
    """Whether the mean difference of scores is at most two standard errors above 0.

    Args:
        scores: Of one epoch, on each piece of the early-stopping set.
        best: Of another, on the same pieces.
    """
    difference = np.subtract(scores, best)
    if len(difference) < 2:
        return bool(difference.sum() <= 0)
    return bool(difference.mean() <= SIGNIFICANT * difference.std(ddof=1) / np.sqrt(len(difference)))
