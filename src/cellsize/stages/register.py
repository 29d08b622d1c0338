"""register: model, evaluation → a version in the MLflow registry, champion if the gate opens, else challenger."""

from pathlib import Path

from cellsize.data import series, table, times
from cellsize.models.forecaster import Forecaster
from cellsize.params import Params
from cellsize.registry.by_task import not_yet
from cellsize.registry.example import recent_rows
from cellsize.registry.provenance import Source
from cellsize.registry.versions import register
from cellsize.search import driver, store, versions
from cellsize.sizing import choice_records, evaluation_records
from cellsize.training import records, refit


def main(params: Params, windows: Path, folds: Path, choice: Path, evaluation: Path, twins: Path, model: Path,
         registration: Path) -> None:  # fmt: skip
    """Reads model, results and the raw table, which `prepare.table` names; writes what became of it."""
    if (left_out := not_yet(params.register_.name, model)) is not None:
        left_out.write(registration)
        print(f"register: {left_out.reason}")
        return
    raw, network = Path(params.prepare.table), Forecaster.load(model).network
    rows = table.read(raw, series.texts(params.prepare), params.prepare.csv, times.columns_of(params.prepare))
    work = records.load_work(windows, folds, network, params.search, params.baseline.penalties, params.choose.metric)
    source = Source(Path(), params.prepare.table, store.key(driver.located(work, params.search.compute)),
                    refit.cut_of(work.windows, work.folds))  # fmt: skip
    registered = register(params.mlflow, params.register_, model, twins, recent_rows(rows, raw, model),
                          choice_records.Choice.read(choice), evaluation_records.Evaluation.read(evaluation),
                          params.evaluate.champion, versions.versions(), source)  # fmt: skip
    registered.write(registration)
    alias = registered.alias or "no alias"
    print(f"register: {registered.name} version {registered.version}, {alias}: {registered.reason}")
