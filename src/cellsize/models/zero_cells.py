"""The linear model of each task, which is the size without memory cells and what a skip connection adds."""

from cellsize.data.folds import Fold
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Ints
from cellsize.models import logistic, ridge_linear, ridge_summaries
from cellsize.models.ridge_linear import RidgeLinear
from cellsize.params import Metric
from cellsize.tasks.samples import Samples


def fit_chosen(
    samples: Samples,
    scaling: Scaling,
    fold: Fold,
    penalties: tuple[float, ...],
    metric: Metric,
    reads_past: bool = True,
) -> RidgeLinear:
    """Fits on the training part, with the penalty that is best on the early-stopping set.

    Args:
        samples: Base arrays and index.
        scaling: Constants of the training part.
        fold: The fold.
        penalties: Ridge penalties.
        metric: What the best one is chosen by.
        reads_past: Of a forecast, whether it reads what the window sees; see `ridge_linear.design`.
    """
    if isinstance(samples, Sequences):
        if samples.task == "regress":
            return ridge_summaries.fit_chosen(samples, scaling, fold, penalties, metric)
        return logistic.fit_chosen(samples, scaling, fold, penalties, metric)
    return ridge_linear.fit_chosen(samples, scaling, fold, penalties, metric, reads_past)


def fit(samples: Samples, scaling: Scaling, train: Ints, penalty: float, reads_past: bool = True) -> RidgeLinear:
    """Fits with a penalty that is chosen already; see `fit_chosen`."""
    if isinstance(samples, Sequences):
        if samples.task == "regress":
            return ridge_summaries.fit(samples, scaling, train, (penalty,))[0]
        return logistic.fit(samples, scaling, train, (penalty,))[0]
    return ridge_linear.fit(samples, scaling, train, (penalty,), reads_past)[0]
