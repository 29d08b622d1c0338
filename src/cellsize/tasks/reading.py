"""What all tasks with whole sequences read: the same steps, lengths and summaries, whatever the label is."""

import numpy as np

from cellsize.data.scaling import Scaling
from cellsize.data.sequence_batches import linear_inputs, padded_steps
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.tasks.task import Read


def read(sequences: Sequences, scaling: Scaling, chosen: Ints, target: Floats) -> Read:
    """Sequences gathered by index, scaled, and filled up to the longest.

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences.
        chosen: Positions of sequences, shape (n,).
        target: Their labels, as the loss reads them, shape (n, 1, n_targets).
    """
    steps, length = padded_steps(sequences, scaling, chosen), sequences.length[chosen].astype(np.int64)
    n = len(chosen)
    return Read(
        steps=steps,
        known_future=np.empty((n, 1, 0), np.float32),
        linear_inputs=linear_inputs(sequences, scaling, chosen, steps),
        target=target,
        location=np.zeros((n, 1, 1), np.float32),
        scale=np.ones((n, 1, 1), np.float32),
        lengths=length,
    )
