"""register: model, evaluation → a version in the MLflow registry, champion if the gate opens, else challenger."""

from pathlib import Path

from cellsize.lifecycle.by_task import writer
from cellsize.models import saved
from cellsize.params import Params
from cellsize.progress import lines
from cellsize.registry import by_task, provenance
from cellsize.registry.logged import Submission
from cellsize.registry.versions import register
from cellsize.search import driver, store, versions
from cellsize.sizing import any_evaluation
from cellsize.sizing.choice_records import Choice
from cellsize.training import records, refit


def main(params: Params, clean: Path, searched: Path, searched_folds: Path, windows: Path, folds: Path, choice: Path,
         evaluation: Path, twins: Path, model: Path, registration: Path) -> None:  # fmt: skip
    """Reads model, results and the raw table, which `prepare.table` names; writes what became of it."""
    network = saved.load(model).network
    how = (network, params.search, params.baseline.penalties, params.choose.metric)
    key = store.key(driver.located(records.load_work(searched, searched_folds, *how), params.search.compute))
    work = records.load_work(windows, folds, *how)
    known = by_task.known_rows(clean, model, params.split.searched_until)
    kept = writer(work, twins, model, params.baseline.seasons, params.prepare.csv)
    cut = refit.cut_of(work.samples, work.folds)
    source = provenance.Source(Path(), params.prepare.table, key, cut, known, kept)
    results = Choice.read(choice), any_evaluation.read(evaluation)
    shown = by_task.rows_shown(params.prepare, model)
    submission = Submission(model, twins, shown, *results, versions.versions(), source)
    with lines("register"):
        entry = register(params.mlflow, params.register_, submission, params.evaluate.champion)
    print(f"register: {by_task.written(entry, registration)}")
