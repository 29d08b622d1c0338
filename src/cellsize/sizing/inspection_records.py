"""inspection.json: what a window should show, and what is odd about the data."""

from cellsize.params import Metric
from cellsize.sizing.artefacts import Artefact


class InspectedOption(Artefact):
    """One change of `params.yaml`, tried alone."""

    key: str
    """The key, as `section.key`."""
    value: str
    """What it would be, as YAML."""
    nmse: float
    """Normalised MSE of the ridge-linear model with it."""
    nmae: float
    """Normalised MAE of the same forecasts."""
    gain: float
    """Fraction of the error that `metric` names that it saves."""
    gain_mae: float
    """Fraction of the normalised MAE that it saves."""
    worth: bool
    """Whether it saves at least 2 %, on every fold, and no less in absolute errors."""


class Advice(Artefact):
    """One change of `params.yaml` that is advised."""

    key: str
    """The key, as `section.key`."""
    value: str
    """What it should be, as YAML."""
    gain: float
    """Fraction of the error that `metric` names that it saves in addition to the advice before it."""


class SeriesLeftOut(Artefact):
    """A series from which nothing is learnt."""

    series: str
    """Its name."""
    reason: str
    """Why."""


class GivenAway(Artefact):
    """A target that known-future covariates of the same step tell."""

    target: str
    """Column."""
    covariates: tuple[str, ...]
    """The covariate, or those that tell it together."""
    explained: float
    """Fraction of its variance that they explain on the early-stopping sets, fitted on the training sets."""


class NeverThere(Artefact):
    """A covariate that a forecast made at the end of the table would be without."""

    covariate: str
    """Column."""
    known_future: bool
    """Whether it is declared as known in future; else it is one of the past."""
    steps: int
    """The last steps in which it is missing, all that a window sees; of one that is known in future, those to come."""


class Remarks(Artefact):
    """What is odd about the data: before the holdout, but for what is missing at the end of the table."""

    series: int
    """Series in the table."""
    left_out: int
    """Series from which nothing is learnt."""
    series_left_out: tuple[SeriesLeftOut, ...]
    """All of them, in the order of their names."""
    unscored: dict[str, tuple[int, ...]]
    """Series → folds that do not score it, since no training row gives it a scale; with `window.scale: series`."""
    given_away: tuple[GivenAway, ...]
    """Targets that are known when they are to be forecast."""
    never_there: tuple[NeverThere, ...]
    """Covariates that are missing where a forecast would begin now, in every series."""
    mostly_missing: dict[str, float]
    """Target → fraction of the rows in which it is missing, if that is more than half."""
    few_values: dict[str, tuple[float, ...]]
    """Target → its values, if there are at most 20."""
    mostly_zero: dict[str, float]
    """Target → fraction of its values that are 0, if that is more than half."""


class Inspection(Artefact):
    """`reports/inspection.json`: what a window should show, measured by ridge inside the training parts."""

    metric: Metric
    """Which of the two errors ranks the options and chooses ridge penalties: `mse` or `mae`."""
    folds: int
    """Folds that were looked at."""
    windows: int
    """Windows scored in all of them, of their early-stopping sets; the same for all options."""
    nmse: float
    """As declared: MSE in the table's units, divided by the variance of the training targets."""
    nmae: float
    """As declared: MAE divided by their mean absolute deviation from the median."""
    seasons: tuple[int, ...]
    """Seasons found in the autocorrelation of the training rows, in steps."""
    declared_seasons: tuple[int, ...]
    """Seasons of the seasonal naive baselines."""
    not_tried: tuple[int, ...]
    """Lookbacks that leave too few windows or too many inputs."""
    holidays: str | None
    """Country whose holidays were compared; `holiday` where the table has such a column; null if none was found."""
    options: tuple[InspectedOption, ...]
    """Every change, tried alone."""
    advice: tuple[Advice, ...]
    """The changes that are worth it, each in addition to those before it."""
    gain: float
    """Fraction of the error that `metric` names that all of them save."""
    remarks: Remarks
    """What is odd about the data."""
