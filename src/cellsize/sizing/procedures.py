"""Which sizes are trained, and in which order: climb, grid, random, alpha. Pure: scores in, sizes out.

Each procedure is a walk that is replayed from its beginning on the scores known so far. What it visits
depends on the scores alone, never on how many workers there are or which trial ends first. When it has found its sizes,
those that the rule cannot decide on get more seeds (`repeats`).

A new procedure has a walk in a module of its own, its name in `params.Search.procedure`, and a case in each function
here; mypy names those that are missing.
"""

from dataclasses import replace
from typing import assert_never

from cellsize.params import Choose, Procedure, Search
from cellsize.sizing import climb, compute, overfitting, repeats, rules
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.candidates import alpha_ladder, guesses, on_grid
from cellsize.sizing.scores import with_seeds
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Known, Plan, Walk, after, grid, sample


def plan(candidates: Candidates, search: Search, choose: Choose) -> Plan:
    """The walk over the candidates that `search.procedure` names.

    The sizes of rules of thumb come last, and then more seeds of the sizes that the rule cannot decide on. If these
    show that the last size of a ladder helped after all, the ladder resumes. If the rule would choose no memory cells
    then, and no large size was tried, that is tried too, and if it helps what was left out below it.
    """
    seeds, guessed, costs = _seeds(candidates, search), guesses(candidates), compute.table(candidates, search.training)
    large = climb.large_units(candidates)
    large_size = climb.first_of([size for size in on_grid(candidates) if size.layers == 1], large)

    def walk(known: Known) -> Walk:
        first = repeats.first_seeds(known, seeds)
        walked = _walk(candidates, search, first)
        if not walked.wanted:
            # What guessing would have cost is measured last, whatever was chosen.
            walked = after(walked, guessed, first, costs)
        if walked.wanted:
            return walked
        decided = _decided(candidates, search, walked, known, seeds, choose)
        large_was_tried = any(size.has_memory and size.units >= large for size in decided.visited)
        if not decided.is_done or large_size is None or large_was_tried:
            return decided
        if not _is_without_memory(decided, known, seeds, choose):
            return decided
        # A ladder whose sizes helped does not look for it, and yet the rule may find that they hardly did.
        walked = replace(after(decided, [large_size], first, costs), seeds=decided.seeds)
        return walked if walked.wanted else _decided(candidates, search, walked, known, seeds, choose)

    return walk


def _decided(
    candidates: Candidates, search: Search, walked: Walk, known: Known, seeds: repeats.Seeds, choose: Choose
) -> Walk:
    """A walk that has found its sizes, then the seeds that decide between them, then what these lead on to.

    A ladder ends by the first seeds of its sizes, which are few. Where more of them show that its last size helped, it
    has not ended.
    """
    while True:
        decided = repeats.add_seeds(walked, known, seeds, choose)
        if not decided.is_done or search.procedure != "climb":
            return decided
        counted = {size: with_seeds(known[size], decided.seeds.get(size, seeds.first)) for size in decided.visited}
        # A rule of thumb leads on to no other size.
        climbed = {size: counted[size] for size in climb.came_to(counted, candidates)}
        wanted, _ = climb.resumed(
            on_grid(candidates), climbed, climb.limits(candidates, search), seeds.spent(decided.visited, decided.seeds)
        )
        missing = tuple(size for size in wanted if size not in known)
        if missing or not wanted:
            return replace(decided, wanted=missing)
        walked = replace(decided, visited=(*decided.visited, *wanted))


def _is_without_memory(walk: Walk, known: Known, seeds: repeats.Seeds, choose: Choose) -> bool:
    """Whether the rule may choose no memory cells of a walk that is done.

    Of the rule it reads what says which sizes are undecided: no other number may make a search run again.
    """
    if choose.rule == "budget":  # what may not be larger needs no larger size
        return False
    if choose.rule == "within_percent":  # of how many is not known here
        return True
    scores = [with_seeds(known[size], walk.seeds.get(size, seeds.first)) for size in walk.visited]
    return not rules.apply(scores, choose, {}).size.has_memory


def _walk(candidates: Candidates, search: Search, known: Known) -> Walk:
    """The procedure itself."""
    sizes, costs = on_grid(candidates), compute.table(candidates, search.training)
    match search.procedure:
        case "climb":
            return climb.climb(sizes, known, climb.limits(candidates, search), climb.AHEAD)
        case "grid":
            return grid(sizes, known, costs)
        case "random":
            return grid(_drawn(candidates, search), known, costs)
        case "alpha":
            return overfitting.walk(alpha_ladder(candidates), known)
        case _:
            assert_never(search.procedure)


def _drawn(candidates: Candidates, search: Search) -> list[Size]:
    """A random sample, with the large size that is tried before no memory cells are the answer."""
    return sample(on_grid(candidates), search.sample, search.seed, climb.large_units(candidates))


