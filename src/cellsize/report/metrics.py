"""What DVC compares between commits: a dozen numbers, and two small tables for its plots."""

import pandas as pd

from cellsize.data.names import BOOSTED_TREES, season_of
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Metrics
from cellsize.sizing.sizes import ZERO

SETTING = ["learning_rate", "dropout", "weight_decay", "skip", "head"]


def metrics(choice: Choice, evaluation: Evaluation) -> Metrics:
    """The numbers of `metrics.json`."""
    baselines = evaluation.baselines
    return Metrics(
        layers=choice.layers,
        units=choice.units,
        parameters=choice.parameters,
        recurrent=choice.recurrent,
        score=choice.score,
        score_best=choice.best.score,
        score_zero_cells=choice.zero_cells.score,
        holdout_nmse=evaluation.model.nmse,
        holdout_nmae=evaluation.model.nmae,
        holdout_mae=evaluation.model.mae,
        holdout_nmse_naive=baselines["naive"].nmse,
        holdout_nmse_seasonal_naive=min(
            errors.nmse for name, errors in baselines.items() if season_of(name) is not None
        ),
        holdout_nmse_ridge_linear=baselines["ridge_linear"].nmse,
        holdout_nmse_boosted_trees=baselines[BOOSTED_TREES].nmse,
        holdout_coverage_90=evaluation.coverage.get("90"),
    )


def sizes(choice: Choice) -> pd.DataFrame:
    """The table `sizes.csv`: one row for each size tried, in the order of `choice.json`."""
    columns = ["layers", "units", "parameters", "score", "difference", "difference_se"]
    rows = [[getattr(entry, column) for column in columns] for entry in choice.sizes]
    return pd.DataFrame(rows, columns=columns).assign(chosen=[entry.size == choice.size for entry in choice.sizes])


def curves(learning_curves: pd.DataFrame) -> pd.DataFrame:
    """The table `curves.csv`: the learning curves of the chosen size; the header alone without memory cells."""
    return learning_curves[["fold", "seed", "step", "early_stopping_score"]]


def learning_curves(curves: pd.DataFrame, trials: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """Learning curves of the chosen size, each fold with the setting that its early-stopping set chose.

    Args:
        curves: Rows of the search's `curves.csv`, all sizes and settings.
        trials: Rows of `trials.csv`.
        choice: The choice.

    Returns:
        The rows of `curves` with a score, and `kept`: the step whose weights were kept. None without memory cells.
    """
    keys = ["layers", "units", "fold", "seed", *SETTING]
    chosen = (trials["layers"] == choice.layers) & (trials["units"] == choice.units) & (trials["status"] == "ok")
    kept = trials.loc[chosen & (choice.size != ZERO), [*keys, "steps"]].rename(columns={"steps": "kept"})
    return curves[curves["early_stopping_score"].notna()].merge(kept, on=keys)
