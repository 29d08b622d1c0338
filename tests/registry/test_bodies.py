"""Bodies that MLflow would read as something else than their sender has meant."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellsize.registry.bodies import CSV, JSON, PARQUET, RefusedError, check

ROW = {"time": "2026-01-01", "y": 1.5}
SPLIT: dict[str, Any] = {"columns": ["time", "y"], "data": [["2026-01-01", 1.5], ["2026-01-02", None]]}


def split(**changes: Any) -> dict[str, Any]:
    return {"dataframe_split": SPLIT | changes}


ACCEPTED: list[Any] = [
    split(),
    split(index=[5, 6]),
    split() | {"params": {"levels": [0.8, 0.9]}},
    split() | {"params": {}},
    split() | {"params": None},
    split(data=[["2026-01-01", True], ["2026-01-02", False]]),  # a column of true and false
    {"dataframe_records": [ROW, ROW | {"y": None}]},
]


@pytest.mark.parametrize("content", ACCEPTED)
def test_rows_are_let_through(content: Any) -> None:
    check(JSON, None, json.dumps(content).encode(), ["levels"])
    check("Application/JSON; charset=UTF-8", "identity", json.dumps(content).encode(), ["levels"])


REFUSED: list[tuple[Any, str]] = [
    # Ragged rows, which would be filled up with null.
    (split(data=[["2026-01-01", 1.5], ["2026-01-02"]]), "row 1 has 1 values for 2 columns; send null"),
    (split(data=[["2026-01-01", 1.5, 2.0]]), "row 0 has 3 values for 2 columns"),
    ({"dataframe_records": [ROW, {"time": "2026-01-02"}]}, "row 1 has no 'y', which another row has; send null"),
    # Numbers that are none.
    ('{"dataframe_split": {"columns": ["y"], "data": [[NaN]]}}', "NaN is not JSON; send null where a value is missing"),
    ('{"dataframe_split": {"columns": ["y"], "data": [[-Infinity]]}}', "-Infinity is not JSON"),
    ('{"dataframe_split": {"columns": ["y"], "data": [[1.0], [1e999]]}}', "row 1, column 'y': larger than a number"),
    ('{"dataframe_split": {"columns": ["y"], "data": [[%s]]}}' % ("9" * 5000), "a number has too many digits"),
    (split(data=[["a", 1.5], ["b", True]]), "row 1, column 'y': true or false among numbers; send a number"),
    ({"dataframe_records": [ROW, ROW | {"y": True}]}, "row 1, column 'y': true or false among numbers"),
    # No rows, or more of them than there are.
    (split(data=[]), "no rows; send those that the model reads"),
    ({"dataframe_records": []}, "no rows; send those that the model reads"),
    (split(index=[0, 1, 2]), "index has not a value for each of the 2 rows; leave it out"),
    (split(index=3), "index has not a value for each"),
    (split(data=[["a\0b", 1.0]]), "column 'time': text with U+0000"),
    # Params.
    (split() | {"params": {"level": [0.9]}}, "params: unknown 'level'; known: levels"),
    (split() | {"params": [0.9]}, "params: not an object"),
    (split() | {"params": {"levels": 0.9}}, "params: levels is not a list of numbers"),
    (split() | {"params": {"levels": [True]}}, "params: levels is not a list of numbers"),
    (split() | {"params": {"levels": ["0.9"]}}, "params: levels is not a list of numbers"),
    (json.dumps(split())[:-1] + ', "params": {"levels": [1e999]}}', "params: levels is not a list of numbers"),
    # Shapes.
    ("", "no rows; send those that the model reads, as application/json, text/csv or application/vnd.apache.parquet"),
    (" \n", "no rows; send those that the model reads, as application/json"),
    ("{", "not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
    ("[" * 100_000, "JSON nested too deeply; send"),
    ('{"dataframe_split":' + "[" * 5000 + "]" * 5000 + "}", "JSON nested too deeply; send"),
    ([], "not an object; send"),
    ({}, "neither dataframe_split and dataframe_records; send"),
    (split() | {"dataframe_records": [ROW]}, "both of dataframe_split and dataframe_records"),
    ({"inputs": [[1.0]]}, "unknown key 'inputs'; send"),
    ({"instances": [ROW]}, "unknown key 'instances'"),
    ({"messages": []}, "unknown key 'messages'"),
    (split() | {"param": {}}, "unknown key 'param'"),
    ({"dataframe_split": []}, "not an object with columns and data"),
    ({"dataframe_split": {"data": [[1]]}}, "not an object with columns and data"),
    (split(columns=[1, 2]), "columns is not a list of names"),
    (split(data={"y": [1]}), "data is not a list of rows"),
    (split(data=[1, 2]), "data is not a list of rows"),
    ({"dataframe_records": {"y": [1]}}, "not a list of rows, each an object"),
    (split() | {"x" * 1000: 1}, "…'"),
]


@pytest.mark.parametrize(("content", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_would_be_read_as_something_else_is_refused_in_words(content: Any, words: str) -> None:
    body = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(RefusedError) as refused:
        check(JSON, None, body.encode(), ["levels"])
    assert refused.value.status == 400
    assert words in refused.value.reason
    assert "\n" not in refused.value.reason
    assert len(refused.value.reason) < 300


def test_bytes_that_are_no_text_are_refused() -> None:
    for kind in (JSON, CSV):
        with pytest.raises(RefusedError, match="byte 3 is not UTF-8"):
            check(kind, None, b"ab\xff", [])


@pytest.mark.parametrize(
    ("kind", "encoding", "words"),
    [
        (None, None, "no Content-Type; send application/json, text/csv or"),
        ("", None, "no Content-Type"),
        ("text/plain", None, "a Content-Type that is not read"),
        ("application/json; charset=latin-1", None, "a Content-Type that is not read"),
        ("application/json", "gzip", "a compressed body; send it as it is"),
    ],
)
def test_what_is_of_no_known_type_is_refused_as_such(kind: str | None, encoding: str | None, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as refused:
        check(kind, encoding, b"{}", [])
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no rows; send those that the model reads, as application/json, text/csv or"),
        ("\n,\n", "no header line"),
        ("time,y\n", "no rows"),
        ("time,y\n2026-01-01,1\n2026-01-02\n", "line 3 has 1 fields, and the header 2"),
        ("time,y\n2026-01-01,1,5\n", "line 2 has 3 fields, and the header 2"),
        ("time,y\n2026\0-01-01,1\n", r"text with U\+0000"),
        ('time,y\n"2026,1\n', "line 2 cannot be read as CSV"),
    ],
)
def test_lines_of_other_lengths_than_the_header_are_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        check(CSV, None, text.encode(), [])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b""), (CSV, b""), (PARQUET, b""), (None, b""), (JSON, b'{"dataframe_records": []}'), (CSV, b"time,y\n"),
        (JSON, b'{"dataframe_split": {"columns": ["y"], "data": []}}'),
    ],
)  # fmt: skip
def test_without_rows_it_is_said_which_ones_the_model_wants(kind: str | None, body: bytes) -> None:
    with pytest.raises(
        RefusedError, match=r"^no rows; send the last 12 steps($|, as application/json, text)"
    ) as refused:
        check(kind, None, body, [], "no rows; send the last 12 steps")
    assert refused.value.status == 400


def test_csv_and_parquet_are_let_through() -> None:
    check(CSV, None, b'time,y\r\n"a, b",1\r\n\r\nc,\r\n', [])
    check(PARQUET, None, b"PAR1", [])


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["columns", "data", "index", "levels", "y"]) | st.text(), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["dataframe_split", "dataframe_records", "params"]), JSONS), st.binary())
def test_whatever_is_sent_is_let_through_or_refused(content: dict[str, Any], noise: bytes) -> None:
    statuses = list[int]()
    for kind, body in ((JSON, json.dumps(content).encode()), (JSON, noise), (CSV, noise)):
        try:
            check(kind, None, body, ["levels"])
        except RefusedError as refused:
            statuses.append(refused.status)
    assert {*statuses} <= {400}