def _seeds(candidates: Candidates, search: Search) -> repeats.Seeds:
    training = search.training
    listed = (*candidates.alpha_ladder, *candidates.candidates)
    return repeats.Seeds(
        first=training.seeds,
        most=max(training.seeds, search.maximum_seeds),
        work={candidate.size: compute.of_seed(candidate, candidates, training) for candidate in listed},
        first_work=compute.table(candidates, training),
        work_limit=search.work_limit * compute.UNIT,
    )


def fewest_and_most(candidates: Candidates, search: Search) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
    """The sizes that are tried if no size helps, and if every size does; of the α procedure, if none overfits or all.

    Args:
        candidates: The grid, and the ladder of the α procedure.
        search: The procedure and its limits.
    """
    guessed = guesses(candidates)
    match search.procedure:
        case "climb":
            few, many = climb.fewest_and_most(on_grid(candidates), climb.limits(candidates, search))
        case "grid" | "random":
            few = many = tuple(on_grid(candidates) if search.procedure == "grid" else _drawn(candidates, search))
        case "alpha":
            many = (ZERO, *alpha_ladder(candidates))
            few = many[:2]
        case _:
            assert_never(search.procedure)
    return tuple(dict.fromkeys((*few, *guessed))), tuple(dict.fromkeys((*many, *guessed)))


def came_to(procedure: Procedure, tried: Known, candidates: Candidates) -> set[Size]:
    """Of the sizes tried those that the procedure itself came to, and not a rule of thumb alone."""
    match procedure:
        case "climb":
            return climb.came_to(tried, candidates)
        case "grid" | "random":
            return set(on_grid(candidates)) & set(tried)
        case "alpha":
            return set(alpha_ladder(candidates)) & set(tried)
        case _:
            assert_never(procedure)


def cuts(tried: Known, candidates: Candidates, search: Search) -> tuple[climb.Cut, ...]:
    """What `search.work_limit` left out, see `climb.cuts`; nothing of a procedure that has no such limit."""
    if search.procedure != "climb":
        return ()
    seeds, limits, sizes = _seeds(candidates, search), climb.limits(candidates, search), on_grid(candidates)
    at_first = climb.cuts(sizes, repeats.first_seeds(tried, seeds), limits)
    spent = seeds.spent(tried, {size: scores.n_seeds for size, scores in tried.items()})
    climbed = {size: tried[size] for size in climb.came_to(tried, candidates)}
    then = climb.resumed(sizes, climbed, limits, spent)[1]
    again = {cut.size for cut in then}
    # What is said of a size is what all its seeds say: a ladder that helped by the first ones may not have.
    refuted = (replace(cut, was_helping=False) for cut in at_first if cut.size not in again)
    return (*refuted, *then)


def added(tried: Known, candidates: Candidates, search: Search) -> float:
    """Multiply-adds of the seeds that were added to sizes."""
    seeds = _seeds(candidates, search)
    counts = {size: scores.n_seeds for size, scores in tried.items()}
    return seeds.spent(tried, counts) - seeds.spent(tried, {})


def end(procedure: Procedure, *, larger: bool) -> str:
    """Where the procedure ends, in words.

    Args:
        procedure: Its name.
        larger: Whether the grid has a larger size with as many layers.
    """
    ends_with_grid = "the grid has no larger one"
    match procedure:
        case "climb":
            return "search.patience or search.work_limit ended the ladder there" if larger else ends_with_grid
        case "grid":
            return ends_with_grid
        case "random":
            return "no larger one was drawn" if larger else ends_with_grid
        case "alpha":
            return "the ladder begins there"
        case _:
            assert_never(procedure)


def finding(tried: Known, candidates: Candidates, search: Search) -> str:
    """What the procedure itself found out, in words; empty if it does nothing but train sizes."""
    match search.procedure:
        case "climb" | "grid" | "random":
            return ""
        case "alpha":
            first = repeats.first_seeds(tried, _seeds(candidates, search))
            return overfitting.finding(first, alpha_ladder(candidates))
        case _:
            assert_never(search.procedure)


def sentence(procedure: Procedure) -> str:
    """What the report says about the procedure."""
    match procedure:
        case "climb":
            return (
                "The linear model and MLPs were trained first, then one layer of memory cells from the smallest "
                "size up, until larger ones were no better or search.work_limit was reached; then one layer more. "
                "Before no memory cells are the answer, a large size is tried."
            )
        case "grid":
            return "Every size of the grid was trained."
        case "random":
            return "A random sample of the grid was trained, and one large size in any case."
        case "alpha":
            return (
                "Only sizes that α gives were trained, from the largest down: on to the next one as long as the gap "
                "between training and validation error was significantly wider than the linear model's."
            )
        case _:
            assert_never(procedure)
