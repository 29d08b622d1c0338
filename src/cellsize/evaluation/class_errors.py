"""How well probabilities of classes fit the truth: errors, how far they can be relied on, and the worst mistakes."""

from collections.abc import Sequence

import numpy as np

from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints
from cellsize.sizing.class_records import ClassErrors, Mistake, ReliabilityBin

BINS = 10  # of the probability of the class that is said, equally wide
MOST_MISTAKES = 10


def errors_of(probabilities: Floats, truth: Ints, scaling: Scaling) -> ClassErrors:
    """The errors of a model.

    Args:
        probabilities: Of each class, shape (n, classes).
        truth: Code of the true class, shape (n,).
        scaling: Knows the log loss of the class frequencies of the training sequences.
    """
    from sklearn.metrics import f1_score  # a second that other tasks do not need

    predicted = probabilities.argmax(axis=1)
    return ClassErrors(
        accuracy=float((predicted == truth).mean()),
        macro_f1=float(f1_score(truth, predicted, average="macro")),
        log_loss=float(log_losses(probabilities, truth).mean()),
        score=float(log_losses(probabilities, truth).mean()) / float(scaling.deviation[0]),
    )


def log_losses(probabilities: Floats, truth: Ints) -> Floats:
    """Of each sequence, shape (n,); that of a class that was held impossible is a large number, and not infinite."""
    smallest = np.finfo(np.float64).tiny
    losses: Floats = -np.log(np.maximum(probabilities[np.arange(len(truth)), truth], smallest))
    return losses


def mean_errors(errors: Sequence[ClassErrors]) -> ClassErrors:
    """The mean errors of twins."""
    return ClassErrors(**{
        key: float(np.mean([getattr(each, key) for each in errors])) for key in ClassErrors.model_fields
    })  # fmt: skip


def confusion(truth: Ints, predicted: Ints, classes: int) -> tuple[tuple[int, ...], ...]:
    """For each true class, how many sequences were labelled as each class."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, predicted), 1)
    return tuple(tuple(map(int, row)) for row in counts)


def reliability(probabilities: Floats, truth: Ints) -> tuple[ReliabilityBin, ...]:
    """How often the class that is said is right, by its probability; bins that are empty are left out.

    Args:
        probabilities: Of each class, shape (n, classes).
        truth: Code of the true class, shape (n,).
    """
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    return tuple(
        ReliabilityBin(count=int(here.sum()), probability=float(sure[here].mean()), right=float(right[here].mean()))
        for here in (bins == number for number in np.unique(bins))
    )


def mistakes(probabilities: Floats, truth: Ints, names: Sequence[str], classes: Sequence[str]) -> tuple[Mistake, ...]:
    """Sequences that are labelled wrongly, those whose class is held least probable first; at most `MOST_MISTAKES`.

    Args:
        probabilities: Of each class, shape (n, classes).
        truth: Code of the true class, shape (n,).
        names: Of the sequences.
        classes: Names of the classes.
    """
    predicted, of_truth = probabilities.argmax(axis=1), probabilities[np.arange(len(truth)), truth]
    wrong = sorted(map(int, np.flatnonzero(predicted != truth)), key=lambda at: (of_truth[at], at))
    return tuple(
        Mistake(
            sequence=names[at],
            label=classes[truth[at]],
            predicted=classes[predicted[at]],
            probability=float(probabilities[at, predicted[at]]),
            probability_of_label=float(of_truth[at]),
        )
        for at in wrong[:MOST_MISTAKES]
    )
