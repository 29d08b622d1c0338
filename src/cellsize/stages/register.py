"""register: model, evaluation → a version in the MLflow registry, and the alias if the gate opens."""

from pathlib import Path

from cellsize.data import series, table, times
from cellsize.params import Params
from cellsize.registry.example import recent_rows
from cellsize.registry.versions import register
from cellsize.search.versions import versions
from cellsize.sizing.artefacts import Choice, Evaluation


def main(params: Params, choice: Path, evaluation: Path, model: Path, registration: Path) -> None:
    """Reads model, results and the raw table, which `prepare.table` names; writes what became of it."""
    raw = Path(params.prepare.table)
    example = recent_rows(
        table.read(raw, series.texts(params.prepare), params.prepare.csv, times.columns_of(params.prepare)), raw, model
    )
    registered = register(
        params.mlflow, params.register_, model, example, Choice.read(choice), Evaluation.read(evaluation),
        params.evaluate.champion, versions(),
    )  # fmt: skip
    registered.write(registration)
    print(f"register: {registered.name} version {registered.version}, {registered.alias or 'no alias'}: "
          f"{registered.reason}")  # fmt: skip
