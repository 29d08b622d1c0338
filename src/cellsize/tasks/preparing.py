"""From the raw table to samples and folds, by the task that params.yaml names: the bodies of the first three stages."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from cellsize import files
from cellsize.data import (
    collection,
    constant_targets,
    remedies,
    sequence_table,
    series,
    stratified,
    table,
    times,
)  # fmt: skip
from cellsize.data.folds import Folds
from cellsize.data.schema import Schema
from cellsize.data.sequence_table import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.params import Task
from cellsize.params_data import HoldoutPart, Prepare, Split, Window
from cellsize.tasks.samples import Samples


def prepare(task: Task, params: Prepare, part: HoldoutPart | None, clean: Path, schema: Path) -> list[str]:
    """Reads the raw table; writes clean rows, and what their columns mean.

    Args:
        task: What params.yaml names.
        params: The table, and the meaning of its columns.
        part: Of a classification, the rows that the table declares as the holdout.
        clean: Parquet file to write.
        schema: JSON file to write.

    Returns:
        Lines to say.
    """
    raw = Path(params.table)
    if task == "classify":
        rows = table.read(raw, sequence_table.texts(params, part), params.csv)
        frame, meaning = sequence_table.clean(rows, raw, params, part)
        files.write_parquet(clean, frame)
        files.write(schema, meaning.save)
        count = frame[sequence_table.SEQUENCE].nunique()
        return [f"{len(frame):,} rows, {count:,} sequences of {len(meaning.classes)} classes"]
    rows = table.read(raw, series.texts(params), params.csv, times.columns_of(params))
    described = series.describe(rows, raw, params)
    frame, n_raw = series.clean(rows, raw, described), len(rows)
    del rows  # a long table need not stay in memory with what was made of it
    files.write_parquet(clean, frame)
    files.write(schema, described.save)
    said = [f"{len(frame):,} rows, {frame['series'].nunique()} series, {n_raw:,} rows in the table"]
    if described.other_zones:
        said.insert(
            0,
            f"offsets change as in {described.timezone}, and as in {described.other_zones} other zones; "
            "prepare.timezone declares which",
        )
    return said


def load_schema(path: Path) -> Schema | SequenceSchema:
    """Reads what `prepare` wrote, of whichever task."""
    is_of_sequences = "task" in json.loads(path.read_text(encoding="utf-8"))
    return SequenceSchema.load(path) if is_of_sequences else Schema.load(path)


def window(clean: Path, schema: Path, params: Window, split: Split, samples: Path) -> list[str]:
    """Reads clean rows; writes base arrays and the index of the samples.

    Args:
        clean: Parquet file that `prepare` wrote.
        schema: JSON file that `prepare` wrote.
        params: What a sample sees.
        split: Of a forecast, is asked for a remedy alone: a window that fits, and is then too long for the folds, is
            none.
        samples: npz file to write.

    Returns:
        Lines to say.
    """
    # Column by column out of Arrow's hands: both copies of a long table at once would be this stage's largest.
    options: Any = {"split_blocks": True, "self_destruct": True}
    frame, meaning = pd.read_parquet(clean, to_pandas_kwargs=options), load_schema(schema)
    if isinstance(meaning, SequenceSchema):
        sequences = sequence_table.build(frame, meaning, params)
        sequences.save(samples)
        shortest = int(sequences.length.min())
        return [f"{len(sequences.first):,} sequences of {shortest} to {sequences.longest} steps, "
                f"{sequences.n_inputs} inputs a step"]  # fmt: skip
    arrays = remedies.build(frame, meaning, params, split, clean)
    arrays.save(samples)
    out = collection.left_out(arrays)
    said = [f"{len(arrays.first):,} windows of {arrays.span} steps, {arrays.n_inputs} inputs a step"]
    return said + ([collection.sentence(out, len(out), len(arrays.names))] if out else [])


def split(samples: Samples, params: Split, window: Window) -> tuple[Folds, list[str]]:
    """The holdout and the folds, and lines to say.

    Args:
        samples: What `window` wrote.
        params: Holdout and folds.
        window: Of a forecast, what the windows were made with.
    """
    if isinstance(samples, Sequences):
        parts = stratified.split(samples, params)
        return parts, [_counts(parts, "sequences")]
    parts = remedies.split(samples, params, window)
    constant_targets.refuse(samples, parts, params)
    said, out = list[str](), collection.left_out(samples, parts)
    if len(out) > len(collection.left_out(samples)):
        said.append(collection.sentence(out, len(out), len(samples.names)))
    unscored = collection.unscored(samples, parts)
    if unscored:
        said.append(collection.unscored_sentence(unscored))
    return parts, [*said, _counts(parts, "windows")]


def _counts(parts: Folds, samples: str) -> str:
    return f"{parts.development.sum():,} {samples} in {len(parts.labels)} folds, {parts.holdout.sum():,} held out"
