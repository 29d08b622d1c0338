"""What a search will cost, before it begins: how many sizes, core-minutes, memory; then how long it still takes."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cellsize.params import Compute, Search
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
        memory: Bytes of all processes together, or of one trial.
        is_each: Whether the memory is that of one trial: how many run at once is not known yet, or on which machines.
    """

    fewest: int
    most: int
    least_minutes: float
    most_minutes: float
    seed_minutes: float
    memory: float
    is_each: bool = False


def estimate(candidates: Candidates, search: Search, work: Work) -> Estimate:
    """Estimates a search, from counts alone: nothing is timed.

    Args:
        candidates: The sizes.
        search: The procedure.
        work: Data, folds and how to train.
    """
    workers = _here(search.compute)
    walks = [[size for size in sizes if size != ZERO] for sizes in procedures.fewest_and_most(candidates, search)]
    # Where no size helps, a climb tries a large one that it may not come to otherwise.
    counts = sorted(len(sizes) for sizes in walks)
    costs = compute.table(candidates, search.training)
    times = sorted(compute.minutes(compute.total(sizes, costs)) for sizes in walks)
    tried = {size for sizes in walks for size in sizes}
    networks = len(work.folds.labels) * race.settings(work.network, work.training, max(tried, default=ZERO))
    parameters = max((cost(size, work.network, shape(work.samples)).parameters for size in tried), default=0)
    arrays = work.samples.inputs.nbytes + work.samples.target.nbytes
    trial = PROCESS + 4 * COPIES * networks * parameters
    return Estimate(
        fewest=counts[0],
        most=counts[1],
        least_minutes=times[0],
        most_minutes=times[1],
        seed_minutes=_seed_minutes(search, times[0]) if tried else 0.0,
        memory=trial if workers is None else workers * trial + 2 * (PROCESS + arrays),
        is_each=workers is None,
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
    workers = _now(search.compute)
    certain = set(wanted) - set(seconds)
    possible = certain | set(procedures.fewest_and_most(candidates, search)[1]) - set(seconds)
    low, high = (compute.total(sizes, costs) * a_unit / workers for sizes in (certain, possible))
    return low, high


def _here(compute: Compute) -> int | None:
    """How many trials run at once on this machine's cores; None where others' train, or GPUs: only Ray knows these."""
    if compute.address != "local" or compute.gpus_per_trial != 0:
        return None
    # Ray is started with as many cores as so many trials ask for.
    of_each = compute.cpus_per_trial * (compute.devices_per_trial or 1)
    return compute.trials or max(1, (os.cpu_count() or 1) // of_each)


def _now(compute: Compute) -> int:
    """How many trials run at once, in a search that has begun."""
    workers = _here(compute)
    if workers is None:
        from cellsize.search import cluster  # a search on this machine's cores knows it without Ray

        workers = cluster.at_once(compute) or compute.trials or 1
    return workers


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
    return f"{sizes}, {time}{seeds}, {found.memory / 1e9:.1f} GB of memory{' a trial' * found.is_each}"
