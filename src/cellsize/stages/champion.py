"""Which version is champion now, after a registration: `cellsize retrain`. No stage of dvc.yaml."""

from pathlib import Path

from cellsize import files
from cellsize.params import Params
from cellsize.registry.champion import current_version
from cellsize.registry.store import connect, reached


def main(params: Params, champion: Path) -> None:
    """Reads the registry; writes the number of the version, or nothing if there is none."""
    client, _ = connect(params.mlflow)
    with reached(params.mlflow):
        files.write_text(champion, current_version(client, params.register_.name) or "")
