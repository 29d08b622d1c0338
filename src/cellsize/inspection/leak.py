"""What the same sequence in training and validation would make of a score: measured, so that nobody believes it."""

from dataclasses import replace

import numpy as np

from cellsize.data.classify import Classify
from cellsize.data.duplicates import contents, together
from cellsize.data.folds import Folds
from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import Sequences
from cellsize.data.stratified import parts, require_classes
from cellsize.errors import InputError
from cellsize.models import logistic
from cellsize.sizing.class_records import DuplicateLeak

PENALTY = 1.0  # of the logistic regression: for both kinds of folds the same, chosen on neither


def measure(sequences: Sequences, folds: Folds) -> DuplicateLeak | None:
    """Accuracy and log loss of logistic regression with equal sequences in one fold, and spread over folds.

    Args:
        sequences: Base arrays and index.
        folds: How many folds, and what comes before the holdout; no other sequence is looked at.

    Returns:
        Both; None if no sequence is there twice, but in one group, or if there are too few different ones, so that a
        part to learn from would lack a class.
    """
    grouped, development = replace(sequences, group=together(sequences)), np.flatnonzero(folds.development)
    if not again(sequences, folds):
        return None
    count = max(2, len(folds.labels))
    try:
        apart, spread = _scores(grouped, development, count), _scores(sequences, development, count)
    except InputError:  # a class has too few different sequences: where equal ones are spread no reason to end
        return None
    content = contents(sequences)
    is_spread = any(np.isin(content[fold.validation], content[fold.train]).any() for fold in folds.all())
    return DuplicateLeak(
        folds=count,
        accuracy_grouped=apart[0],
        accuracy_spread=spread[0],
        score_grouped=apart[1],
        score_spread=spread[1],
        is_in_the_folds=bool(is_spread),
    )


def again(sequences: Sequences, folds: Folds) -> int:
    """Sequences before the holdout that are equal to an earlier one, and are in no group with it."""
    chosen = np.flatnonzero(folds.development)
    _, first, of_each = np.unique(contents(sequences)[chosen], return_index=True, return_inverse=True)
    return int((sequences.group[chosen] != sequences.group[chosen][first[of_each]]).sum())


def _scores(sequences: Sequences, development: np.ndarray, count: int) -> tuple[float, float]:
    """Accuracy and normalised log loss over all validation sets together."""
    classify, right, error = Classify(len(sequences.classes)), 0, 0.0
    for validation in parts(sequences, development, count, "split.folds", 0):
        train = np.setdiff1d(development, validation)
        require_classes(sequences, train, "the folds that measure equal sequences")
        scaling = fit_scaling(sequences, train)
        model = logistic.fit(sequences, scaling, train, (PENALTY,))[0]
        outputs = logistic.predict(sequences, scaling, model, validation)
        target = sequences.target[validation]
        right += int((outputs[:, 0].argmax(axis=1) == target).sum())
        error += float(classify.error_sum(outputs, classify.target(target), 1 / scaling.deviation))
    return right / len(development), error / len(development)
