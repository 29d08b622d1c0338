"""The nearest training sequence by dynamic time warping, which reads the order of the steps: its class or its number.

The distance between two sequences is the least sum of squared differences over all ways to align their steps in order
(Sakoe & Chiba, IEEE Transactions on Acoustics, Speech and Signal Processing 26(1), 1978), over all features at once. It
knows no parameter, and is what models of time series are compared with. It is measured where the package
dtaidistance is installed: `pip install "cellsize[sequences]"`.
"""

from importlib.util import find_spec

import numpy as np

from cellsize.data.scaling import Scaling
from cellsize.data.sequence_batches import padded_steps
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints

LEFT_OUT = (
    "the nearest neighbour by dynamic time warping is not measured: dtaidistance is not installed; "
    'pip install "cellsize[sequences]", then dvc repro --force --single-item baseline'
)
MOST_PAIRS = 1_000_000_000  # of steps that are compared, about 15 s of one core
LEAST = 100  # training sequences, if there are so many


def is_installed() -> bool:
    """Whether the distances can be computed."""
    return find_spec("dtaidistance") is not None


def nearest(sequences: Sequences, scaling: Scaling, train: Ints, chosen: Ints) -> Ints:
    """The training sequence that is nearest to each sequence, as positions, shape (n,); of equals the first.

    Where comparing all of them would take minutes, the training sequences are drawn.

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences; distances are in their standard deviations.
        train: Positions of the training sequences.
        chosen: Positions of those that neighbours are looked for, shape (n,).
    """
    from dtaidistance import dtw_ndim  # where it is installed

    known = drawn(sequences, train, chosen)
    n, compared = len(known), np.concatenate([known, chosen])
    steps = padded_steps(sequences, scaling, compared).astype(np.float64)
    each = [of_one[:length] for of_one, length in zip(steps, sequences.length[compared], strict=True)]
    distances = dtw_ndim.distance_matrix_fast(
        each, block=((0, n), (n, len(each))), compact=True, parallel=False, ndim=sequences.n_inputs
    )
    at = np.asarray(distances).reshape(n, len(chosen)).argmin(axis=0)
    found: Ints = known[at]
    return found


def drawn(sequences: Sequences, train: Ints, chosen: Ints) -> Ints:
    """The training sequences that are compared with: all, or as many as `MOST_PAIRS` allows, at least `LEAST`."""
    steps = float(sequences.length[chosen].sum()) * float(sequences.length[train].mean())
    most = max(LEAST, int(MOST_PAIRS / steps))
    if len(train) <= most:
        return train
    return train[np.sort(np.random.default_rng(0).choice(len(train), most, replace=False))]


def sureness(right: int, count: int, classes: int) -> float:
    """How probable the class of the nearest neighbour is, from how often it was right on sequences of no training.

    A neighbour says no probability, and needs one to have a log loss. One more is counted right and one wrong, so that
    it is never certain; and it is never less probable than any other class.
    """
    return max((right + 1) / (count + 2), 1 / classes)


def log_odds(labels: Ints, sure: float, classes: int) -> Floats:
    """Logarithms of the probability of each class, shape (n, 1, classes): the other classes share what is left.

    Args:
        labels: Classes of the nearest neighbours, shape (n,).
        sure: Their probability.
        classes: How many there are.
    """
    probabilities = np.full((len(labels), 1, classes), (1 - sure) / (classes - 1))
    probabilities[np.arange(len(labels)), 0, labels] = sure
    outputs: Floats = np.log(probabilities).astype(np.float32)
    return outputs
