"""evaluate: the model's twins → errors on the untouched holdout, compared with the baselines' and the champion's."""

from pathlib import Path

from cellsize import files
from cellsize.evaluation.by_task import AnyChampion, evaluate
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.registry import champion as registered


def main(params: Params, windows: Path, folds: Path, recipe: Path, twins: Path, baselines: Path, evaluation: Path,
         forecasts: Path) -> None:  # fmt: skip
    """Reads twins and holdout; writes the errors, and a table of forecasts and truth."""

    def champion() -> AnyChampion:
        return registered.load(params.mlflow, params.register_.name) if params.evaluate.champion else None

    with lines("evaluate") as note:
        errors, table, said = evaluate(
            windows, folds, recipe, twins, baselines, champion, params.search, params.baseline, params.choose.metric,
            params.register_, params.refit, note,
        )  # fmt: skip
    errors.write(evaluation)
    files.write_parquet(forecasts, table)
    print(f"evaluate: {said}")
