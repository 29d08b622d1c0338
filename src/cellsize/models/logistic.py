"""Multinomial logistic regression on the summaries of sequences: the size without memory cells of `task: classify`.

It has the form of the ridge-linear model, weights for each input of the design and each output, so that beside a
network it is the linear skip connection: its log-odds are added.
"""

import warnings
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack
from threadpoolctl import threadpool_limits

from cellsize.data.batches import chunks
from cellsize.data.folds import Fold
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models.penalties import best
from cellsize.models.ridge_linear import RidgeLinear, apply
from cellsize.params import Metric
from cellsize.tasks.classification import Classification

ITERATIONS, ONE_THREAD = 2000, 1


def fit(sequences: Sequences, scaling: Scaling, train: Ints, penalties: tuple[float, ...]) -> list[RidgeLinear]:
    """Fits one model for each penalty, half of the sum of the squared weights is multiplied by; not the bias.

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences.
        train: Positions of the training sequences; every class is among them.
        penalties: Ridge penalties.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    inputs: Any
    if sequences.characters:  # nearly all n-grams are in no text: ten times faster, to the same weights, and in memory
        pieces = [csr_array(inputs_of(sequences, scaling, piece)[:, :-1], dtype=np.float64) for piece in chunks(train)]
        inputs = csr_array(vstack(pieces))
    else:
        inputs = inputs_of(sequences, scaling, train)[:, :-1].astype(np.float64)
    codes = sequences.target[train]
    models = []
    for penalty in penalties:
        model = LogisticRegression(C=1 / penalty, max_iter=ITERATIONS, tol=1e-6)
        # More threads wait for each other at every small product: two took eight times as long as one.
        with warnings.catch_warnings(), threadpool_limits(ONE_THREAD):
            warnings.simplefilter("ignore", ConvergenceWarning)  # then it is as good as it is: its score says so
            model.fit(inputs, codes)
        weights = np.concatenate([model.coef_, model.intercept_[:, None]], axis=1).T
        if len(sequences.classes) == 2:  # one log-odds, of the second class against the first
            weights = np.concatenate([-weights / 2, weights / 2], axis=1)
        models.append(RidgeLinear(weights.astype(np.float32), penalty))
    return models


def fit_chosen(
    sequences: Sequences, scaling: Scaling, fold: Fold, penalties: tuple[float, ...], metric: Metric
) -> RidgeLinear:
    """Fits on the training part, with the penalty that is best on the early-stopping set; of equals the smallest.

    A best one at the end of a list of several extends the list while that pays; see `penalties.best`.
    """

    def try_out(penalties: tuple[float, ...]) -> list[tuple[float, RidgeLinear]]:
        models = fit(sequences, scaling, fold.train, penalties)
        return [(score(sequences, scaling, model, fold.early_stopping, metric), model) for model in models]

    return best(penalties, try_out)


def score(sequences: Sequences, scaling: Scaling, model: RidgeLinear, chosen: Ints, metric: Metric) -> float:
    """Normalised log loss on some sequences."""
    task = Classification(sequences)
    outputs = predict(sequences, scaling, model, chosen)
    total = task.error_sum(outputs, task.truth(scaling, chosen), scaling.error_scale(metric), metric)
    return task.score(float(total), len(chosen))


def predict(sequences: Sequences, scaling: Scaling, model: RidgeLinear, chosen: Ints) -> Floats:
    """Log-odds, shape (n, 1, classes)."""
    return np.concatenate([apply(sequences, model, inputs_of(sequences, scaling, piece)) for piece in chunks(chosen)])


def inputs_of(sequences: Sequences, scaling: Scaling, chosen: Ints) -> Floats:
    """Scaled summaries of some sequences, a 1 last, shape (n, n_linear)."""
    task = Classification(sequences)
    return np.concatenate([task.read(scaling, piece).linear_inputs for piece in chunks(chosen)])
