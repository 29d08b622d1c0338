"""What a network has to beat at labelled sequences: models without memory cells."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
import pandas as pd

from cellsize.data.folds import Fold, Folds
from cellsize.data.names import BOOSTED_TREES, LOGISTIC_REGRESSION, MAJORITY_CLASS, NEAREST_NEIGHBOUR
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models import logistic, nearest_neighbour, summary_trees
from cellsize.models.ridge_linear import RidgeLinear
from cellsize.models.summary_trees import SummaryTrees
from cellsize.params import Baseline, Metric
from cellsize.progress import unsaid
from cellsize.sizing.class_records import ClassBaselines
from cellsize.tasks.classification import Classification

LogOdds = dict[str, Floats]  # name → shape (n, 1, classes)


@dataclass(frozen=True)
class Fitted:
    """The baselines, fitted on some sequences.

    Attributes:
        scaling: Constants of these.
        train: Their positions.
        linear: The logistic regression.
        trees: Boosted trees on the same summaries.
        sure: The probability that the class of a nearest neighbour gets; None: it is left out.
    """

    scaling: Scaling
    train: Ints
    linear: RidgeLinear
    trees: SummaryTrees
    sure: float | None


def log_odds(
    sequences: Sequences, fitted: Fitted, chosen: Ints, timed: Callable[[str, float], None] | None = None
) -> LogOdds:
    """Log-odds of each baseline on some sequences, each of shape (n, 1, classes).

    Of the majority class it is the logarithm of the class frequencies on the training sequences: what it says is the
    most frequent class, with the probability that it has.

    Args:
        sequences: Base arrays and index.
        fitted: The baselines.
        chosen: Positions of sequences.
        timed: Is told the name of a baseline, and how many seconds it took.
    """
    scaling, classes = fitted.scaling, len(sequences.classes)

    def nearest() -> Floats:
        assert fitted.sure is not None
        at = nearest_neighbour.nearest(sequences, scaling, fitted.train, chosen)
        return nearest_neighbour.log_odds(sequences.target[at], fitted.sure, classes)

    def frequencies() -> Floats:
        counts = np.bincount(sequences.target[fitted.train], minlength=classes)
        return np.repeat(np.log(counts / counts.sum())[None, None], len(chosen), axis=0)

    makers: dict[str, Callable[[], Floats]] = {
        MAJORITY_CLASS: frequencies,
        LOGISTIC_REGRESSION: lambda: logistic.predict(sequences, scaling, fitted.linear, chosen),
        BOOSTED_TREES: lambda: summary_trees.log_odds(sequences, scaling, fitted.trees, chosen),
    }
    if fitted.sure is not None:
        makers[NEAREST_NEIGHBOUR] = nearest
    outputs = LogOdds()
    for name, make in makers.items():
        begin = time.perf_counter()
        outputs[name] = make()
        if timed is not None:
            timed(name, time.perf_counter() - begin)
    return outputs


def fit(sequences: Sequences, train: Ints, on_folds: ClassBaselines) -> Fitted:
    """Fits the baselines with what the folds chose: the most frequent penalty, the median number of trees.

    Args:
        sequences: Base arrays and index.
        train: Positions of the sequences to learn from.
        on_folds: What was chosen on the early-stopping sets of the folds.
    """
    scaling, penalties = Classification(sequences).fit_scaling(train), on_folds.penalties
    penalty = max(sorted(set(penalties)), key=penalties.count)
    return Fitted(
        scaling,
        train,
        logistic.fit(sequences, scaling, train, (penalty,))[0],
        summary_trees.fit(sequences, scaling, train, int(median(on_folds.boosting_iterations))),
        fmean(on_folds.sureness) if on_folds.sureness and nearest_neighbour.is_installed() else None,
    )


def score_folds(
    sequences: Sequences, folds: Folds, baseline: Baseline, metric: Metric, note: Callable[[str], None] = unsaid
) -> tuple[ClassBaselines, pd.DataFrame]:
    """Scores every baseline on every fold's validation set.

    Args:
        sequences: Base arrays and index.
        folds: Who learns from which sequence.
        baseline: Ridge penalties.
        metric: What is scored.
        note: Is told what is done now; see `progress.lines`.

    Returns:
        The scores, and a table of the seconds that each baseline took on each fold, to be fitted and to answer.
    """
    scores, accuracies = dict[str, list[float]](), dict[str, list[float]]()
    seconds, fitted, task = list[tuple[str, int, float]](), list[Fitted](), Classification(sequences)
    for number, fold in enumerate(folds.all(), start=1):
        took = dict[str, float]()

        def add(name: str, more: float, took: dict[str, float] = took) -> None:
            took[name] = took.get(name, 0.0) + more

        note(f"fold {number} of {len(folds.labels)}: logistic regression, boosted trees, nearest neighbour")
        fitted.append(_fit_chosen(sequences, fold, baseline, metric, add))
        scale, truth = fitted[-1].scaling.error_scale(metric), task.truth(fitted[-1].scaling, fold.validation)
        for name, outputs in log_odds(sequences, fitted[-1], fold.validation, add).items():
            total = float(task.error_sum(outputs, truth, scale, metric))
            scores.setdefault(name, []).append(task.score(total, len(fold.validation)))
            right = outputs[:, 0].argmax(axis=1) == sequences.target[fold.validation]
            accuracies.setdefault(name, []).append(float(right.mean()))
        seconds += [(name, number, took[name]) for name in took]
    sureness = tuple(each.sure for each in fitted if each.sure is not None)
    found = ClassBaselines(
        metric=metric,
        all={name: tuple(by_fold) for name, by_fold in scores.items()},
        accuracy={name: tuple(by_fold) for name, by_fold in accuracies.items()},
        penalties=tuple(each.linear.penalty for each in fitted),
        boosting_iterations=tuple(each.trees.iterations for each in fitted),
        sureness=sureness,
        left_out=None if sureness else nearest_neighbour.LEFT_OUT,
    )
    return found, pd.DataFrame(seconds, columns=["baseline", "fold", "seconds"])


def _fit_chosen(
    sequences: Sequences, fold: Fold, baseline: Baseline, metric: Metric, timed: Callable[[str, float], None]
) -> Fitted:
    """Fits on the training part what is best on the early-stopping set."""
    scaling, sure = Classification(sequences).fit_scaling(fold.train), None
    begin = time.perf_counter()
    linear = logistic.fit_chosen(sequences, scaling, fold, baseline.penalties, metric)
    timed(LOGISTIC_REGRESSION, time.perf_counter() - begin)
    begin = time.perf_counter()
    trees = summary_trees.fit_chosen(sequences, scaling, fold)
    timed(BOOSTED_TREES, time.perf_counter() - begin)
    if nearest_neighbour.is_installed():
        begin = time.perf_counter()
        labels = sequences.target[nearest_neighbour.nearest(sequences, scaling, fold.train, fold.early_stopping)]
        right = int((labels == sequences.target[fold.early_stopping]).sum())
        sure = nearest_neighbour.sureness(right, len(labels), len(sequences.classes))
        timed(NEAREST_NEIGHBOUR, time.perf_counter() - begin)
    return Fitted(scaling, fold.train, linear, trees, sure)
