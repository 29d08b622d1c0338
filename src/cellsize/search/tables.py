"""The results of a search as tables, in grid order."""

from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.training.records import Check, Result, Row, frame


def write(results: list[Result], trials: Path, curves: Path, timings: Path, residuals: Path) -> None:
    """Writes the tables of a search, sizes in grid order, so that the order of training leaves no trace.

    Args:
        results: One for each size.
        trials: A CSV with a row for each training.
        curves: A CSV with a row for each look at the early-stopping set in each training.
        timings: A CSV with a row for each size.
        residuals: An npz with three arrays for each size: residuals, the positions of their windows, and whether a
            linear skip connection stood beside the network.
    """
    ordered = sorted(results, key=lambda result: result.size)
    files.write_csv(trials, pd.concat([frame(result.rows, Row) for result in ordered], ignore_index=True))
    checks = [frame(result.checks, Check) for result in ordered if result.checks]
    empty = frame((), Check)
    files.write_csv(curves, pd.concat(checks, ignore_index=True) if checks else empty)
    times = [
        {
            "layers": result.size.layers,
            "units": result.size.units,
            "seconds": result.seconds,
            "milliseconds": result.milliseconds,
        }
        for result in ordered
    ]
    files.write_csv(timings, pd.DataFrame(times))
    arrays = {str(result.size): result.residuals for result in ordered}
    positions = {f"{result.size}.windows": result.residual_windows for result in ordered}
    skips = {f"{result.size}.skips": result.residual_skips for result in ordered}
    files.write_npz(residuals, **arrays, **positions, **skips)
