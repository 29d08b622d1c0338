"""The one look at the holdout of labelled sequences: the model's twins compared with baselines and the champion."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.classify import Classify
from cellsize.data.duplicates import together
from cellsize.data.folds import Folds
from cellsize.data.scaling import Scaling
from cellsize.data.sequences import TASK, Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.evaluation import class_errors
from cellsize.evaluation.class_errors import errors_of, log_losses, mean_errors
from cellsize.evaluation.rivals import Rivals
from cellsize.evaluation.sequence_comparison import compare, fair
from cellsize.evaluation.standard_errors import standard_error
from cellsize.models import class_baselines, nearest_neighbour
from cellsize.models.classifier import Classifier
from cellsize.models.prediction import Forward, plain_forward
from cellsize.params import Metric
from cellsize.sizing.class_records import ChampionClassErrors, ClassBaselines, ClassDifference, ClassEvaluation


def evaluate(
    sequences: Sequences,
    folds: Folds,
    twins: Sequence[Classifier],
    rivals: Rivals[Classifier] | None,
    metric: Metric,
    on_folds: ClassBaselines,
    forward: Forward = plain_forward,
) -> tuple[ClassEvaluation, pd.DataFrame]:
    """Scores the model's twins, the baselines and the champion on the same sequences.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout, and which come before it; baselines are fitted on these.
        twins: The refitted choice, once for each seed.
        rivals: The current champion, if there is one. It is left out if it cannot be compared on the same sequences;
            the evaluation says why.
        metric: What is scored.
        on_folds: What the baselines were on the folds: they are fitted with what these chose.
        forward: Runs the networks.

    Returns:
        The errors, and a table with the label, the most probable class and the probabilities of each held-out sequence,
        those of the first twin.
    """
    holdout = np.flatnonzero(folds.holdout)
    scaling, truth, groups = twins[0].fitted.scaling, sequences.target[holdout], together(sequences)[holdout]
    ours = np.stack([twin.probabilities(sequences, holdout, forward) for twin in twins])
    errors = tuple(errors_of(each, truth, scaling) for each in ours)
    fitted = class_baselines.fit(sequences, np.flatnonzero(folds.development), on_folds)
    outputs = class_baselines.log_odds(sequences, fitted, holdout)
    theirs = {name: Classify.probabilities(each)[:, 0] for name, each in outputs.items()}
    not_installed = None if fitted.sure is not None else nearest_neighbour.LEFT_OUT
    evaluation = ClassEvaluation(
        task=TASK,
        metric=metric,
        sequences=len(holdout),
        groups=len(np.unique(groups)),
        classes=sequences.classes,
        model=mean_errors(errors),
        twins=errors,
        accuracy_se=standard_error(_right(ours, truth), groups),
        baselines={name: errors_of(each, truth, scaling) for name, each in theirs.items()},
        differences={name: _difference(each, ours, truth, groups, scaling) for name, each in theirs.items()},
        left_out=on_folds.left_out or not_installed,
        **_with_champion(sequences, folds, rivals, scaling, forward),
        champion_version=None if rivals is None else rivals.champion.version,
        confusion=class_errors.confusion(truth, ours[0].argmax(axis=1), len(sequences.classes)),
        reliability=class_errors.reliability(ours[0], truth),
        mistakes=class_errors.mistakes(ours[0], truth, [sequences.names[at] for at in holdout], sequences.classes),
    )
    return evaluation, _table(sequences, holdout, ours[0])


def in_words(evaluation: ClassEvaluation) -> str:
    """What the stage prints."""
    others = ", ".join(f"{name} {errors.accuracy:.1%}" for name, errors in evaluation.baselines.items())
    return (
        f"accuracy {evaluation.model.accuracy:.1%}, macro-F1 {evaluation.model.macro_f1:.3f}, log loss "
        f"{evaluation.model.log_loss:.3f} on {evaluation.sequences:,} sequences; accuracy of {others}"
    )


def losses(
    sequences: Sequences,
    scaling: Scaling,
    models: Sequence[Classifier],
    chosen: Ints,
    forward: Forward = plain_forward,
) -> Floats:
    """Normalised log loss of each sequence by some models, shape (models, n).

    Args:
        sequences: Base arrays and index.
        scaling: Knows the log loss of the class frequencies by which all are divided.
        models: The models.
        chosen: Positions of sequences, shape (n,).
        forward: Runs the networks.
    """
    found = [log_losses(model.probabilities(sequences, chosen, forward), sequences.target[chosen]) for model in models]
    return np.stack(found) / float(scaling.deviation[0])


def _right(probabilities: Floats, truth: Ints) -> Floats:
    """1 where the most probable class is the true one, else 0, of the shape of the probabilities without classes."""
    return np.asarray(probabilities.argmax(axis=-1) == truth, np.float64)


def _difference(theirs: Floats, ours: Floats, truth: Ints, groups: Ints, scaling: Scaling) -> ClassDifference:
    """How far a baseline is from the model, with standard errors.

    Args:
        theirs: Its probabilities, shape (n, classes).
        ours: Those of the twins, shape (twins, n, classes).
        truth: Code of the true class, shape (n,).
        groups: Of the sequences, shape (n,).
        scaling: Knows the log loss of the class frequencies of the training sequences.
    """
    right = _right(theirs, truth) - _right(ours, truth)
    log_loss = log_losses(theirs, truth) - np.stack([log_losses(each, truth) for each in ours])
    score = log_loss / float(scaling.deviation[0])
    return ClassDifference(
        accuracy=float(right.mean()),
        accuracy_se=standard_error(right, groups),
        score=float(score.mean()),
        score_se=standard_error(score, groups),
    )


def _with_champion(
    sequences: Sequences, folds: Folds, rivals: Rivals[Classifier] | None, scaling: Scaling, forward: Forward
) -> dict[str, Any]:
    """The keys of an evaluation that are about the champion."""
    if rivals is None:
        return {"champion": None, "comparison": None, "champion_not_measured": None}
    chosen = fair(sequences, folds, rivals)
    if isinstance(chosen, str):
        return {"champion": None, "comparison": None, "champion_not_measured": chosen}

    def of(models: Sequence[Classifier], positions: Ints) -> Floats:
        return losses(sequences, scaling, models, positions, forward)

    comparison, errors = compare(sequences, rivals, chosen, of), None
    if len(chosen.chosen) == int(folds.holdout.sum()):
        truth = sequences.target[chosen.chosen]
        found = [model.probabilities(sequences, chosen.chosen, forward) for model in chosen.models]
        mean = mean_errors([errors_of(each, truth, scaling) for each in found])
        errors = ChampionClassErrors(version=rivals.champion.version, **mean.model_dump())
    return {"champion": errors, "comparison": comparison, "champion_not_measured": None}


def _table(sequences: Sequences, chosen: Ints, probabilities: Floats) -> pd.DataFrame:
    """Label, most probable class and probabilities of some sequences."""
    names = np.array(sequences.classes)
    said = {"label": names[sequences.target[chosen]], "predicted": names[probabilities.argmax(axis=1)]}
    columns = {f"probability of {name}": column for name, column in zip(names, probabilities.T, strict=True)}
    return pd.DataFrame({"sequence": [sequences.names[at] for at in chosen]} | said | columns)
