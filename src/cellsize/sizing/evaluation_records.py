"""evaluation.json, registration.json and metrics.json: errors on the holdout, and what became of the model."""

from typing import Any, Literal

from pydantic import Field

from cellsize.params import Metric
from cellsize.sizing.artefacts import Artefact

# A key that is there with `choose.metric: quantile` alone: the files of other metrics stay what they were.
ONLY_OF_QUANTILES: Any = Field(default=None, exclude_if=lambda value: value is None)
# A key that files from before it was kept do not have, and others where there is nothing to say.
MAY_BE_LEFT_OUT: Any = Field(default=None, exclude_if=lambda value: value is None)


class Errors(Artefact):
    """Errors of one model on some windows of the holdout."""

    mae: float
    """Mean absolute error, in the data's units."""
    rmse: float
    """Root mean squared error, in the data's units."""
    mase: float | None
    """MAE divided by the seasonal naive error before the holdout; null where that is 0."""
    nmse: float
    """Normalised MSE: MSE divided by the variance of the training targets, = 1 − R²."""
    nmae: float
    """Normalised MAE: MAE divided by the mean absolute deviation of the training targets from their median."""
    by_step: tuple[float | None, ...]
    """The normalised error that `metric` names, of each step of the horizon; null where none of it was observed."""
    npinball: float | None = ONLY_OF_QUANTILES
    """With `choose.metric: quantile` alone: mean pinball loss over the levels, divided by that of the same quantiles of
    the training targets."""
    below: dict[str, float] | None = ONLY_OF_QUANTILES
    """With `choose.metric: quantile` alone: level → fraction of the targets at or below its forecast; the level itself,
    where forecasts are calibrated."""


def error_of(errors: Errors, metric: Metric) -> float:
    """Of some errors the normalised one that a metric names."""
    if metric == "quantile":
        assert errors.npinball is not None
        return errors.npinball
    return errors.nmse if metric == "mse" else errors.nmae


class ChampionErrors(Errors):
    """Errors of the current champion."""

    version: str
    """Its version."""


class Comparison(Artefact):
    """Challenger and champion on the same windows of the holdout, paired over blocks of time."""

    version: str
    """The champion's version."""
    how: Literal["served", "same_cut"]
    """served: the champion as it is served, on windows that it has learned no target of; same_cut: its recipe trained
    on the windows that the challenger's twins learned from."""
    windows: int
    """Windows compared."""
    rows_from: str
    """Time of the first target that is compared."""
    rows_until: str
    """Time of the last one."""
    blocks: int
    """Blocks of time that they lie in: seasons, at least as long as the horizon."""
    challenger: float
    """The challenger's normalised error that `metric` names on these windows, mean over its twins."""
    champion: float
    """The champion's; where its recipe was trained again, mean over the twins of it."""
    margin: float
    """What counts as better or worse, in percent of the champion's error."""
    better: float
    """Probability that the challenger is better by more than the margin."""
    not_worse: float
    """Probability that it is worse by no more than the margin."""
    smaller: bool
    """Whether it has fewer recurrent parameters; of as many, fewer hidden units of an MLP, then fewer in all."""
    same_network: bool
    """Whether both have the same size, cells, skip connection and head."""
    newer_rows: bool
    """Whether what would be served has learned from rows that the champion has not."""
    rerun: bool
    """Whether it is the champion's recipe on the champion's rows."""

    @property
    def where(self) -> str:
        """What both were measured on, in words."""
        return f"{self.windows:,} windows in {self.blocks} blocks"

    @property
    def rows(self) -> dict[str, str]:
        """What names the rows compared."""
        return {"from": self.rows_from, "until": self.rows_until}


class Subset(Artefact):
    """Errors at the origins where the classical model was fitted."""

    origins: int
    """Number of origins."""
    models: dict[str, Errors]
    """Name → errors, the classical model among them."""
    difference_se: dict[str, float]
    """Name → standard error of its score (by `metric`) minus the model's, paired over the origins."""


class SeriesErrors(Artefact):
    """Errors of the model on the holdout windows of one series."""

    series: str
    """Its name."""
    windows: int
    """Its windows in the holdout."""
    mae: float
    """Mean absolute error, in the data's units."""
    score: float
    """The normalised error that `metric` names; normalised over all series, so that those of all have it as mean."""
    seasonal_naive: float
    """The same of the seasonal naive forecast of the first season."""


class Evaluation(Artefact):
    """`reports/evaluation.json`: errors on the untouched holdout."""

    metric: Metric
    """Which of them opens the gate: normalised MSE (`mse`) or normalised MAE (`mae`)."""
    windows: int
    """Windows of the holdout."""
    rows_from: str
    """Time of the first target of the holdout."""
    rows_until: str
    """Time of the last one."""
    series: int
    """Series that the holdout has windows of."""
    model: Errors
    """The refitted choice: the mean errors of its twins, which have not learned from the holdout."""
    twins: tuple[Errors, ...]
    """Errors of each twin, in the order of the seeds; one without memory cells, where seeds change nothing."""
    baselines: dict[str, Errors]
    """Name → errors of the simple baselines, of the ridge-linear model and of boosted trees."""
    by_series: tuple[SeriesErrors, ...]
    """Errors of each series of the holdout, the worst score first; none if there is one series."""
    subset: Subset | None
    """All models where the classical one was fitted; null without one."""
    champion: ChampionErrors | None
    """The current champion on all of these windows; null if there is none, it cannot be measured, or only on some."""
    comparison: Comparison | None
    """Challenger and champion, paired; null if there is no champion or it cannot be measured."""
    champion_not_measured: str | None
    """Why the champion cannot be compared on the same windows; null if it can, or there is none."""
    champion_version: str | None
    """Version of the current champion, measured or not; null if there is none."""
    clipped: dict[str, int]
    """Column → values of the holdout that the model saw clipped, beyond what its training rows have shown."""
    coverage: dict[str, float]
    """Level of prediction intervals in percent → fraction of the holdout's targets within them: measured, never tuned.
    A level that the residuals of the folds are too few for is left out."""

    def error(self, errors: Errors) -> float:
        """Of some errors the one that opens the gate."""
        return error_of(errors, self.metric)


class Registration(Artefact):
    """`reports/registration.json`: what became of the model."""

    name: str
    """Name in the registry."""
    version: str
    """Version in the registry."""
    alias: str | None
    """`champion`, `challenger`, or null."""
    registered: bool
    """Whether the version is in the registry."""
    promoted: bool
    """Whether it is champion."""
    reason: str
    """Why it was promoted, or why not."""


class Metrics(Artefact):
    """`reports/metrics.json`: the numbers that `dvc metrics diff` compares between commits."""

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
    holdout_nmse: float
    """The model's normalised MSE on the holdout."""
    holdout_nmae: float
    """Its normalised MAE on the holdout."""
    holdout_mae: float
    """Its mean absolute error on the holdout, in the data's units."""
    holdout_nmse_naive: float
    """The naive forecast's normalised MSE on the holdout."""
    holdout_nmse_seasonal_naive: float
    """The best seasonal naive forecast's."""
    holdout_nmse_ridge_linear: float
    """The ridge-linear model's."""
    holdout_nmse_boosted_trees: float
    """The boosted trees'."""
    holdout_coverage_90: float | None = MAY_BE_LEFT_OUT
    """Fraction of the holdout's targets within its intervals of 90 %; left out where it has none."""
