"""inspect: training parts → what a window should show, measured in seconds by ridge; advice, nothing is changed."""

from pathlib import Path

from cellsize.data.folds import load
from cellsize.inspection.by_task import inspect
from cellsize.params import Params
from cellsize.progress import lines


def main(params: Params, clean: Path, schema: Path, folds: Path, inspection: Path) -> None:
    """Reads series and folds; writes what each option is worth, and prints what to change."""
    with lines("inspect") as note:
        found, said = inspect(
            clean, schema, params.window, load(folds), params.baseline.seasons, params.choose.metric, note
        )
    found.write(inspection)
    print(said)
