"""Ridge regression on the summaries of sequences: the size without memory cells of `task: regress`.

It has the form of the ridge-linear model, so that beside a network it is the linear skip connection. As that one it is
fitted to squared errors whatever `choose.metric` says: the metric decides its penalty.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from cellsize.data.batches import chunks
from cellsize.data.folds import Fold
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models.boosted_trees import ONE_THREAD
from cellsize.models.penalties import best
from cellsize.models.ridge_linear import RidgeLinear, apply
from cellsize.params import Metric
from cellsize.tasks.regression import Regression


def fit(sequences: Sequences, scaling: Scaling, train: Ints, penalties: tuple[float, ...]) -> list[RidgeLinear]:
    """Fits one model for each penalty, by which the sum of the squared weights is multiplied; the bias has none.

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences.
        train: Positions of the training sequences.
        penalties: Ridge penalties.
    """
    from sklearn.linear_model import Ridge  # a second that other tasks do not need

    inputs = summaries(sequences, scaling, train)[:, :-1].astype(np.float64)
    target = Regression(sequences).truth(scaling, train)[:, 0, 0].astype(np.float64)
    models = []
    for penalty in penalties:
        with threadpool_limits(ONE_THREAD):  # the last digits depend on how many there are
            model = Ridge(alpha=penalty, solver="cholesky").fit(inputs, target)
        weights = np.append(model.coef_, model.intercept_)[:, None]
        models.append(RidgeLinear(weights.astype(np.float32), penalty))
    return models


def fit_chosen(
    sequences: Sequences, scaling: Scaling, fold: Fold, penalties: tuple[float, ...], metric: Metric
) -> RidgeLinear:
    """Fits on the training part, with the penalty that is best on the early-stopping set; see `penalties.best`."""

    def scored(tried: tuple[float, ...]) -> list[tuple[float, RidgeLinear]]:
        models = fit(sequences, scaling, fold.train, tried)
        return [(score(sequences, scaling, model, fold.early_stopping, metric), model) for model in models]

    return best(penalties, scored)


def score(sequences: Sequences, scaling: Scaling, model: RidgeLinear, chosen: Ints, metric: Metric) -> float:
    """Normalised MSE or MAE on some sequences."""
    task, outputs = Regression(sequences), predict(sequences, scaling, model, chosen)
    total = task.error_sum(outputs, task.truth(scaling, chosen), scaling.error_scale(metric), metric)
    return task.score(float(total), len(chosen))


def predict(sequences: Sequences, scaling: Scaling, model: RidgeLinear, chosen: Ints) -> Floats:
    """Numbers in standard deviations of the training ones, shape (n, 1, 1)."""
    return apply(sequences, model, summaries(sequences, scaling, chosen))


def summaries(sequences: Sequences, scaling: Scaling, chosen: Ints) -> Floats:
    """What it reads of some sequences, a 1 last, shape (n, n_linear)."""
    task = Regression(sequences)
    return np.concatenate([task.read(scaling, piece).linear_inputs for piece in chunks(chosen)])
