"""evaluate: model → errors on the untouched holdout, compared with the baselines' and the champion's."""

import functools
from pathlib import Path

from cellsize import files
from cellsize.data import folds as parts
from cellsize.data.forecast import score_name
from cellsize.data.windows import Windows
from cellsize.evaluation.holdout import evaluate
from cellsize.models import stacked
from cellsize.models.forecaster import Forecaster
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.registry import champion as registered
from cellsize.sizing.artefacts import Baselines


def main(
    params: Params, windows: Path, folds: Path, model: Path, baselines: Path, evaluation: Path, forecasts: Path
) -> None:
    """Reads model and holdout; writes the errors, and a table of forecasts and truth."""
    challenger = Forecaster.load(model)
    champion = registered.load(params.mlflow, params.register_.name) if params.evaluate.champion else None
    forward = functools.partial(stacked.forward, engine=params.search.training.engine)
    with lines("evaluate"):
        errors, table = evaluate(
            Windows.load(windows), parts.load(folds), challenger, champion, params.baseline, params.choose.metric,
            Baselines.read(baselines), forward,
        )  # fmt: skip
    errors.write(evaluation)
    files.write_parquet(forecasts, table)
    score, mae = errors.error(errors.model), errors.model.mae
    print(f"evaluate: on the holdout {score_name(errors.metric)} {score:.4f}, MAE {mae:.4g}")
