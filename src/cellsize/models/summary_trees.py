"""Gradient-boosted trees on the summaries of sequences: the classifier that a user would pick first."""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from cellsize.data.characters import ends
from cellsize.data.folds import Fold
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models.boosted_trees import MOST_ITERATIONS, MOST_ROWS, ONE_THREAD, PATIENCE
from cellsize.models.logistic import inputs_of

if TYPE_CHECKING:  # a second of imports that few stages need
    from sklearn.ensemble import HistGradientBoostingClassifier


@dataclass(frozen=True)
class SummaryTrees:
    """Fitted trees.

    Attributes:
        model: Says the probability of each class.
        iterations: How many trees of each class are used.
    """

    model: "HistGradientBoostingClassifier"
    iterations: int


def fit(sequences: Sequences, scaling: Scaling, train: Ints, iterations: int) -> SummaryTrees:
    """Fits so many trees for each class. The same data give the same trees, whatever the number of threads.

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences.
        train: Their positions; of more than `MOST_ROWS` about so many are drawn, see `drawn`.
        iterations: How many trees.
    """
    chosen = drawn(sequences, train)
    model = _model(iterations)
    with threadpool_limits(ONE_THREAD):
        model.fit(_inputs(sequences, scaling, chosen), sequences.target[chosen])
    return SummaryTrees(model, iterations)


def fit_chosen(sequences: Sequences, scaling: Scaling, fold: Fold) -> SummaryTrees:
    """Fits on the training part as many trees as are best on the early-stopping set."""
    train, stopping = drawn(sequences, fold.train), drawn(sequences, fold.early_stopping)
    model = _model(MOST_ITERATIONS, early_stopping=True)
    with threadpool_limits(ONE_THREAD):
        model.fit(
            _inputs(sequences, scaling, train), sequences.target[train], X_val=_inputs(sequences, scaling, stopping),
            y_val=sequences.target[stopping],
        )  # fmt: skip
    # One score for each iteration, higher is better, and before them that of no iteration.
    return SummaryTrees(model, max(1, int(np.argmax(model.validation_score_))))


def log_odds(sequences: Sequences, scaling: Scaling, trees: SummaryTrees, chosen: Ints) -> Floats:
    """Logarithms of the probabilities of each class, shape (n, 1, classes)."""
    with threadpool_limits(ONE_THREAD):
        staged = trees.model.staged_predict_proba(_inputs(sequences, scaling, chosen))
        found = next(islice(staged, trees.iterations - 1, None))
    outputs: Floats = np.log(np.maximum(found, np.finfo(np.float32).tiny))[:, None].astype(np.float32)
    return outputs


def drawn(sequences: Sequences, chosen: Ints) -> Ints:
    """The sequences to learn from: all, or `MOST_ROWS` drawn of them, and the first one of each class.

    Trees that have not seen a class would have no probability for it.
    """
    if len(chosen) <= MOST_ROWS:
        return chosen
    some = np.random.default_rng(0).choice(len(chosen), MOST_ROWS, replace=False)
    firsts = np.unique(sequences.target[chosen], return_index=True)[1]
    return chosen[np.union1d(some, firsts)]


def _inputs(sequences: Sequences, scaling: Scaling, chosen: Ints) -> Floats:
    """The summaries without the 1 that a linear model reads; of texts their ends: n-grams are too many for trees."""
    if sequences.characters:
        return ends(sequences, scaling, chosen)
    return inputs_of(sequences, scaling, chosen)[:, :-1]


def _model(iterations: int, *, early_stopping: bool = False) -> "HistGradientBoostingClassifier":
    """scikit-learn's defaults, but for what ends boosting: its own early-stopping set would be drawn at random."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=iterations, early_stopping=early_stopping, n_iter_no_change=PATIENCE, tol=0.0, random_state=0
    )
