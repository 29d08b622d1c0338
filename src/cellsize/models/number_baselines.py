"""What a network has to beat at sequences with numbers: models without memory cells."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cellsize.data.folds import TRAIN, Fold, Folds
from cellsize.data.names import BOOSTED_TREES, NEAREST_NEIGHBOUR, RIDGE_LINEAR
from cellsize.data.regress import CONSTANT
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models import nearest_neighbour, ridge_summaries
from cellsize.models.boosted_trees import LOSSES, MOST_ITERATIONS, ONE_THREAD, PATIENCE
from cellsize.models.ridge_linear import RidgeLinear
from cellsize.params import Baseline, Metric
from cellsize.progress import unsaid
from cellsize.sizing.number_records import NumberBaselines
from cellsize.tasks.regression import Regression

if TYPE_CHECKING:  # a second of imports that few stages need
    from sklearn.ensemble import HistGradientBoostingRegressor


@dataclass(frozen=True)
class Trees:
    """Boosted trees on the summaries of sequences.

    Attributes:
        model: Fitted.
        iterations: How many of its iterations are used.
    """

    model: "HistGradientBoostingRegressor"
    iterations: int


def predictions(
    sequences: Sequences,
    scaling: Scaling,
    train: Ints,
    linear: RidgeLinear,
    trees: Trees,
    metric: Metric,
    chosen: Ints,
    timed: Callable[[str, float], None] | None = None,
) -> dict[str, Floats]:
    """What each baseline says of some sequences, in standard deviations of the training numbers, shape (n, 1, 1) each.

    The number of the nearest training sequence is among them where neighbours can be looked for.

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences.
        train: These.
        linear: The ridge regression fitted on them.
        trees: Fitted on them too.
        metric: Says which constant is best: for squared errors the mean, for absolute ones the median.
        chosen: Positions of sequences.
        timed: Is told the seconds that looking for neighbours took.
    """
    task = Regression(sequences)
    numbers = task.truth(scaling, train)
    constant = numbers.mean(axis=0) if metric == "mse" else np.median(numbers, axis=0)
    found = {
        CONSTANT[metric]: np.repeat(constant[None], len(chosen), axis=0),
        RIDGE_LINEAR: ridge_summaries.predict(sequences, scaling, linear, chosen),
        BOOSTED_TREES: _of_trees(trees, ridge_summaries.summaries(sequences, scaling, chosen)),
    }
    if nearest_neighbour.is_installed():
        begin = time.perf_counter()
        found[NEAREST_NEIGHBOUR] = task.truth(scaling, nearest_neighbour.nearest(sequences, scaling, train, chosen))
        if timed is not None:
            timed(NEAREST_NEIGHBOUR, time.perf_counter() - begin)
    return found


def fit_trees(sequences: Sequences, scaling: Scaling, train: Ints, iterations: int, metric: Metric) -> Trees:
    """Fits so many iterations."""
    inputs, target = _rows(sequences, scaling, train)
    with threadpool_limits(ONE_THREAD):
        model = _model(metric, iterations, early_stopping=False).fit(inputs, target)
    return Trees(model, iterations)


def fit_chosen_trees(sequences: Sequences, scaling: Scaling, fold: Fold, metric: Metric) -> Trees:
    """Fits on the training part, with the number of iterations that is best on the early-stopping set."""
    inputs, target = _rows(sequences, scaling, fold.train)
    other, also = _rows(sequences, scaling, fold.early_stopping)
    model = _model(metric, MOST_ITERATIONS, early_stopping=True)
    with threadpool_limits(ONE_THREAD):
        model.fit(inputs, target, X_val=other, y_val=also)
    return Trees(model, max(1, int(np.argmax(model.validation_score_))))


def score_folds(
    sequences: Sequences, folds: Folds, baseline: Baseline, metric: Metric, note: Callable[[str], None] = unsaid
) -> tuple[NumberBaselines, pd.DataFrame]:
    """Scores every baseline on every fold's validation set; see `baselines.score_folds`."""
    scores, seconds, task = dict[str, list[float]](), list[tuple[str, int, float]](), Regression(sequences)
    learnt = list[Trees]()
    for number, fold in enumerate(folds.all(), start=1):
        note(f"fold {number} of {len(folds.labels)}: ridge regression, boosted trees, nearest neighbour")
        scaling, begin = task.fit_scaling(fold.train), time.perf_counter()
        linear = ridge_summaries.fit_chosen(sequences, scaling, fold, baseline.penalties, metric)
        fitted = time.perf_counter()
        learnt.append(fit_chosen_trees(sequences, scaling, fold, metric))
        seconds.append((RIDGE_LINEAR, number, fitted - begin))
        seconds.append((BOOSTED_TREES, number, time.perf_counter() - fitted))
        truth = task.truth(scaling, fold.validation)
        found = predictions(
            sequences, scaling, fold.train, linear, learnt[-1], metric, fold.validation,
            lambda name, took, number=number: seconds.append((name, number, took)),  # type: ignore[misc]
        )  # fmt: skip
        for name, outputs in found.items():
            total = float(task.error_sum(outputs, truth, scaling.error_scale(metric), metric))
            scores.setdefault(name, []).append(task.score(total, len(fold.validation)))
    training = tuple(int((labels == TRAIN).sum()) for labels in folds.labels)
    record = NumberBaselines(
        metric=metric,
        all={name: tuple(by_fold) for name, by_fold in scores.items()},
        subset={},
        boosting_iterations=tuple((trees.iterations,) for trees in learnt),
        boosting_steps=training,
        boosting_windows=training,
        training_windows=training,
        left_out=None if NEAREST_NEIGHBOUR in scores else nearest_neighbour.LEFT_OUT,
    )
    return record, pd.DataFrame(seconds, columns=["baseline", "fold", "seconds"])


def _rows(sequences: Sequences, scaling: Scaling, chosen: Ints) -> tuple[Floats, Floats]:
    """Summaries, and numbers to learn."""
    inputs = ridge_summaries.summaries(sequences, scaling, chosen)[:, :-1]
    return inputs, Regression(sequences).truth(scaling, chosen)[:, 0, 0]


def _model(metric: Metric, iterations: int, *, early_stopping: bool) -> "HistGradientBoostingRegressor":
    """As in `boosted_trees`: scikit-learn's defaults, but for what ends boosting."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss=LOSSES[metric],
        max_iter=iterations,
        early_stopping=early_stopping,
        n_iter_no_change=PATIENCE,
        tol=0.0,
        random_state=0,
    )


def _of_trees(trees: Trees, inputs: Floats) -> Floats:
    """What the iterations that are used predict, shape (n, 1, 1)."""
    with threadpool_limits(ONE_THREAD):
        staged = trees.model.staged_predict(inputs[:, :-1])
        found = next(values for number, values in enumerate(staged, start=1) if number == trees.iterations)
    return np.asarray(found, np.float32)[:, None, None]
