"""The one look at the holdout of sequences with numbers: the model's twins compared with the baselines."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from cellsize.data.folds import Folds
from cellsize.data.regress import Regress, untransformed
from cellsize.data.sequences import REGRESS, Sequences
from cellsize.data.windows import Floats
from cellsize.evaluation.holdout import coverage
from cellsize.models import number_baselines, ridge_summaries
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.regressor import Regressor
from cellsize.params import Baseline, Metric
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.number_records import NumberErrors, NumberEvaluation
from cellsize.tasks.regression import Regression


def evaluate(
    sequences: Sequences,
    folds: Folds,
    twins: Sequence[Regressor],
    baseline: Baseline,
    metric: Metric,
    scored: Baselines,
    forward: Forward = plain_forward,
) -> tuple[NumberEvaluation, pd.DataFrame]:
    """Scores the model's twins and the baselines on the same sequences.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout, and which come before it; baselines are fitted on these.
        twins: The refitted choice, once for each seed.
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
    errors = tuple(errors_of(each, sequences.target[holdout], model, metric) for each in outputs)
    scaling = task.fit_scaling(development)
    linear = ridge_summaries.fit(sequences, scaling, development, (_penalty(task, folds, baseline, metric),))[0]
    iterations = int(np.median([count for of_fold in scored.boosting_iterations for count in of_fold]))
    trees = number_baselines.fit_trees(sequences, scaling, development, iterations, metric)
    compared = number_baselines.predictions(sequences, scaling, development, linear, trees, metric, holdout)
    table = pd.DataFrame({
        "sequence": [sequences.names[at] for at in holdout],
        "true": untransformed(sequences.target[holdout], model.window.transform),
        "predicted": model.original(outputs[0]),
    })  # fmt: skip
    evaluation = NumberEvaluation(
        task=REGRESS,
        metric=metric,
        sequences=len(holdout),
        target=model.schema.label,
        model=NumberErrors(**{
            key: float(np.mean([getattr(each, key) for each in errors])) for key in NumberErrors.model_fields
        }),
        twins=errors,
        baselines={
            name: errors_of(each, sequences.target[holdout], model, metric) for name, each in compared.items()
        },
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
    scale, original = Regress.of(model.fitted.scaling), model.original(outputs)
    differences = outputs[:, 0, 0].astype(np.float64) - (numbers - scale.mean) / scale.std
    truth = untransformed(numbers, model.window.transform)
    nmse, nmae = float(np.square(differences).mean()), float(np.abs(differences).mean() / scale.deviation)
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


def _penalty(task: Regression, folds: Folds, baseline: Baseline, metric: Metric) -> float:
    """The ridge penalty that most folds choose on their early-stopping set; of equals the smallest."""
    chosen = [
        ridge_summaries.fit_chosen(
            task.sequences, task.fit_scaling(fold.train), fold, baseline.penalties, metric
        ).penalty
        for fold in folds.all()
    ]  # fmt: skip
    return max(sorted(set(chosen)), key=chosen.count)
