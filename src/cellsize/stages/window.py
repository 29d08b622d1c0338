"""window: clean series → base arrays and the index of usable windows."""

from pathlib import Path

from cellsize.params import Params
from cellsize.tasks import windowing


def main(params: Params, clean: Path, schema: Path, windows: Path) -> None:
    """Reads series and schema; writes arrays and index."""
    for line in windowing.window(clean, schema, params.window, params.split, windows):
        print(f"window: {line}")
