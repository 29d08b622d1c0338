"""How much of a GPU a trial takes, where params.yaml leaves it open: as much as its size needs of the memory.

The figures are counted, not measured: nothing has run on a GPU yet.
"""

from cellsize.data.batches import CHUNK
from cellsize.search.shards import Shard
from cellsize.sizing import race
from cellsize.sizing.sizes import Size, cost, shape
from cellsize.training.records import Work

CONTEXT = 1e9  # bytes: CUDA itself, cuDNN and its workspace, in each process
COPIES = 6  # of each network's parameters, as in `estimate`
ACTIVATIONS = 12  # numbers that each unit keeps for its gradient at each step: gates, states, dropout
FLOAT = 4
PARTS = (1, 2, 3, 4, 6, 8)  # of a GPU: more processes than that only wait for each other


def need(size: Size, folds: int, work: Work) -> float:
    """Bytes of a GPU's memory that a trial needs.

    Args:
        size: The size.
        folds: How many folds the trial trains.
        work: Data, and how to train.
    """
    seeds = work.training.seeds
    networks = folds * (race.settings(work.network, work.training, size) + 2 * seeds)
    parameters = cost(size, work.network, shape(work.samples)).parameters
    directions = 2 if work.network.bidirectional else 1
    units = size.layers * size.units * directions + work.samples.n_inputs
    # Networks run one after another there, each on its batch, or on a piece of the early-stopping set.
    windows = max(work.training.batch_size, CHUNK)
    activations = windows * work.samples.span * units * ACTIVATIONS
    return CONTEXT + FLOAT * (COPIES * networks * parameters + activations)


def share(shard: Shard, work: Work, memory: float | None) -> float:
    """The part of a GPU that a shard's trial takes: one, a half, a third, …; a whole one if nobody knows its memory.

    Args:
        shard: What is trained.
        work: Data, and how to train.
        memory: Bytes of the smallest GPU.
    """
    if memory is None:
        return 1.0
    fitting = [parts for parts in PARTS if need(shard.size, len(shard.folds), work) <= memory / parts]
    # Rounded down: of three thirds that are rounded up, Ray would refuse the last.
    return int(1e4 / max(fitting, default=1)) / 1e4
