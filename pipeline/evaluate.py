"""evaluate: model → errors on the untouched holdout, beside the baselines' and the champion's."""

from pathlib import Path

from cellsize import files, stage
from cellsize.data import folds
from cellsize.data.windows import Windows
from cellsize.evaluation import holdout
from cellsize.models.forecaster import Forecaster
from cellsize.params import Params
from cellsize.registry import versions


def main(params: Params, indexed: Path, divided: Path, model: Path, errors: Path, beside: Path) -> None:
    """Reads model and holdout; writes the errors, and forecasts beside the truth."""
    challenger = Forecaster.load(model)
    champion = versions.champion(params.mlflow, params.register_.name) if params.evaluate.champion else None
    made, forecasts = holdout.evaluate(
        Windows.load(indexed), folds.load(divided), challenger, champion, params.baseline
    )
    files.write_json(errors, made)
    files.write_parquet(beside, forecasts)
    print(f"evaluate: holdout MSE {made['model']['nmse']:.4f} variances, MAE {made['model']['mae']:.4g}")


if __name__ == "__main__":
    stage.run(main)
