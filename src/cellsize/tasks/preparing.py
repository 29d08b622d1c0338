"""The stage `prepare` by the task that params.yaml names; nothing after it reads the raw table."""

from pathlib import Path

from cellsize import files
from cellsize.data import sequence_table, series, table, text_table, times
from cellsize.data.sequence_schema import SEQUENCE
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
        is_number = task == "regress"
        rows = table.read(raw, sequence_table.texts(params, part, is_number), params.csv)
        if params.text is None:
            frame, meaning = sequence_table.clean(rows, raw, params, part, is_number=is_number)
        else:
            frame, meaning = text_table.clean(rows, raw, params, part)
        files.write_parquet(clean, frame)
        files.write(schema, meaning.save)
        count = frame[SEQUENCE].nunique()
        labels = "with a number each" if is_number else f"of {len(meaning.classes)} classes"
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
