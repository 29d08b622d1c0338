"""What goes wrong in a file or in a cell."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

Cut = tuple[str, Any, Any]


@st.composite
def cuts(draw: st.DrawFn) -> list[Cut]:
    """What is done to the bytes of a file."""
    place = st.floats(0, 1)
    one = st.one_of(
        st.tuples(st.just("truncate"), place, st.none()),
        st.tuples(st.just("flip"), place, st.integers(0, 255)),
        st.tuples(st.just("insert"), place, st.binary(min_size=1, max_size=4)),
        st.tuples(st.just("insert"), place, st.sampled_from(
            [b"\0", b'"', b"\n", b",", b";", b"\r", b"\xff\xfe", b"\xef\xbb\xbf", b"1e400", b"-", b"\x1a", b"#", b"''",
             b"now", b"24:00", b"99999999999999999999", b"inf", b"1_0", b"0x1", b"\xe2\x80\x8f", b"\xc2\xa0"])),
        st.tuples(st.just("drop"), place, st.integers(1, 50)),
        st.tuples(st.just("repeat"), place, st.integers(1, 200)),
    )  # fmt: skip
    return draw(st.lists(one, min_size=1, max_size=4))


def damaged(data: bytes, damages: list[Cut]) -> bytes:
    for kind, place, what in damages:
        at = int(place * len(data))
        match kind:
            case "truncate":
                data = data[:at]
            case "flip":
                data = data[:at] + bytes([what]) + data[at + 1 :]
            case "insert":
                data = data[:at] + what + data[at:]
            case "drop":
                data = data[:at] + data[at + what :]
            case _:
                data = data[: at + what] + data[at:]
    return data


HALF = "half a character"  # stands for one, which hypothesis cannot print
CELLS: tuple[Any, ...] = (
    None, np.nan, 0, 1, -1, 1.5, 1e300, -1e300, 5e-324, np.inf, 2**53 + 1, 2**63, -(2**63), True, "", " ", "1", "1,5",
    "1.5", "1e5", "now", "today", "NaT", "2026-01-01", "2026-13-01", "01/02/2026", "2026-01-01T00:00+01:00",
    "2026-01-01 24:00", "0000-00-00", "9999-12-31 23:59:59.999999", "12:00", "Jan-10", "1.1.70", "NA", "x" * 200,
    b"1", pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-01", tz="UTC"), pd.Timedelta("1h"), 1 + 2j, [1], {"a": 1},
    pd.Timestamp("1677-09-22"), "٣", "1_000", "1 000", "\u00a01", "−1", "½", HALF, "44197.5", 44197.5, 20260101,
    1767225600, 1767225600000, "1767225600", "24", 24, pd.Timestamp("0001-01-01"), pd.Timestamp("9999-12-31"),
)  # fmt: skip


def whole(value: Any) -> Any:
    """A cell; half of a character, which JSON can escape and no file can hold, in place of what stands for it."""
    return "\ud800" if isinstance(value, str) and value == HALF else value


def column_of(values: list[Any]) -> pd.Series:
    """A column of cells; one with half of a character cannot be of texts alone."""
    cells = [whole(value) for value in values]
    return pd.Series(cells, dtype=object) if "\ud800" in map(str, cells) else pd.Series(cells)
