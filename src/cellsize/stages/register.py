"""register: model, evaluation → a version in the MLflow registry, champion if the gate opens, else challenger."""

from pathlib import Path

import pandas as pd

from cellsize.data import history, series, table, times
from cellsize.models.forecaster import Forecaster
from cellsize.params import Params
from cellsize.registry.example import recent_rows
from cellsize.registry.provenance import Source
from cellsize.registry.versions import Submission, register
from cellsize.search import driver, store, versions
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.training.records import load_work
from cellsize.training.refit import cut_of


def main(params: Params, clean: Path, searched: Path, searched_folds: Path, windows: Path, folds: Path, choice: Path,
         evaluation: Path, twins: Path, model: Path, registration: Path) -> None:  # fmt: skip
    """Reads model, results and the raw table, which `prepare.table` names; writes what became of it."""
    raw, served = Path(params.prepare.table), Forecaster.load(model)
    rows = table.read(raw, series.texts(params.prepare), params.prepare.csv, times.columns_of(params.prepare))
    how = (served.network, params.search, params.baseline.penalties, params.choose.metric)
    search = store.key(driver.located(load_work(searched, searched_folds, *how), params.search.compute))
    known = history.history_of(pd.read_parquet(clean), served.schema, params.split.searched_until)
    work = load_work(windows, folds, *how)
    source = Source(Path(), params.prepare.table, search, cut_of(work.windows, work.folds), known)
    submission = Submission(model, twins, recent_rows(rows, raw, model), Choice.read(choice),
                            Evaluation.read(evaluation), versions.versions(), source)  # fmt: skip
    record = register(params.mlflow, params.register_, submission, params.evaluate.champion)
    record.write(registration)
    print(f"register: {record.name} version {record.version}, {record.alias or 'no alias'}: {record.reason}")
