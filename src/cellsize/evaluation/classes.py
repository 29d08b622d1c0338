"""The one look at the holdout of labelled sequences: the model's twins compared with the baselines."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellsize.data.classify import Classify
from cellsize.data.folds import Folds
from cellsize.data.scaling import Scaling
from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import TASK, Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models import class_baselines, logistic
from cellsize.models.classifier import Classifier
from cellsize.models.prediction import Forward, plain_forward
from cellsize.params import Baseline, Metric
from cellsize.sizing.class_records import ClassErrors, ClassEvaluation


def evaluate(
    sequences: Sequences,
    folds: Folds,
    twins: Sequence[Classifier],
    baseline: Baseline,
    metric: Metric,
    forward: Forward = plain_forward,
) -> tuple[ClassEvaluation, pd.DataFrame]:
    """Scores the model's twins and the baselines on the same sequences.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout, and which come before it; baselines are fitted on these.
        twins: The refitted choice, once for each seed.
        baseline: Ridge penalties; the one that most folds choose is the logistic regression's.
        metric: What is scored.
        forward: Runs the networks.

    Returns:
        The errors, and a table with the label, the most probable class and the probabilities of each held-out sequence,
        those of the first twin.
    """
    holdout, development = np.flatnonzero(folds.holdout), np.flatnonzero(folds.development)
    scaling, truth = twins[0].fitted.scaling, sequences.target[holdout]
    probabilities = [twin.probabilities(sequences, holdout, forward) for twin in twins]
    errors = tuple(errors_of(each, truth, scaling) for each in probabilities)
    linear = logistic.fit(sequences, scaling, development, (_penalty(sequences, folds, baseline, metric),))[0]
    outputs = class_baselines.log_odds(sequences, scaling, development, linear, holdout)
    compared = {name: errors_of(Classify.probabilities(each)[:, 0], truth, scaling) for name, each in outputs.items()}
    predicted = probabilities[0].argmax(axis=1)
    confusion = np.zeros((len(sequences.classes), len(sequences.classes)), np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    names = np.array(sequences.classes)
    table = pd.DataFrame(
        {"sequence": [sequences.names[at] for at in holdout], "label": names[truth], "predicted": names[predicted]}
        | {f"probability of {name}": column for name, column in zip(names, probabilities[0].T, strict=True)}
    )
    evaluation = ClassEvaluation(
        task=TASK,
        metric=metric,
        sequences=len(holdout),
        classes=sequences.classes,
        model=ClassErrors(**{
            key: float(np.mean([getattr(each, key) for each in errors])) for key in ClassErrors.model_fields
        }),
        twins=errors,
        baselines=compared,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
    )  # fmt: skip
    return evaluation, table


def errors_of(probabilities: Floats, truth: Ints, scaling: Scaling) -> ClassErrors:
    """The errors of a model.

    Args:
        probabilities: Of each class, shape (n, classes).
        truth: Code of the true class, shape (n,).
        scaling: Knows the log loss of the class frequencies of the training sequences.
    """
    predicted, classes = probabilities.argmax(axis=1), np.arange(probabilities.shape[1])[:, None]
    right = ((predicted == classes) & (truth == classes)).sum(axis=1)
    named = (predicted == classes).sum(axis=1) + (truth == classes).sum(axis=1)
    f1 = 2 * right[named > 0] / named[named > 0]
    smallest = np.finfo(np.float64).tiny
    log_loss = float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], smallest)).mean())
    return ClassErrors(
        accuracy=float((predicted == truth).mean()),
        macro_f1=float(f1.mean()),
        log_loss=log_loss,
        score=log_loss / float(scaling.deviation[0]),
    )


def in_words(evaluation: ClassEvaluation) -> str:
    """What the stage prints."""
    others = ", ".join(f"{name} {errors.accuracy:.1%}" for name, errors in evaluation.baselines.items())
    return (
        f"accuracy {evaluation.model.accuracy:.1%}, macro-F1 {evaluation.model.macro_f1:.3f}, log loss "
        f"{evaluation.model.log_loss:.3f} on {evaluation.sequences:,} sequences; accuracy of {others}"
    )


def _penalty(sequences: Sequences, folds: Folds, baseline: Baseline, metric: Metric) -> float:
    """The ridge penalty that most folds choose on their early-stopping set; of equals the smallest."""
    chosen = [
        logistic.fit_chosen(sequences, fit_scaling(sequences, fold.train), fold, baseline.penalties, metric).penalty
        for fold in folds.all()
    ]
    return max(sorted(set(chosen)), key=chosen.count)
