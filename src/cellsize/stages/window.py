"""window: clean series → base arrays and the index of usable windows, of all rows and of those that are searched on."""

from pathlib import Path

from cellsize.params import Params
from cellsize.tasks import windowing


def main(params: Params, clean: Path, schema: Path, windows: Path, searched: Path) -> None:
    """Reads series and schema; writes arrays and index, and the same of the rows that are searched on."""
    levels = params.choose.quantiles or ()
    for line in windowing.window(clean, schema, params.window, params.split, windows, searched, levels):
        print(f"window: {line}")
