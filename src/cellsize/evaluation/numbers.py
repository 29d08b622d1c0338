"""The one look at the holdout of sequences with numbers: the model's twins compared with the baselines."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.duplicates import together
from cellsize.data.folds import Folds
from cellsize.data.names import NEAREST_NEIGHBOUR
from cellsize.data.regress import Regress, untransformed
from cellsize.data.sequences import REGRESS, Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.evaluation.holdout import coverage
from cellsize.evaluation.rivals import Rivals
from cellsize.evaluation.sequence_comparison import compare, fair
from cellsize.evaluation.standard_errors import standard_error
from cellsize.models import nearest_neighbour, number_baselines, ridge_summaries
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.regressor import Regressor
from cellsize.params import Baseline, Metric
from cellsize.sizing.number_records import (
    ChampionNumberErrors,
    NumberBaselines,
    NumberDifference,
    NumberErrors,
    NumberEvaluation,
)
from cellsize.tasks.regression import Regression

METRICS: tuple[Metric, Metric] = ("mse", "mae")


def evaluate(
    sequences: Sequences,
    folds: Folds,
    twins: Sequence[Regressor],
    rivals: Rivals[Regressor] | None,
    baseline: Baseline,
    metric: Metric,
    scored: NumberBaselines,
    forward: Forward = plain_forward,
) -> tuple[NumberEvaluation, pd.DataFrame]:
    """Scores the model's twins, the baselines and the champion on the same sequences.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout, and which come before it; baselines are fitted on these.
        twins: The refitted choice, once for each seed.
        rivals: The current champion, if there is one; see `classes.evaluate`.
        baseline: Ridge penalties; the one that most folds choose is the ridge regression's.
        metric: What is scored.
        scored: On the folds: the trees have as many iterations as the folds found best, their median.
        forward: Runs the networks.

    Returns:
        The errors, and a table with the truth and the number of each held-out sequence, that of the first twin.
    """
    holdout, development = np.flatnonzero(folds.holdout), np.flatnonzero(folds.development)
    model, task = twins[0], Regression(sequences)
    outputs = [twin.outputs(sequences, holdout, forward) for twin in twins]
    numbers, groups = sequences.target[holdout], together(sequences)[holdout]
    errors = tuple(errors_of(each, numbers, model, metric) for each in outputs)
    ours = np.stack([losses_of(each, numbers, model, metric) for each in outputs])
    scaling = task.fit_scaling(development)
    linear = ridge_summaries.fit(sequences, scaling, development, (_penalty(task, folds, baseline, metric),))[0]
    iterations = int(np.median([count for of_fold in scored.boosting_iterations for count in of_fold]))
    trees = number_baselines.fit_trees(sequences, scaling, development, iterations, metric)
    compared = number_baselines.predictions(sequences, scaling, development, linear, trees, metric, holdout)
    table = pd.DataFrame({
        "sequence": [sequences.names[at] for at in holdout],
        "true": untransformed(numbers, model.window.transform),
        "predicted": model.original(outputs[0]),
    })  # fmt: skip
    evaluation = NumberEvaluation(
        task=REGRESS,
        metric=metric,
        sequences=len(holdout),
        groups=len(np.unique(groups)),
        target=model.schema.label,
        model=_mean(errors),
        twins=errors,
        baselines={name: errors_of(each, numbers, model, metric) for name, each in compared.items()},
        differences={
            name: _difference(losses_of(each, numbers, model, metric) - ours, groups) for name, each in compared.items()
        },
        left_out=None if NEAREST_NEIGHBOUR in compared else nearest_neighbour.LEFT_OUT,
        **_with_champion(sequences, folds, rivals, model, metric, forward),
        champion_version=None if rivals is None else rivals.champion.version,
        coverage=coverage(model, task.truth(model.fitted.scaling, holdout) - outputs[0]),
    )  # fmt: skip
    return evaluation, table


def errors_of(outputs: Floats, numbers: Floats, model: Regressor, metric: Metric) -> NumberErrors:
    """The errors of some outputs.

    Args:
        outputs: In standard deviations of the (transformed) training numbers, shape (n, 1, 1).
        numbers: What is true, as the base arrays have it, shape (n,).
        model: Knows how numbers are scaled and transformed.
        metric: Which of the errors is the score.
    """
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score  # a second others do not need

    original = model.original(outputs)
    nmse, nmae = (float(losses_of(outputs, numbers, model, each).mean()) for each in METRICS)
    truth = untransformed(numbers, model.window.transform)
    return NumberErrors(
        mse=float(mean_squared_error(truth, original)),
        mae=float(mean_absolute_error(truth, original)),
        r2=float(r2_score(truth, original)),
        nmse=nmse,
        nmae=nmae,
        score=nmse if metric == "mse" else nmae,
    )


def in_words(evaluation: NumberEvaluation) -> str:
    """What the stage prints."""
    others = ", ".join(f"{name} {errors.mae:.4g}" for name, errors in evaluation.baselines.items())
    return (
        f"MAE {evaluation.model.mae:.4g}, R² {evaluation.model.r2:.3f} on {evaluation.sequences:,} sequences; MAE of "
        f"{others}"
    )


def losses_of(outputs: Floats, numbers: Floats, model: Regressor, metric: Metric) -> Floats:
    """Normalised errors of each sequence, shape (n,); see `errors_of`."""
    scale = Regress.of(model.fitted.scaling)
    differences = outputs[:, 0, 0].astype(np.float64) - (numbers - scale.mean) / scale.std
    losses: Floats = np.square(differences) if metric == "mse" else np.abs(differences) / scale.deviation
    return losses


def losses(
    sequences: Sequences,
    judge: Regressor,
    models: Sequence[Regressor],
    chosen: Ints,
    metric: Metric,
    forward: Forward = plain_forward,
) -> Floats:
    """Normalised errors of each sequence by some models, shape (models, n).

    Args:
        sequences: Base arrays and index.
        judge: By the scale of whose training all are normalised.
        models: The models.
        chosen: Positions of sequences, shape (n,).
        metric: Which error.
        forward: Runs the networks.
    """
    numbers = sequences.target[chosen]
    found = [scaled(model, judge, sequences, chosen, forward) for model in models]
    return np.stack([losses_of(outputs, numbers, judge, metric) for outputs in found])


def scaled(model: Regressor, judge: Regressor, sequences: Sequences, chosen: Ints, forward: Forward) -> Floats:
    """What a model says, scaled as the outputs of the judge are, shape (n, 1, 1)."""
    theirs, ours = Regress.of(model.fitted.scaling), Regress.of(judge.fitted.scaling)
    found = model.outputs(sequences, chosen, forward).astype(np.float64)
    return np.asarray((found * theirs.std + theirs.mean - ours.mean) / ours.std)


def _mean(errors: Sequence[NumberErrors]) -> NumberErrors:
    """The mean errors of twins."""
    keys = NumberErrors.model_fields
    return NumberErrors(**{key: float(np.mean([getattr(each, key) for each in errors])) for key in keys})


def _difference(losses: Floats, groups: Ints) -> NumberDifference:
    """How far a baseline is from the model, from differences of shape (twins, n)."""
    return NumberDifference(score=float(losses.mean()), score_se=standard_error(losses, groups))


def _with_champion(
    sequences: Sequences,
    folds: Folds,
    rivals: Rivals[Regressor] | None,
    model: Regressor,
    metric: Metric,
    forward: Forward,
) -> dict[str, Any]:
    """The keys of an evaluation that are about the champion; its errors are scaled as the model's are."""
    if rivals is None:
        return {"champion": None, "comparison": None, "champion_not_measured": None}
    chosen = fair(sequences, folds, rivals)
    if isinstance(chosen, str):
        return {"champion": None, "comparison": None, "champion_not_measured": chosen}

    def losses_of_all(of: Sequence[Regressor], positions: Ints) -> Floats:
        return losses(sequences, model, of, positions, metric, forward)

    comparison, errors = compare(sequences, rivals, chosen, losses_of_all), None
    if len(chosen.chosen) == int(folds.holdout.sum()):
        numbers = sequences.target[chosen.chosen]
        found = [scaled(each, model, sequences, chosen.chosen, forward) for each in chosen.models]
        mean = _mean([errors_of(each, numbers, model, metric) for each in found])
        errors = ChampionNumberErrors(version=rivals.champion.version, **mean.model_dump())
    return {"champion": errors, "comparison": comparison, "champion_not_measured": None}


def _penalty(task: Regression, folds: Folds, baseline: Baseline, metric: Metric) -> float:
    """The ridge penalty that most folds choose on their early-stopping set; of equals the smallest."""
    chosen = [
        ridge_summaries.fit_chosen(
            task.sequences, task.fit_scaling(fold.train), fold, baseline.penalties, metric
        ).penalty
        for fold in folds.all()
    ]  # fmt: skip
    return max(sorted(set(chosen)), key=chosen.count)
