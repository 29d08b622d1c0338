"""How wrong numbers of sequences are, group by group, and how often intervals hold them; see `sequence_losses`."""

from collections.abc import Sequence

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.regress import Regress
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.evaluation.numbers import losses, losses_of
from cellsize.lifecycle.block_losses import inside
from cellsize.lifecycle.sequence_losses import SequenceLosses, by_group
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.regressor import Regressor
from cellsize.params import Metric


def measure(
    sequences: Sequences,
    chosen: Ints,
    models: Sequence[Regressor],
    served: Regressor,
    constant: Floats,
    forward: Forward = plain_forward,
    *,
    metric: Metric,
) -> SequenceLosses:
    """Measures models on sequences with numbers.

    Args:
        sequences: Base arrays and index; numbers are transformed as those of the models.
        chosen: Positions of sequences, shape (n,).
        models: One, or twins.
        served: By whose training all losses are normalised.
        constant: The best constant in training, shape (1,); see `best_constant`.
        forward: Runs the networks; see `prediction.forecast`.
        metric: Which error.
    """
    counts, sums = by_group(sequences, chosen)
    numbers, scale = sequences.target[chosen], Regress.of(served.fitted.scaling)
    as_output = np.full((len(chosen), 1, 1), (constant[0] - scale.mean) / scale.std)
    held = []
    for model in models:  # a model's residuals, and so its bounds, are in its own standard deviations
        truth = Regress.of(model.fitted.scaling).target(numbers)
        held.append(inside(model.residuals, truth - model.outputs(sequences, chosen, forward)))
    return SequenceLosses(
        sequences=counts,
        losses=np.stack([sums(each) for each in losses(sequences, served, models, chosen, metric, forward)]),
        constant=sums(losses_of(as_output, numbers, served, metric)),
        right=np.empty(0),
        sure=np.empty(0),
        inside=np.stack([sums(of_level) for of_level in np.mean(held, axis=0)]),
    )


def best_constant(sequences: Sequences, folds: Folds, metric: Metric) -> Floats:
    """The mean of the numbers before the holdout, or with absolute errors the median, shape (1,)."""
    numbers = sequences.target[folds.development]
    return np.array([np.mean(numbers) if metric == "mse" else np.median(numbers)])
