"""register: model, evaluation → a version in the MLflow registry, champion if the gate opens, else challenger."""

from pathlib import Path

import pandas as pd

from cellsize.data import history, series, table, times
from cellsize.lifecycle.reference import writer
from cellsize.models.forecaster import Forecaster
from cellsize.params import Params
from cellsize.registry import by_task, example, provenance
from cellsize.registry.versions import Submission, register
from cellsize.search import driver, store, versions
from cellsize.sizing import choice_records, evaluation_records
from cellsize.training import records, refit


def main(params: Params, clean: Path, searched: Path, searched_folds: Path, windows: Path, folds: Path, choice: Path,
         evaluation: Path, twins: Path, model: Path, registration: Path) -> None:  # fmt: skip
    """Reads model, results and the raw table, which `prepare.table` names; writes what became of it."""
    if by_task.is_left_out(params.register_.name, model, registration):
        return
    raw, served = Path(params.prepare.table), Forecaster.load(model)
    rows = table.read(raw, series.texts(params.prepare), params.prepare.csv, times.columns_of(params.prepare))
    how = (served.network, params.search, params.baseline.penalties, params.choose.metric)
    key = store.key(driver.located(records.load_work(searched, searched_folds, *how), params.search.compute))
    known = history.history_of(pd.read_parquet(clean), served.schema, params.split.searched_until)
    work, recent = records.load_work(windows, folds, *how), example.recent_rows(rows, raw, model)
    kept = writer(work, twins, model, params.baseline.seasons[0], params.prepare.csv)
    source = provenance.Source(Path(), params.prepare.table, key, refit.cut_of(work.windows, work.folds), known, kept)
    results = choice_records.Choice.read(choice), evaluation_records.Evaluation.read(evaluation)
    submission = Submission(model, twins, recent, *results, versions.versions(), source)
    entry = register(params.mlflow, params.register_, submission, params.evaluate.champion)
    print(f"register: {by_task.written(entry, registration)}")
