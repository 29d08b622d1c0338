"""What a network has to beat at labelled sequences: models without memory cells."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from cellsize.data.classify import LOGISTIC_REGRESSION, MAJORITY_CLASS
from cellsize.data.folds import TRAIN, Folds
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models import logistic
from cellsize.models.ridge_linear import RidgeLinear
from cellsize.params import Baseline, Metric
from cellsize.progress import unsaid
from cellsize.sizing.baseline_records import Baselines
from cellsize.tasks.classification import Classification


def log_odds(
    sequences: Sequences, scaling: Scaling, train: Ints, linear: RidgeLinear, chosen: Ints
) -> dict[str, Floats]:
    """Log-odds of each baseline on some sequences, each of shape (n, 1, classes).

    Of the majority class it is the logarithm of the class frequencies on the training sequences: what it says is the
    most frequent class, with the probability that it has.

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences.
        train: These.
        linear: The logistic regression fitted on them.
        chosen: Positions of sequences.
    """
    counts = np.bincount(sequences.target[train], minlength=len(sequences.classes))
    frequencies = np.log(counts / counts.sum())[None, None]
    return {
        MAJORITY_CLASS: np.repeat(frequencies, len(chosen), axis=0),
        LOGISTIC_REGRESSION: logistic.predict(sequences, scaling, linear, chosen),
    }


def score_folds(
    sequences: Sequences, folds: Folds, baseline: Baseline, metric: Metric, note: Callable[[str], None] = unsaid
) -> tuple[Baselines, pd.DataFrame]:
    """Scores every baseline on every fold's validation set; see `baselines.score_folds`."""
    scores, seconds, task = dict[str, list[float]](), list[tuple[str, int, float]](), Classification(sequences)
    for number, fold in enumerate(folds.all(), start=1):
        note(f"fold {number} of {len(folds.labels)}: logistic regression")
        scaling, begin = task.fit_scaling(fold.train), time.perf_counter()
        linear = logistic.fit_chosen(sequences, scaling, fold, baseline.penalties, metric)
        seconds.append((LOGISTIC_REGRESSION, number, time.perf_counter() - begin))
        truth = task.truth(scaling, fold.validation)
        for name, outputs in log_odds(sequences, scaling, fold.train, linear, fold.validation).items():
            total = float(task.error_sum(outputs, truth, scaling.error_scale(metric), metric))
            scores.setdefault(name, []).append(task.score(total, len(fold.validation)))
    found = Baselines(
        metric=metric,
        all={name: tuple(by_fold) for name, by_fold in scores.items()},
        subset={},
        boosting_iterations=(),
        boosting_steps=(),
        boosting_windows=(),
        training_windows=tuple(int((labels == TRAIN).sum()) for labels in folds.labels),
    )
    return found, pd.DataFrame(seconds, columns=["baseline", "fold", "seconds"])
