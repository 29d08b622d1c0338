"""register: model, evaluation → a version in the MLflow registry, and the alias if the gate opens."""

from pathlib import Path

from cellsize import files, stage
from cellsize.data import series, table
from cellsize.params import Params
from cellsize.registry import versions


def main(params: Params, raw: Path, choice: Path, evaluated: Path, model: Path, registered: Path) -> None:
    """Reads model and results; writes what became of it."""
    example = versions.recent_rows(table.read(raw, series.texts(params.prepare)), raw, model)
    made = versions.register(
        params.mlflow, params.register_, model, example, files.read_json(choice), files.read_json(evaluated),
        params.evaluate.champion,
    )  # fmt: skip
    files.write_json(registered, versions.content(made))
    print(f"register: {made.name} version {made.version}, {made.alias or 'no alias'}: {made.reason}")


if __name__ == "__main__":
    stage.run(main)
