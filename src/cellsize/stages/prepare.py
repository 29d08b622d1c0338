"""prepare: raw table → clean series on a regular clock, and what its columns mean."""

from pathlib import Path

from cellsize import files
from cellsize.data import series, table, times
from cellsize.params import Params


def main(params: Params, clean: Path, schema: Path) -> None:
    """Reads the raw table, which `prepare.table` names; writes series and schema."""
    raw = Path(params.prepare.table)
    rows = table.read(raw, series.texts(params.prepare), params.prepare.csv, times.columns_of(params.prepare))
    described = series.describe(rows, raw, params.prepare)
    frame, n_raw = series.clean(rows, raw, described), len(rows)
    del rows  # a long table need not stay in memory with what was made of it
    files.write_parquet(clean, frame)
    files.write(schema, described.save)
    if described.other_zones:
        print(
            f"prepare: offsets change as in {described.timezone}, and as in {described.other_zones} other zones; "
            "prepare.timezone declares which"
        )
    print(f"prepare: {len(frame):,} rows, {frame['series'].nunique()} series, {n_raw:,} rows in the table")
