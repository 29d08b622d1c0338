"""`cellsize init` of sequences and texts: parameters that the pipeline accepts, or words that say what is wrong."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st

from cellsize.project.asked import Asked
from tests.fuzz.dialects import Dialect, dialects, write
from tests.fuzz.guard import fuzzed
from tests.fuzz.sequences import Labelled, Npz, Ts, labelled, long_tables, npz_ways, ts_ways
from tests.fuzz.tables import Toy
from tests.fuzz.test_init import made, place
from tests.fuzz.test_sequences import task_of, written
from tests.fuzz.test_texts import text_tables

TOLD = st.sampled_from([True, True, False])  # whether the columns are named


@pytest.mark.slow
@fuzzed(100)
@given(labelled(least=8, most=30), ts_ways() | npz_ways(), TOLD)
def test_parameters_made_of_a_file_of_sequences_are_accepted(sequences: Labelled, way: Ts | Npz, is_told: bool) -> None:
    with place() as folder:
        path = written(sequences, way, folder)[1]
        task: Any = sequences.task if is_told or sequences.task == "regress" else None
        person = "person" if sequences.groups is not None and isinstance(way, Npz) else None
        told: dict[str, Any] = {"targets": ("label",), "series": "sequence", "time": ("step",), "group": person}
        made(Asked(Path(path.name), task=task, **told if is_told else {}))


@st.composite
def asked_of(draw: st.DrawFn) -> tuple[Toy, Dialect, bool]:
    toy = draw(long_tables(least=8, most=30) | text_tables(least=8, most=30))
    return toy, draw(dialects(toy)), draw(TOLD)


@pytest.mark.slow
@fuzzed(100)
@given(asked_of())
def test_parameters_made_of_a_table_of_sequences_or_texts_are_accepted(case: tuple[Toy, Dialect, bool]) -> None:
    toy, dialect, is_told = case
    with place() as folder:
        file = write(toy, dialect, folder, "toy")
        if file is None:
            reject()  # this dialect cannot hold this table
        path, prepare = file
        note(f"{prepare}\n{path.read_bytes()[:2000]!r}")
        told: dict[str, Any] = {"targets": prepare.targets, "task": task_of(toy)}
        if is_told:
            told |= {
                "series": prepare.series,
                "time": (prepare.time,) if prepare.time else (),
                "group": prepare.group,
                "past": None if prepare.text else (*prepare.past_covariates, *prepare.categorical_covariates),
            }
        if prepare.text is not None:
            told["text"] = prepare.text.column
        made(Asked(Path(path.name), **told))
