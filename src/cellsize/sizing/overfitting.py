"""The α procedure: from α = 2's size up to α = 10's, one step each time the network overfits."""

from cellsize.sizing.figures import rounded
from cellsize.sizing.scores import Difference, Scores, paired
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Known, Walk

# Standard errors by which a gap must be wider than the ridge-linear model's.
SIGNIFICANT = 2.0


def walk(ladder: list[Size], known: Known) -> Walk:
    """From α = 2's size up to α = 10's, one step each time the network overfits.

    A network overfits if the gap between its validation error and its training error is wider than the ridge-linear
    model's on the same folds, by more than two corrected standard errors of the paired difference. The walk ends when
    it no longer is.

    Args:
        ladder: One layer, the units of α = 2, 3, … 10, so from large to small.
        known: Scores so far.
    """
    visited: list[Size] = []
    for size in (ZERO, *dict.fromkeys(ladder)):
        if size not in known:
            return Walk(tuple(visited), (size,))
        visited.append(size)
        if size != ZERO and not overfits(known[size], known[ZERO]):
            break
    return Walk(tuple(visited), ())


def overfits(scores: Scores, linear: Scores) -> bool:
    """Whether a size's generalisation gap is significantly wider than the ridge-linear model's."""
    wider = wider_gap(scores, linear)
    return wider.mean > SIGNIFICANT * wider.standard_error


def wider_gap(scores: Scores, linear: Scores) -> Difference:
    """By how much the gap, validation minus training error, exceeds the ridge-linear model's, paired over the folds.

    Blocks of a series differ: in one fold the validation block is easier than the training part for every model, in
    another it is harder. Compared with that, no gap by itself is significant (docs/decisions.md).

    Args:
        scores: Of some size.
        linear: Of zero cells, which have too few degrees of freedom to overfit by much.
    """
    return paired(scores.folds - scores.train_folds, linear.folds - linear.train_folds, scores.test_ratio)


def finding(tried: Known, ladder: list[Size]) -> str:
    """Where the α procedure ended, and why."""
    visited = [size for size in walk(ladder, tried).visited if size != ZERO]
    last, linear = tried[visited[-1]], tried[ZERO]
    wider, cells = wider_gap(last, linear), f"{last.size.units} memory cell{'s' if last.size.units > 1 else ''}"
    way = f"went from {visited[0].units} to" if len(visited) > 1 else "began and ended with"
    gap = rounded(abs(wider.mean), wider.standard_error)
    return (
        f"The α procedure {way} {cells}. With {last.size.units} the gap between training and validation error is "
        f"{gap} {'wider' if wider.mean >= 0 else 'narrower'} than the ridge-linear model's on the same "
        f"folds, with a standard error of {rounded(wider.standard_error, wider.standard_error)}: "
        + ("it still overfits there, at the largest α." if overfits(last, linear) else "no significant overfitting.")
    )
