"""What a search will cost, before it begins: how many sizes, core-minutes, memory. Knows nothing of Ray."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cellsize.params import Search
from cellsize.sizing import compute, procedures, race
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training.records import Work

PROCESS = 450e6  # bytes of one trial before it has data; the driver, Ray and MLflow take about twice as much
COPIES = 6  # of each network's parameters: gradients, averages, two moments, what is kept, what is last


@dataclass(frozen=True)
class Estimate:
    """What a search costs.

    Attributes:
        fewest: Sizes with something to train that are tried if no size helps, or every one, whichever are fewer.
        most: The same, whichever are more.
        least_minutes: Core-minutes for the fewest.
        most_minutes: Core-minutes for the most.
        seed_minutes: Core-minutes that seeds of undecided sizes may take in addition.
        memory: Bytes of all processes together.
    """

    fewest: int
    most: int
    least_minutes: float
    most_minutes: float
    seed_minutes: float
    memory: float


def estimate(candidates: Candidates, search: Search, work: Work) -> Estimate:
    """Estimates a search, from counts alone: nothing is timed.

    Args:
        candidates: The sizes.
        search: The procedure.
        work: Data, folds and how to train.
    """
    workers = search.compute.trials or os.cpu_count() or 1
    walks = [[size for size in sizes if size != ZERO] for sizes in procedures.fewest_and_most(candidates, search)]
    # Where no size helps, a climb tries a large one that it may not come to otherwise.
    counts = sorted(len(sizes) for sizes in walks)
    costs = compute.table(candidates, search.training)
    times = sorted(compute.minutes(compute.total(sizes, costs)) for sizes in walks)
    tried = {size for sizes in walks for size in sizes}
    networks = len(work.folds.labels) * race.settings(work.network, work.training, max(tried, default=ZERO))
    parameters = max((cost(size, work.network, shape(work.samples)).parameters for size in tried), default=0)
    arrays = work.samples.inputs.nbytes + work.samples.target.nbytes
    return Estimate(
        fewest=counts[0],
        most=counts[1],
        least_minutes=times[0],
        most_minutes=times[1],
        seed_minutes=_seed_minutes(search, times[0]) if tried else 0.0,
        memory=(workers + 2) * PROCESS + 2 * arrays + workers * 4 * COPIES * networks * parameters,
    )


def minutes_left(
    candidates: Candidates, search: Search, seconds: Mapping[Size, float], wanted: Sequence[Size]
) -> tuple[float, float]:
    """Minutes that a search still takes, at the speed of the sizes that are finished; seeds added later not counted.

    Args:
        candidates: The sizes.
        search: The procedure.
        seconds: What each finished size took, on one core.
        wanted: Sizes that are certain to be trained.

    Returns:
        For what is certain, and for all that may be.
    """
    costs = compute.table(candidates, search.training)
    done = compute.total(seconds, costs)
    a_unit = sum(seconds[size] for size in seconds if costs[size]) / done / 60 if done else compute.minutes(1.0)
    workers = search.compute.trials or os.cpu_count() or 1
    certain = set(wanted) - set(seconds)
    possible = certain | set(procedures.fewest_and_most(candidates, search)[1]) - set(seconds)
    low, high = (compute.total(sizes, costs) * a_unit / workers for sizes in (certain, possible))
    return low, high


def _seed_minutes(search: Search, least: float) -> float:
    """What the work limit leaves for seeds where the fewest sizes are tried; 0 if none may be added."""
    if search.maximum_seeds <= search.training.seeds:
        return 0.0
    limit = compute.minutes(search.work_limit * compute.UNIT)
    return max(compute.FOR_SEEDS * limit, limit - least)


def sentence(found: Estimate) -> str:
    """The estimate in words."""
    sizes = f"{found.most} size{'' if found.most == 1 else 's'}"
    if found.fewest < found.most:
        sizes = f"{found.fewest} to {sizes}"
    least, most = (max(1, round(value)) for value in (found.least_minutes, found.most_minutes))
    time = f"{least} to {most} core-minutes" if least < most else f"about {most} core-minute{'s' if most > 1 else ''}"
    seeds = f" and up to {round(found.seed_minutes)} for seeds of undecided ones" if round(found.seed_minutes) else ""
    return f"{sizes}, {time}{seeds}, {found.memory / 1e9:.1f} GB of memory"
