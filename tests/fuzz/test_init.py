"""`cellsize init`: of any table it makes parameters that the pipeline accepts, or says in words what is wrong."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st

from cellsize import params_file
from cellsize.project import folder as folders
from cellsize.project import template
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from cellsize.stages import plan, prepare, propose, split, window
from tests.fuzz.damage import Cut, cuts, damaged
from tests.fuzz.dialects import Dialect, dialects, write
from tests.fuzz.guard import fuzzed, outcome
from tests.fuzz.tables import Toy, toys
from tests.fuzz.test_tables import odd_tables
from tests.fuzz.written import to_file


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """A folder of its own, as the current one."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(here)


def made(asked: Asked) -> str | None:
    """What `cellsize init` writes, given to the pipeline up to where something is trained; or why it wrote nothing."""
    found = outcome(lambda: examine(asked))
    if isinstance(found, str):
        assert "prepare." not in found, found  # there is no params.yaml yet: a message names options
        return found
    text = template.params(found.changes | {"prepare.table": folders.table_from(Path(), asked.table)})
    Path("params.yaml").write_text(text, encoding="utf-8")
    refused = outcome(_planned)
    assert refused is None, f"the pipeline refuses what init wrote: {refused}"
    return None


def _planned() -> None:
    params = params_file.load(Path("params.yaml"))
    clean, schema, arrays, folds, grid = (Path(name) for name in ("a.parquet", "b", "c.npz", "d.parquet", "e"))
    searched, searched_folds = Path("f.npz"), Path("g.parquet")
    prepare.main(params, clean, schema)
    window.main(params, clean, schema, arrays, searched)
    split.main(params, searched, arrays, searched_folds, folds)
    propose.main(params, searched, searched_folds, grid)
    plan.main(params, searched, searched_folds, grid)


@st.composite
def asked_of(draw: st.DrawFn) -> tuple[Toy, Dialect, bool, int | None]:
    toy = draw(toys(least=40, most=120))
    return toy, draw(dialects(toy)), draw(st.booleans()), draw(st.sampled_from([None, None, 1, 3, 24, 10**6]))


@pytest.mark.slow
@fuzzed(100)
@given(asked_of())
def test_parameters_made_of_a_table_are_accepted(case: tuple[Toy, Dialect, bool, int | None]) -> None:
    toy, dialect, is_told, horizon = case
    with place() as folder:
        written = write(toy, dialect, folder, "toy")
        if written is None:
            reject()  # this dialect cannot hold this table
        path, prepare = written
        note(f"{prepare}\n{path.read_bytes()[:2000]!r}")
        told: dict[str, Any] = {"targets": prepare.targets}
        if is_told:
            told |= {"series": prepare.series, "time_format": prepare.time_format, "frequency": prepare.frequency,
                     "time": (prepare.time,) if isinstance(prepare.time, str) else prepare.time,
                     "timezone": prepare.timezone}  # fmt: skip
        made(Asked(Path(path.name), horizon=horizon, **told))


@st.composite
def damaged_files(draw: st.DrawFn) -> tuple[Toy, Dialect, list[Cut]]:
    """A table, how it is written, and what is done to the bytes: half of them are compressed."""
    toy = draw(toys(least=40, most=60))
    dialect = draw(dialects(toy))
    if dialect.suffix != ".parquet" and draw(st.booleans()):
        dialect = replace(dialect, suffix=".csv.gz")
    return toy, dialect, draw(cuts())


@pytest.mark.slow
@fuzzed(200)
@given(damaged_files())
def test_a_damaged_file_is_examined_or_refused_in_words(case: tuple[Toy, Dialect, list[Cut]]) -> None:
    # A gzip file of a flipped byte was a traceback; one of UTF-16 that was cut off was taken for Ctrl-D.
    toy, dialect, damages = case
    with place() as folder:
        written = write(toy, dialect, folder, "toy")
        if written is None:
            reject()
        path, prepare = written
        path.write_bytes(damaged(path.read_bytes(), damages))
        note(repr(path.read_bytes()[:2000]))
        outcome(lambda: examine(Asked(Path(path.name), targets=prepare.targets)))


@pytest.mark.slow
@fuzzed(100)
@given(odd_tables(), st.booleans())
def test_any_table_is_examined_or_refused_in_words(case: tuple[pd.DataFrame, dict[str, Any]], as_text: bool) -> None:
    frame, changes = case
    frame = pd.concat([frame] * 6)
    with place():
        path = Path("toy.csv" if as_text else "toy.parquet")
        to_file(frame, path)
        made(Asked(path, targets=tuple(changes["targets"])))
