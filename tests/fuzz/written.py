"""Files of what a fuzzer has drawn: a damaged one, and one of any cells."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from hypothesis import note, reject

from cellsize.params_data import Prepare
from tests.fuzz.damage import Cut, damaged
from tests.fuzz.dialects import Dialect, write
from tests.fuzz.tables import Toy


@contextmanager
def damaged_file(toy: Toy, dialect: Dialect, damages: list[Cut]) -> Iterator[tuple[Path, Prepare]]:
    """A table that was written and then damaged, and how it is declared; one that cannot be written is drawn anew."""
    with tempfile.TemporaryDirectory() as folder:
        made = write(toy, dialect, Path(folder), "one")
        if made is None:
            reject()
        path, prepare = made
        path.write_bytes(damaged(path.read_bytes(), damages))
        note(repr(path.read_bytes()[:3000]))
        yield path, prepare


def to_file(frame: pd.DataFrame, path: Path) -> None:
    """Writes any cells; where no such file can be another table is drawn: one never read counts for nothing."""
    try:
        if path.suffix == ".csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path)
    except (ValueError, TypeError, OverflowError, NotImplementedError):
        reject()
