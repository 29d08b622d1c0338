"""What a choice's reader must know: that the search ended too early, what α found, that a size trains unevenly."""

from collections.abc import Mapping
from itertools import dropwhile, takewhile
from typing import Any

from cellsize.sizing.candidates import on_grid, sizes
from cellsize.sizing.procedures import alpha, generalisation_gap, overfits
from cellsize.sizing.scores import Scores, compare
from cellsize.sizing.sizes import ZERO, Size

# A choice further behind the best than this share of its score is so only because its own error is wide.
FAR = 0.1
ENDS = {
    "climb": "search.patience and search.cost_limit end the search there",
    "grid": "the grid has no larger one",
    "random": "no larger one was drawn",
    "alpha": "the ladder begins there",
}


def open_end(best: Size, tried: dict[Size, Scores], candidates: dict[str, Any], procedure: str) -> str:
    """Says so if the procedure came to no size larger than the best, or to none deeper; empty if it did.

    Args:
        best: The size with the lowest score.
        tried: Scores of all sizes tried, the rules of thumb's included.
        candidates: Content of `candidates.json`.
        procedure: Its name.
    """
    if best == ZERO:
        return ""
    walked, grid = _walked(tried, candidates, procedure), on_grid(candidates)
    if best not in walked:
        return (
            f"The best size is a rule of thumb's, to which {procedure} did not come; a larger one may be better still."
        )
    told = []
    if best.units == max(size.units for size in walked if size.layers == best.layers):
        larger = any(size.layers == best.layers and size.units > best.units for size in grid)
        told.append(
            f"The best size is the largest that was tried with {best.layers} layer{'s' if best.layers > 1 else ''}: "
            f"{ENDS[procedure] if larger or procedure == 'alpha' else ENDS['grid']}, and a larger one may be better "
            "still."
        )
    # Who allows one layer alone wants no other.
    if best.layers == max(size.layers for size in grid) > 1:
        told.append("The best size has as many layers as propose.layers allows, and a deeper one may be better still.")
    return " ".join(told)


def _walked(tried: Mapping[Size, Scores], candidates: dict[str, Any], procedure: str) -> set[Size]:
    """The sizes that the procedure itself came to: a climb leaves out no step, a rule of thumb may lie beyond one."""
    if procedure == "alpha":
        return set(sizes(candidates, "alpha_ladder")) & set(tried)
    grid = on_grid(candidates)
    if procedure != "climb":
        return set(grid) & set(tried)
    walked: set[Size] = set()
    for depth in {size.layers for size in grid}:
        ladder = sorted(size for size in grid if size.layers == depth)
        begun = dropwhile(lambda size: size not in tried, ladder)
        walked |= set(takewhile(lambda size: size in tried, begun))
    return walked


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


def uneven(chosen: Scores, best: Scores) -> str:
    """Says so if a size far behind the best is within its error of it, since it is good on some folds only."""
    difference = compare(chosen, best)
    if not FAR * best.mean < difference.mean <= difference.standard_error:
        return ""
    fold = int((chosen.folds - best.folds).argmax())
    told = (
        f"The choice is {100 * difference.mean / best.mean:.0f} % worse than the best, and within its error only "
        f"because that is wide: in fold {fold + 1} it scores {chosen.folds[fold]:.4f} against {best.folds[fold]:.4f}."
    )
    # A map without cells has no seed.
    return told + " It may train unreliably; a higher search.training.seeds tells." * (chosen.size != ZERO)
