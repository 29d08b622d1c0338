"""What a model of sequences has learned from, in a few digits: whether a longer table still has the same ones.

A sequence that a model has not learned from is one whose name is new, and whose group is. A group is known with its
first sequence: what else a person says is no news of people.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cellsize.data.searched_sequences import last_searched
from cellsize.data.sequence_schema import GROUP, HELD_OUT, LABEL, SEQUENCE, SequenceSchema


@dataclass(frozen=True)
class SequenceHistory:
    """The sequences of a table.

    Attributes:
        searched_until: How many of them, the first ones, the size was searched on.
        sequences: Name → digest of its steps, label, group and part, in the order of the table.
        groups: Names of their groups; none where each sequence is alone.
        columns: Column → digest of its values, of all sequences.
    """

    searched_until: str
    sequences: dict[str, str]
    groups: tuple[str, ...]
    columns: dict[str, str]

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> "SequenceHistory":
        """What `text` wrote."""
        content: dict[str, Any] = json.loads(text)
        return cls(**content | {"groups": tuple(content["groups"])})

    def is_new(self, names: tuple[str, ...], groups: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which sequences are new and of a new group, shape (n,).

        Args:
            names: Of the sequences.
            groups: Of their groups; the same as `names` where each is alone.
        """
        known = set(self.groups)
        return np.array(
            [name not in self.sequences and group not in known for name, group in zip(names, groups, strict=True)],
            np.bool_,
        )


def is_history(text: str) -> bool:
    """Whether a text is of sequences, and not of series in time."""
    return "sequences" in json.loads(text)


def history_of(frame: pd.DataFrame, schema: SequenceSchema, searched_until: str | None) -> SequenceHistory:
    """The history of clean sequences.

    Args:
        frame: Clean sequences, as `sequence_table.clean` returns them.
        schema: Meaning of the columns.
        searched_until: `split.searched_until`; None: all of them.
    """
    return SequenceHistory(
        searched_until=last_searched(frame, searched_until),
        sequences=_digests(frame, schema),
        groups=() if schema.group is None else tuple(dict.fromkeys(frame[GROUP].astype(str))),
        columns=_columns(frame, schema),
    )


def differs(before: SequenceHistory, frame: pd.DataFrame, schema: SequenceSchema) -> str | None:
    """In which way sequences of before are not what they were; None if they are. New ones are no difference.

    Args:
        before: What a model has learned from.
        frame: Clean sequences, as `sequence_table.clean` returns them.
        schema: Meaning of the columns.
    """
    # A column that only one of both has, such as the flag of what is missing in a new one, is no change of a value.
    now = _digests(frame, schema, set(before.columns))
    gone = [name for name in before.sequences if name not in now]
    if gone:
        return f"sequence {gone[0]!r}: gone" + (f", and {len(gone) - 1:,} more" if len(gone) > 1 else "")
    other = [name for name, digest in before.sequences.items() if now[name] != digest]
    if not other:
        return None
    old = frame[frame[SEQUENCE].isin(list(before.sequences))]
    columns = [name for name, digest in _columns(old, schema).items() if before.columns.get(name, digest) != digest]
    of = f", column {columns[0]!r}" if columns else ""  # in another order the columns say nothing
    more = f", as are those of {len(other) - 1:,} more" if len(other) > 1 else ""
    return f"sequence {other[0]!r}{of}: values are not what they were{more}"


def _meant(frame: pd.DataFrame, schema: SequenceSchema) -> dict[str, str]:
    """Columns of the clean rows that count, and what they are called in the table."""
    called = {column: column for column in schema.input_columns} | {LABEL: schema.label}
    if schema.group is not None:
        called[GROUP] = schema.group
    return called | {HELD_OUT: "split.holdout_part"}


def _digests(frame: pd.DataFrame, schema: SequenceSchema, only: set[str] | None = None) -> dict[str, str]:
    codes, names = pd.factorize(frame[SEQUENCE])
    called = _meant(frame, schema)
    counted = _plain(frame, schema)[[column for column, name in called.items() if only is None or name in only]]
    hashed = pd.util.hash_pandas_object(counted, index=False).to_numpy()
    ends = np.flatnonzero(np.diff(codes, append=-1)) + 1
    begins = np.concatenate([[0], ends[:-1]])
    return {
        str(names[codes[begin]]): _digest(hashed[begin:end].tobytes()) for begin, end in zip(begins, ends, strict=True)
    }


def _columns(frame: pd.DataFrame, schema: SequenceSchema) -> dict[str, str]:
    called, plain = _meant(frame, schema), _plain(frame, schema)
    return {
        name: _digest(pd.util.hash_pandas_object(plain[column], index=False).to_numpy().tobytes())
        for column, name in called.items()
    }


def _plain(frame: pd.DataFrame, schema: SequenceSchema) -> pd.DataFrame:
    """The columns that count, numbers with one NaN and one zero, all else as text."""
    found = {}
    for column in _meant(frame, schema):
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            numbers = values.to_numpy(np.float64)
            found[column] = np.where(np.isnan(numbers), np.nan, numbers) + 0.0
        else:
            found[column] = values.astype(str).to_numpy(object)
    return pd.DataFrame(found)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
