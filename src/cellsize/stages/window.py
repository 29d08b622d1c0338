"""window: clean series → base arrays and the index of usable windows, of all rows and of those that are searched on."""

from pathlib import Path

from cellsize.params import Params
from cellsize.progress import lines
from cellsize.tasks import windowing


def main(params: Params, clean: Path, schema: Path, windows: Path, searched: Path) -> None:
    """Reads series and schema; writes arrays and index, and the same of the rows that are searched on."""
    levels = params.choose.quantiles or ()
    with lines("window"):
        found = windowing.window(clean, schema, params.window, params.split, windows, searched, levels)
    for line in found:
        print(f"window: {line}")
