"""What training a size costs: optimizer steps, multiply-adds, minutes.

Counted, never timed, so that it is the same on every machine.
"""

from collections.abc import Iterable

from cellsize.params import Network, Training
from cellsize.sizing.candidate_records import Candidate, Candidates
from cellsize.sizing.race import KEPT, families, finalists, settings
from cellsize.sizing.sizes import ZERO, Size

# Of the steps of the schedule: patience ends some trainings, and others are prolonged.
TRAINED = 0.75
# Multiply-adds a second of one core, with what a step of a layer costs beside them (`sizes.OVERHEAD`); measured with
# the fused kernels on an x86-64 server: docs/decisions.md. Another processor may take half or twice as long.
SPEED = 2e10
# Of the work that a search may take, what the ladders leave for more seeds of sizes that are undecided.
FOR_SEEDS = 0.25
# Multiply-adds in one unit of `search.work_limit`.
UNIT = 1e12


def steps(network: Network, training: Training, size: Size) -> float:
    """Optimizer steps of one fold, all settings and seeds together."""
    count = settings(network, training, size)
    ending = finalists(len(families(network)), count)
    total, left, before = 0.0, float(count), 0
    for rung in training.rungs if count > ending else ():
        total, left, before = total + left * (rung - before), max(ending, left * KEPT), rung
    return total + ending * training.seeds * TRAINED * training.steps


def of_size(candidate: Candidate, candidates: Candidates, training: Training) -> float:
    """Multiply-adds of training a size on every fold, as the race begins and ends it; 0 for zero cells."""
    if candidate.size == ZERO:
        return 0.0
    return steps(candidates.network, training, candidate.size) * _of_step(candidate, candidates, training)


def of_seed(candidate: Candidate, candidates: Candidates, training: Training) -> float:
    """Multiply-adds of one seed more on every fold, with the settings that counted."""
    return TRAINED * training.steps * _of_step(candidate, candidates, training)


def _of_step(candidate: Candidate, candidates: Candidates, training: Training) -> float:
    """Multiply-adds of one optimizer step of one network in each fold."""
    batch = min(training.batch_size, candidates.samples.windows)
    return float(candidates.folds * batch * candidate.window_work)


def table(candidates: Candidates, training: Training) -> dict[Size, float]:
    """Multiply-adds of training each candidate."""
    listed = (*candidates.alpha_ladder, *candidates.candidates)
    return {candidate.size: of_size(candidate, candidates, training) for candidate in listed}


def minutes(multiply_adds: float) -> float:
    """Minutes of one core."""
    return multiply_adds / SPEED / 60


def total(sizes: Iterable[Size], costs: dict[Size, float]) -> float:
    """Multiply-adds of some sizes together."""
    return sum(costs[size] for size in sizes)
