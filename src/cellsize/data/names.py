"""Names of the scores and of the baselines, as artefacts have them and pages say them."""

from cellsize.params import Metric

NAIVE, SEASONAL_NAIVE, RIDGE_LINEAR = "naive", "seasonal_naive", "ridge_linear"
BOOSTED_TREES = "boosted_trees"
MAJORITY_CLASS, LOGISTIC_REGRESSION, NEAREST_NEIGHBOUR = "majority_class", "logistic_regression", "nearest_neighbour"
CLASSICAL_BASELINES = ("AutoETS", "AutoTheta")


def seasonal_naive(season: int) -> str:
    """Name of the seasonal naive forecast with so many steps in a season: `seasonal_naive_24`."""
    return f"{SEASONAL_NAIVE}_{season}"


def season_of(name: str) -> int | None:
    """Steps in a season of a seasonal naive forecast, from its name; None for other baselines."""
    return int(name.removeprefix(f"{SEASONAL_NAIVE}_")) if name.startswith(f"{SEASONAL_NAIVE}_") else None


def score_name(metric: Metric) -> str:
    """What a score is called: `nmse` (normalised MSE), `nmae` (MAE), `npinball` or `normalised log loss`."""
    others = {"quantile": "npinball", "log_loss": "normalised log loss"}
    return others.get(metric, f"n{metric}")
