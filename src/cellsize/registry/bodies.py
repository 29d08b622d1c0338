"""What is wrong with the body of a request, before MLflow reads it: some of it would be answered as if it were right.

MLflow's scoring server fills ragged rows up, reads NaN and 1e999, makes rows of an index that is longer than its data,
and ignores parameters that it does not know. Each would be a forecast of something else than the caller has meant.
"""

import csv
import io
import json
from collections.abc import Collection, Iterator
from math import isfinite
from typing import Any, NoReturn

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
TYPES = f"{JSON}, {CSV} or {PARQUET}"
SPLIT, RECORDS, PARAMS = "dataframe_split", "dataframe_records", "params"
ROWS = f'send {{"{SPLIT}": {{"columns": […], "data": [[…], …]}}}} or {{"{RECORDS}": [{{…}}, …]}}'
NO_ROWS = "no rows; send those that the model reads"
NULL = "send null where a value is missing"


class RefusedError(Exception):
    """A request that is refused.

    Attributes:
        status: Of HTTP.
        reason: One line, without a value of the caller's that is longer than a name.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def check(
    content_type: str | None, encoding: str | None, body: bytes, params: Collection[str], no_rows: str = NO_ROWS
) -> None:
    """Refuses what would be read as something else, and what holds no rows.

    Args:
        content_type: The header, or None.
        encoding: The header Content-Encoding, or None.
        body: The body.
        params: Names of the parameters that the model has.
        no_rows: What is said where there are no rows.

    Raises:
        RefusedError: Its status is 400 or 415.
    """
    if not body.strip():
        raise RefusedError(400, f"{no_rows}, as {TYPES}")
    if not content_type:
        raise RefusedError(415, f"no Content-Type; send {TYPES}")
    if encoding and encoding.strip().lower() != "identity":
        raise RefusedError(415, "a compressed body; send it as it is, without Content-Encoding")
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if kind not in (JSON, CSV, PARQUET) or any(part not in ("", "charset=utf-8") for part in parameters):
        raise RefusedError(415, f"a Content-Type that is not read; send {TYPES}, in UTF-8")
    if kind == JSON:
        _json(body, params, no_rows)
    elif kind == CSV:
        _csv(_decoded(body), no_rows)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(400, f"byte {error.start + 1} is not UTF-8; send UTF-8") from None


def _no_constant(name: str) -> NoReturn:
    raise RefusedError(400, f"{name} is not JSON; {NULL}")


def _json(body: bytes, params: Collection[str], no_rows: str) -> None:
    try:
        content = json.loads(_decoded(body), parse_constant=_no_constant)
    except RecursionError:
        raise RefusedError(400, f"JSON nested too deeply; {ROWS}") from None
    except json.JSONDecodeError as error:
        raise RefusedError(400, f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:  # a whole number of thousands of digits
        raise RefusedError(400, "a number has too many digits") from None
    if not isinstance(content, dict):
        raise RefusedError(400, f"not an object; {ROWS}")
    unknown = sorted({*content} - {SPLIT, RECORDS, PARAMS})
    if unknown:
        raise RefusedError(400, f"unknown key {_cut(unknown[0])}; {ROWS}, and {PARAMS!r} if you want")
    if (SPLIT in content) == (RECORDS in content):
        raise RefusedError(400, f"{'both of' if SPLIT in content else 'neither'} {SPLIT} and {RECORDS}; {ROWS}")
    _params(content.get(PARAMS), params)
    columns = _split(content[SPLIT], no_rows) if SPLIT in content else _records(content[RECORDS], no_rows)
    for name, values in columns:
        _values(name, values)


def _params(given: object, known: Collection[str]) -> None:
    if given is None:
        return
    if not isinstance(given, dict):
        raise RefusedError(400, f'{PARAMS}: not an object; send such as {{"levels": [0.8, 0.9]}}')
    for name in given:
        if name not in known:
            raise RefusedError(400, f"{PARAMS}: unknown {_cut(name)}; known: {', '.join(known) or 'none'}")
    levels = given.get("levels", [])
    if not isinstance(levels, list) or not all(
        isinstance(level, int | float) and not isinstance(level, bool) and isfinite(level) for level in levels
    ):
        raise RefusedError(400, f"{PARAMS}: levels is not a list of numbers; send such as [0.8, 0.9]")


def _split(table: object, no_rows: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The columns of a `dataframe_split`, checked for their lengths."""
    if not isinstance(table, dict) or not {"columns", "data"} <= {*table} <= {"columns", "data", "index"}:
        raise RefusedError(400, f"{SPLIT}: not an object with columns and data (and index, if you want); {ROWS}")
    columns, data, index = table["columns"], table["data"], table.get("index")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise RefusedError(400, f"{SPLIT}: columns is not a list of names")
    if not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        raise RefusedError(400, f"{SPLIT}: data is not a list of rows, each a list")
    for number, row in enumerate(data):
        if len(row) != len(columns):
            raise RefusedError(400, f"{SPLIT}: row {number} has {len(row)} values for {len(columns)} columns; {NULL}")
    if index is not None and (not isinstance(index, list) or len(index) != len(data)):
        raise RefusedError(400, f"{SPLIT}: index has not a value for each of the {len(data)} rows; leave it out")
    if not data:
        raise RefusedError(400, no_rows)
    return zip(columns, zip(*data, strict=True), strict=True)


def _records(rows: object, no_rows: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The columns of `dataframe_records`, each row of which must have all of them."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RefusedError(400, f"{RECORDS}: not a list of rows, each an object")
    if not rows:
        raise RefusedError(400, no_rows)
    names = dict.fromkeys(name for row in rows for name in row)
    for number, row in enumerate(rows):
        if len(row) != len(names):
            lacking = next(name for name in names if name not in row)
            raise RefusedError(400, f"{RECORDS}: row {number} has no {_cut(lacking)}, which another row has; {NULL}")
    return ((name, tuple(row[name] for row in rows)) for name in names)


def _values(name: str, values: tuple[Any, ...]) -> None:
    """Refuses values that become others: an infinity, true beside numbers, text that ends at a U+0000."""
    kinds = {*map(type, values)}
    if float in kinds:
        for number, value in enumerate(values):
            if type(value) is float and not isfinite(value):
                raise RefusedError(400, f"row {number}, column {_cut(name)}: larger than a number can be; {NULL}")
    if bool in kinds and kinds & {int, float}:
        number = next(number for number, value in enumerate(values) if type(value) is bool)
        raise RefusedError(400, f"row {number}, column {_cut(name)}: true or false among numbers; send a number")
    if str in kinds and any(type(value) is str and "\0" in value for value in (name, *values)):
        raise RefusedError(400, f"column {_cut(name)}: text with U+0000; leave that character out")


def _csv(text: str, no_rows: str) -> None:
    """Refuses lines that have not as many fields as the header: they would be filled up, or cut."""
    if "\0" in text:
        raise RefusedError(400, "text with U+0000; leave that character out")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if not header:
            raise RefusedError(400, "no header line; send one with the names of the columns")
        count = 0
        for fields in reader:
            count += bool(fields)
            if fields and len(fields) != len(header):
                raise RefusedError(
                    400, f"line {reader.line_num} has {len(fields)} fields, and the header {len(header)}"
                )
    except csv.Error:
        raise RefusedError(
            400, f'line {reader.line_num} cannot be read as CSV; quote fields with commas by "…"'
        ) from None
    if not count:
        raise RefusedError(400, no_rows)


def _cut(name: str) -> str:
    """A name of the caller's, cut if it is long."""
    return repr(name if len(name) <= 60 else f"{name[:60]}…")
