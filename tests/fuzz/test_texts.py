"""Tables of texts: the same one written in any way gives the same characters; a broken one is refused in words."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st

from tests.fuzz.damage import Cut, cuts
from tests.fuzz.dialects import Dialect, dialects, write
from tests.fuzz.guard import fuzzed, outcome
from tests.fuzz.tables import COLUMNS, NAMES, Toy
from tests.fuzz.test_sequences import read, same
from tests.fuzz.written import damaged_file

# Texts that have gone wrong somewhere, or look as if they could.
TEXTS = (
    *NAMES, "İstanbul", "ﬁ", "Ⅳ", "e\u0301\u0302", "a\r\nb", "x\ufeff", "\u200bx", "x\u2028y", "x\x85y", "\x1a", "a\tb",
    "👩\u200d👧", "\u202eabc", '"a",b', "'", "''", "#", "x\x0by", "\x1cx", "a  b", "None ", "1,5", "01/02/2026",
    "ß", "ẞ",
)  # fmt: skip


@st.composite
def text_tables(draw: st.DrawFn, least: int = 2, most: int = 8) -> Toy:
    """A few texts with their classes, names or none, people or none."""
    text, label, name, person, junk = (str(column) for column in draw(st.permutations(COLUMNS))[:5])
    any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
    texts = draw(st.lists(st.sampled_from(TEXTS) | any_text, min_size=least, max_size=most))
    some = partial(st.lists, st.sampled_from(NAMES), min_size=len(texts), max_size=len(texts))
    classes = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=3, unique=True))
    frame = pd.DataFrame({
        text: texts, label: [classes[row % len(classes)] for row in range(len(texts))],
        name: draw(some(unique=True)), person: draw(some()),
        junk: np.arange(len(texts)),
    })  # fmt: skip
    case = draw(st.sampled_from(["keep", "lower"]))
    how = {"column": text, "characters": draw(st.sampled_from([1, 26, 4096])), "case": case}
    prepare: dict[str, Any] = {"time": None, "targets": [label], "frequency": "step", "text": how}
    prepare["series"], prepare["group"] = draw(st.sampled_from([None, name])), draw(st.sampled_from([None, person]))
    return Toy(frame[draw(st.permutations(list(frame.columns)))], prepare)


@st.composite
def written_twice(draw: st.DrawFn) -> tuple[Toy, Dialect]:
    toy = draw(text_tables())
    return toy, draw(dialects(toy))


@pytest.mark.slow
@fuzzed()
@given(written_twice())
def test_texts_written_in_another_way_give_the_same_characters(case: tuple[Toy, Dialect]) -> None:
    toy, dialect = case
    with tempfile.TemporaryDirectory() as folder:
        reference, other = write(toy, Dialect(), Path(folder), "one"), write(toy, dialect, Path(folder), "other")
        if reference is None or other is None:
            reject()  # this dialect cannot hold this table
        if other[0].suffix != ".parquet":
            note(repr(other[0].read_bytes()[:3000]))
        one, two = (outcome(partial(read, "classify", prepare)) for _, prepare in (reference, other))
        same(one, two)


@pytest.mark.slow
@fuzzed()
@given(written_twice(), cuts())
def test_a_damaged_table_of_texts_is_read_or_refused_in_words(case: tuple[Toy, Dialect], damages: list[Cut]) -> None:
    toy, dialect = case
    with damaged_file(toy, dialect, damages) as (path, prepare):
        found = outcome(lambda: read("classify", prepare))
        if isinstance(found, str):
            assert str(path) in found or "prepare." in found, found
