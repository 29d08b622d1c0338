"""inspection.json, evaluation.json and metrics.json of sequences with numbers."""

from typing import Literal

from cellsize.params import Metric
from cellsize.sizing.artefacts import Artefact
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.evaluation_records import MAY_BE_LEFT_OUT
from cellsize.sizing.sequence_records import SequenceComparison


class NumberInspection(Artefact):
    """`reports/inspection.json` of `task: regress`: what is odd about the sequences before the holdout."""

    task: Literal["regress"]
    """Which task it is."""
    sequences: int
    """Sequences before the holdout."""
    groups: int
    """Groups that they belong to."""
    quantiles: dict[str, float]
    """Percent of the sequences → the number that so many do not exceed: 0, 25, 50, 75, 100."""
    shortest: int
    """Steps of the shortest sequence."""
    longest: int
    """Steps of the longest one."""
    duplicates: int
    """Sequences that are equal to an earlier one, step by step, and are in no group with it."""


class NumberBaselines(Baselines):
    """`build/baselines.json` of `task: regress`: a sequence is a window of one step there."""

    left_out: str | None
    """Why the nearest neighbour is left out; null if it is not."""


class NumberErrors(Artefact):
    """How far one model is off on the holdout."""

    mse: float
    """Mean squared error, in the unit of the number squared."""
    mae: float
    """Mean absolute error, in the unit of the number."""
    r2: float
    """1 − mean squared error / variance of the true numbers of the holdout."""
    nmse: float
    """Normalised MSE: divided by the variance of the training numbers, transformed as `window.transform` says."""
    nmae: float
    """Normalised MAE: divided by the mean absolute deviation of the training numbers from their median, likewise."""
    score: float
    """That of the two that `metric` names."""


class ChampionNumberErrors(NumberErrors):
    """Errors of the current champion."""

    version: str
    """Its version."""


class NumberDifference(Artefact):
    """What a baseline has more than the model, on the same sequences of the holdout.

    The standard error counts the sequences, whole groups of them where these are declared, and the twins' seeds.
    """

    score: float
    """Its score minus the model's."""
    score_se: float
    """Standard error of this difference."""


class NumberEvaluation(Artefact):
    """`reports/evaluation.json` of `task: regress`: errors on the untouched holdout."""

    task: Literal["regress"]
    """Which task it is."""
    metric: Metric
    """What ranks models: `mse` or `mae`."""
    sequences: int
    """Sequences of the holdout."""
    groups: int
    """Groups that they belong to; each sequence its own where none are declared, but equal ones together."""
    target: str
    """Column of the number."""
    model: NumberErrors
    """The refitted choice: the mean errors of its twins, which have not learned from the holdout."""
    twins: tuple[NumberErrors, ...]
    """Errors of each twin, in the order of the seeds; one without memory cells."""
    baselines: dict[str, NumberErrors]
    """Name → errors of the models without memory cells: `mean` (for `mae` `median`), `ridge_linear` on the summaries of
    each feature, `boosted_trees` on the same, and, where its package is installed, `nearest_neighbour` by dynamic time
    warping."""
    differences: dict[str, NumberDifference]
    """Name → how far the same are from the model, paired by sequence."""
    left_out: str | None = MAY_BE_LEFT_OUT
    """Why the nearest neighbour by dynamic time warping is not among the baselines; left out if it is."""
    champion: ChampionNumberErrors | None
    """The current champion on all of these sequences; null if there is none, it cannot be measured, or only on some."""
    comparison: SequenceComparison | None
    """Challenger and champion, paired; null if there is no champion or it cannot be measured."""
    champion_not_measured: str | None
    """Why the champion cannot be compared on the same sequences; null if it can, or there is none."""
    champion_version: str | None
    """Version of the current champion, measured or not; null if there is none."""
    coverage: dict[str, float]
    """Level of prediction intervals in percent → fraction of the holdout's numbers within them: measured, never tuned.
    A level that the residuals of the folds are too few for is left out."""

    def error(self, errors: NumberErrors) -> float:
        """Of some errors the one that opens the gate."""
        return errors.score


class NumberMetrics(Artefact):
    """`reports/metrics.json` of `task: regress`: the numbers that `dvc metrics diff` compares."""

    layers: int
    """Chosen layers."""
    units: int
    """Chosen units a layer."""
    parameters: int
    """All parameters of the choice."""
    recurrent: int
    """Its recurrent parameters."""
    score: float
    """Its cross-validated score."""
    score_best: float
    """The best size's score."""
    score_zero_cells: float
    """The score without memory cells."""
    holdout_score: float
    """The model's score on the holdout."""
    holdout_mae: float
    """Its mean absolute error."""
    holdout_r2: float
    """Its R²."""
    holdout_score_ridge_linear: float
    """The score of the ridge regression on the summaries."""
    holdout_score_boosted_trees: float
    """The score of the boosted trees on the summaries."""
    holdout_coverage_90: float | None = MAY_BE_LEFT_OUT
    """Fraction of the holdout's numbers within its intervals of 90 %; left out where it has none."""
