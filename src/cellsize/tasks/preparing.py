"""The stage `prepare` by the task that params.yaml names; nothing after it reads the raw table."""

from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.data import sequence_table, series, table, text_table, times
from cellsize.data.sequence_schema import SEQUENCE, SequenceSchema
from cellsize.params import Task
from cellsize.params_data import HoldoutPart, Prepare


def prepare(task: Task, params: Prepare, part: HoldoutPart | None, clean: Path, schema: Path) -> list[str]:
    """Reads the raw table; writes clean rows, and what their columns mean.

    Args:
        task: What params.yaml names.
        params: The table, and the meaning of its columns.
        part: Of sequences, the rows that the table declares as the holdout.
        clean: Parquet file to write.
        schema: JSON file to write.

    Returns:
        Lines to say.
    """
    raw = Path(params.table)
    if task != "forecast":
        frame, meaning = read_sequences(task, params, part)
        files.write_parquet(clean, frame)
        files.write(schema, meaning.save)
        count = frame[SEQUENCE].nunique()
        labels = f"of {len(meaning.classes)} classes" if meaning.classes else "with a number each"
        return [f"{len(frame):,} rows, {count:,} sequences {labels}"]
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


def read_sequences(task: Task, params: Prepare, part: HoldoutPart | None) -> tuple[pd.DataFrame, SequenceSchema]:
    """Reads a raw table of sequences: clean rows, and what their columns mean. See `prepare`."""
    raw, is_number = Path(params.table), task == "regress"
    rows = table.read(raw, sequence_table.texts(params, part, is_number), params.csv)
    if params.text is not None:
        return text_table.clean(rows, raw, params, part)
    return sequence_table.clean(rows, raw, params, part, is_number=is_number)
