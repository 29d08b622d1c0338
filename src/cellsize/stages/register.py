"""register: model, evaluation → a version in the MLflow registry, champion if the gate opens, else challenger."""

from pathlib import Path

from cellsize.data import series, table, times
from cellsize.models.forecaster import Forecaster
from cellsize.params import Params
from cellsize.registry.example import recent_rows
from cellsize.registry.provenance import Source
from cellsize.registry.versions import Submission, register
from cellsize.search.driver import located
from cellsize.search.store import key
from cellsize.search.versions import versions
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.training.records import load_work
from cellsize.training.refit import cut_of


def main(params: Params, windows: Path, folds: Path, choice: Path, evaluation: Path, twins: Path, model: Path,
         registration: Path) -> None:  # fmt: skip
    """Reads model, results and the raw table, which `prepare.table` names; writes what became of it."""
    raw, network = Path(params.prepare.table), Forecaster.load(model).network
    rows = table.read(raw, series.texts(params.prepare), params.prepare.csv, times.columns_of(params.prepare))
    work = load_work(windows, folds, network, params.search, params.baseline.penalties, params.choose.metric)
    search = key(located(work, params.search.compute))
    source = Source(Path(), params.prepare.table, search, cut_of(work.windows, work.folds))
    example = recent_rows(rows, raw, model)
    submission = Submission(model, twins, example, Choice.read(choice), Evaluation.read(evaluation), versions(), source)
    registered = register(params.mlflow, params.register_, submission, params.evaluate.champion)
    registered.write(registration)
    print(f"register: {registered.name} version {registered.version}, {registered.alias or 'no alias'}: "
          f"{registered.reason}")  # fmt: skip
