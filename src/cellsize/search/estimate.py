"""What a search will cost, before it begins: how many sizes, core-minutes, memory. Knows nothing of Ray."""

import os
from dataclasses import dataclass

from cellsize.params import Search
from cellsize.sizing import procedures
from cellsize.sizing.artefacts import Candidates
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training import halving
from cellsize.training.records import Work
from cellsize.training.state import settings

# Multiply-adds a second of one core, with what a step of a layer costs beside them (`procedures.OVERHEAD`); measured
# with the fused kernels on an x86-64 server: docs/decisions.md. Another processor may take half or twice as long.
SPEED = 2e10
BACKWARD = 3.0  # forward and backward pass, in forward passes
TRAINED = 0.75  # of the steps of the schedule, as patience ends some trainings and others are prolonged
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
        memory: Bytes of all processes together.
    """

    fewest: int
    most: int
    least_minutes: float
    most_minutes: float
    memory: float


def estimate(candidates: Candidates, search: Search, work: Work) -> Estimate:
    """Estimates a search, from counts alone: nothing is timed.

    Args:
        candidates: The sizes.
        search: The procedure.
        work: Data, folds and how to train.
    """
    workers = search.workers or os.cpu_count() or 1
    walks = [[size for size in sizes if size != ZERO] for sizes in procedures.fewest_and_most(candidates, search)]
    # Where no size helps, a climb tries a large one that it may not come to otherwise.
    counts = sorted(len(sizes) for sizes in walks)
    times = sorted(sum(minutes(size, work) for size in sizes) for sizes in walks)
    tried = {size for sizes in walks for size in sizes}
    networks = len(work.folds.labels) * sum(map(len, settings(work.network, work.training, max(tried, default=ZERO))))
    parameters = max((cost(size, work.network, shape(work.windows)).parameters for size in tried), default=0)
    arrays = work.windows.inputs.nbytes + work.windows.target.nbytes
    return Estimate(
        fewest=counts[0],
        most=counts[1],
        least_minutes=times[0],
        most_minutes=times[1],
        memory=(workers + 2) * PROCESS + 2 * arrays + workers * 4 * COPIES * networks * parameters,
    )


def minutes(size: Size, work: Work) -> float:
    """Core-minutes that a size takes on all folds and seeds."""
    training, form = work.training, shape(work.windows)
    tuned = settings(work.network, training, size)
    count = sum(map(len, tuned))
    finalists = halving.finalists(len(tuned), count)
    steps, left, before = 0.0, float(count), 0
    for rung in training.rungs if count > finalists else ():
        steps, left, before = steps + left * (rung - before), max(finalists, left * halving.KEPT), rung
    steps += finalists * training.seeds * TRAINED * training.steps
    per_window = form.cell_lookback * (
        cost(size, work.network, form).multiply_adds + procedures.OVERHEAD * max(1, size.layers)
    )
    batch = min(training.batch_size, min(len(fold.train) for fold in work.folds.all()))
    return steps * len(work.folds.labels) * batch * per_window * BACKWARD / SPEED / 60


def sentence(found: Estimate) -> str:
    """The estimate in words."""
    sizes = f"{found.most} size{'' if found.most == 1 else 's'}"
    if found.fewest < found.most:
        sizes = f"{found.fewest} to {sizes}"
    least, most = (max(1, round(value)) for value in (found.least_minutes, found.most_minutes))
    time = f"{least} to {most} core-minutes" if least < most else f"about {most} core-minute{'s' if most > 1 else ''}"
    return f"{sizes}, {time}, {found.memory / 1e9:.1f} GB of memory"
