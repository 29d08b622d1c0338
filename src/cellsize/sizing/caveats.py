"""What a choice's reader must know: that the search ended too early, that a size trains unevenly."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor, log10

from cellsize.params import Procedure, Search
from cellsize.sizing import compute, procedures
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.candidates import on_grid
from cellsize.sizing.climb import Cut
from cellsize.sizing.figures import rounded
from cellsize.sizing.rules import describe
from cellsize.sizing.scores import Scores, compare
from cellsize.sizing.sizes import ZERO, Size

# A choice further behind the best than this fraction of its score is so only because its own standard error is wide.
FAR = 0.1
MOSTLY = 0.5  # a size of whose trainings at least this fraction failed has not shown what it can do


def open_end(best: Size, tried: Mapping[Size, Scores], candidates: Candidates, procedure: Procedure) -> str:
    """Says so if the procedure came to no size larger than the best, or to none deeper; empty if it did.

    Args:
        best: The size with the lowest score.
        tried: Scores of all sizes tried, the rules of thumb's included.
        candidates: The grid, and the ladder of the α procedure.
        procedure: Its name.
    """
    if not best.has_memory:
        return ""
    visited, grid = procedures.came_to(procedure, tried, candidates), on_grid(candidates)
    if best not in visited:
        return (
            f"The best size is a rule of thumb's, to which {procedure} did not come; a larger one may be better still."
        )
    sentences = []
    if best.units == max(size.units for size in visited if size.layers == best.layers):
        larger = any(size.layers == best.layers and size.units > best.units for size in grid)
        sentences.append(
            f"The best size is the largest that was tried with {best.layers} layer{'s' if best.layers > 1 else ''}: "
            f"{procedures.end(procedure, larger=larger)}, and a larger one may be better still."
        )
    # With propose.layers: 1 nobody wants a deeper one.
    if best.layers == max(size.layers for size in grid) > 1:
        sentences.append(
            "The best size has as many layers as propose.layers allows, and a deeper one may be better still."
        )
    return " ".join(sentences)


def cut_short(
    cuts: Sequence[Cut], tried: Iterable[Size], candidates: Candidates, search: Search, added: float = 0.0
) -> str:
    """Says what `search.work_limit` left out, what the next size would take, and how to try it.

    Args:
        cuts: What it left out; see `climb.cuts`.
        tried: Sizes that the climb came to.
        candidates: The grid and what its sizes cost.
        search: The procedure and its limits.
        added: Multiply-adds of the seeds that were added.
    """
    costs, sentences = compute.table(candidates, search.training), []
    all_of_them = compute.total(tried, costs) + compute.total((cut.size for cut in cuts), costs)
    # One value that is enough for all of them, and for the seeds.
    needed = max(all_of_them / (1 - compute.FOR_SEEDS), all_of_them + added) / compute.UNIT
    limit = _rounded_up(needed) if cuts else 0.0
    remedy = f"set search.work_limit: {limit:g} ({_core_minutes(limit)}) in params.yaml and run again (cellsize run)."
    below = [describe(cut.size) for cut in cuts if cut.is_below]
    if below:
        sentences.append(
            f"search.work_limit: {search.work_limit:g} ({_core_minutes(search.work_limit)}) left out sizes below one "
            f"that helped, which may be enough: {' and '.join(below)}; to try them, {remedy}"
        )
    for cut in (cut for cut in cuts if not cut.is_below):
        minutes = max(1, round(compute.minutes(costs[cut.size])))
        depth = f"{cut.size.layers} layer{'s' if cut.size.layers > 1 else ''}"
        helped = "while larger sizes still helped" if cut.was_helping else "before it was clear that none larger helps"
        sentences.append(
            f"search.work_limit: {search.work_limit:g} ({_core_minutes(search.work_limit)}) ended the search with "
            f"{depth} {helped}: {describe(cut.size)} would take about {minutes:,} minute{'s' if minutes > 1 else ''} "
            f"of one core; to try it, {remedy}"
        )
    return " ".join(sentences)


def _core_minutes(limit: float) -> str:
    """A work limit as minutes, which say more than its number."""
    minutes = max(1, round(compute.minutes(limit * compute.UNIT)))
    return f"about {minutes:,} minute{'s' if minutes > 1 else ''} of one core"


def _rounded_up(value: float) -> float:
    """To two digits, and never below."""
    unit = 10 ** (floor(log10(value)) - 1)
    return float(ceil(value / unit) * unit)


def unreliable(chosen: Size, rates: Mapping[Size, float]) -> str:
    """Says so if a size learns in some trainings and not in others; empty if none does.

    Args:
        chosen: The choice.
        rates: For each size the fraction of its trainings that failed, see `scores.failure_rates`.
    """
    if chosen.has_memory:
        rate = rates.get(chosen, 0.0)
        failed = f"{100 * rate:.0f} % of its trainings failed"
        return f"The choice trains unreliably: {failed}; raise search.training.seeds." if rate else ""
    # What never learns is too small. What learns now and then shows that there is something to learn.
    some = [size for size, rate in rates.items() if size.has_memory and 0 < rate < 1]
    if not some:
        return ""
    best = min(some, key=lambda size: (rates[size], size))
    return (
        f"Memory cells cannot be ruled out: {describe(best)} failed in {100 * rates[best]:.0f} % of the trainings, and "
        "not in the others. Raise search.training.seeds, or search.minimum_units for larger sizes; where the same "
        "folds fail with every seed, more rows are needed."
    )


def learnt_little(chosen: Size, rates: Mapping[Size, float]) -> str:
    """Says so if an MLP is chosen although most of its trainings failed; empty for every other choice.

    Sizes that failed mostly differ by chance: which of them is chosen, and that none needs cells, may be chance too.

    Args:
        chosen: The choice.
        rates: For each size the fraction of its trainings that failed compared with zero cells.
    """
    if chosen == ZERO or chosen.has_memory or rates.get(chosen, 0.0) < MOSTLY:
        return ""
    cells = [rate for size, rate in rates.items() if size.has_memory and rate >= MOSTLY]
    least, most = (f"{100 * rate:.0f}" for rate in (min(cells, default=0.0), max(cells, default=0.0)))
    too = f" So did memory cells, in {least if least == most else f'{least} to {most}'} % of theirs." if cells else ""
    return (
        f"The choice trains unreliably: {describe(chosen)} learnt hardly more than a linear model in "
        f"{100 * rates[chosen]:.0f} % of the trainings.{too} Raise search.training.seeds or search.training.steps."
    )


def uneven(chosen: Scores, best: Scores) -> str:
    """Says so if a size far behind the best is within its standard error, since it is good on some folds only."""
    difference = compare(chosen, best)
    if not FAR * best.mean < difference.mean <= difference.standard_error:
        return ""
    fold = int((chosen.folds - best.folds).argmax())
    sentences = [
        f"The choice is {100 * difference.mean / best.mean:.0f} % worse than the best, and within its standard error "
        f"only because that is wide: in fold {fold + 1} it scores "
        f"{rounded(chosen.folds[fold], difference.standard_error)} against "
        f"{rounded(best.folds[fold], difference.standard_error)}."
    ]
    if chosen.size != ZERO:  # the ridge-linear model has no seed
        sentences.append("It may train unreliably; a higher search.training.seeds shows whether.")
    return " ".join(sentences)
