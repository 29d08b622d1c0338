"""prepare: raw table → clean series on a regular clock, and what its columns mean."""

from pathlib import Path

from cellsize.params import Params
from cellsize.progress import lines
from cellsize.tasks import preparing


def main(params: Params, clean: Path, schema: Path) -> None:
    """Reads the raw table, which `prepare.table` names; writes series and schema."""
    with lines("prepare"):
        found = preparing.prepare(params.task, params.prepare, params.split.holdout_part, clean, schema)
    for line in found:
        print(f"prepare: {line}")
