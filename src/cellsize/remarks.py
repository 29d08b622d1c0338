"""What a choice's reader must know of how the search ended: that it ended too early, or what α found."""

from typing import Any

from cellsize.candidates import guesses, sizes
from cellsize.procedures import alpha, generalisation_gap, overfits
from cellsize.scores import Scores
from cellsize.sizes import ZERO, Size

ENDS = {
    "climb": "search.patience and search.effort end the search there",
    "grid": "the grid has no larger one",
    "random": "no larger one was drawn",
    "alpha": "the ladder begins there",
}


def open_end(best: Size, tried: dict[Size, Scores], candidates: dict[str, Any], procedure: str) -> str:
    """Says so if the procedure came to no size larger than the best; empty if it did.

    Args:
        best: The size with the lowest score.
        tried: Scores of all sizes tried, the rules of thumb's included.
        candidates: Content of `candidates.json`.
        procedure: Its name.
    """
    ladder = set(sizes(candidates, "alpha_ladder")) if procedure == "alpha" else set()
    guessed = set(guesses(candidates)) - ladder
    if best in guessed:
        return (
            f"The best size is a rule of thumb's, to which {procedure} did not come; a larger one may be better still."
        )
    walked = [size for size in tried if size.layers == best.layers and size not in guessed]
    if best == ZERO or best.units < max(size.units for size in walked):
        return ""
    left = [size for size in sizes(candidates) if size not in guessed and size.layers == best.layers]
    larger = any(size.units > best.units for size in left)
    ended = ENDS[procedure] if larger or procedure == "alpha" else ENDS["grid"]
    return (
        f"The best size is the largest that was tried with {best.layers} layer{'s' if best.layers > 1 else ''}: "
        f"{ended}, and a larger one may be better still."
    )


def overfitting(tried: dict[Size, Scores], candidates: dict[str, Any]) -> str:
    """Where the α procedure ended, and why."""
    visited = [size for size in alpha(sizes(candidates, "alpha_ladder"), tried).visited if size != ZERO]
    last = tried[visited[-1]]
    gap, cells = generalisation_gap(last), f"{last.size.units} memory cell{'s' if last.size.units > 1 else ''}"
    way = f"went from {visited[0].units} to" if len(visited) > 1 else "began and ended with"
    return (
        f"The α procedure {way} {cells}. With {last.size.units} the "
        f"training error is {abs(gap.mean):.4f} {'below' if gap.mean >= 0 else 'above'} the validation error, with a "
        f"standard error of {gap.standard_error:.4f}: "
        + ("it still overfits there, at the largest α." if overfits(last) else "no significant overfitting.")
    )
