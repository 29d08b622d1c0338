"""What new rows are compared with: kept with each version, so that a check needs the registry and nothing else.

It is made when a version is registered, of what the model that is served has learned from: each input as codes of one
byte in the order of its rows, and the losses of its twins on their holdout by block of time. Of the calendar and of
what is constant in a series nothing is kept: they do not shift. It is about as large as a byte for each row and
column, compressed; of more than `MOST_ROWS` rows the newest are kept.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from cellsize import files
from cellsize.data.folds import Folds, of_each_series
from cellsize.data.scaling import Scaling, of_series, shift_of
from cellsize.data.schema import Schema
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.evaluation.blocks import block_of, by_time
from cellsize.lifecycle import sketch
from cellsize.lifecycle.block_losses import BlockLosses, measure
from cellsize.lifecycle.sketch import Codes
from cellsize.models.forecaster import Forecaster
from cellsize.models.twins import load as load_twins
from cellsize.params import Metric
from cellsize.params_data import Csv
from cellsize.training.records import Work

ARRAYS, MEANING = "reference.npz", "reference.json"
VERSION = 1
MOST_ROWS = 500_000


@dataclass(frozen=True)
class Reference:
    """What is kept of the rows that a model has learned from, and of its twins' holdout.

    Attributes:
        columns: Names of the inputs that are compared.
        borders: Between the bins of each, shape (columns, 254); see `sketch.borders`.
        codes: Shape (rows, columns).
        step: Step of each row, shape (rows,); of independent sequences the position of its series.
        series: Series of each row, as a position in `names`, shape (rows,).
        names: Names of the series.
        season: Steps of a season; 1 for independent sequences.
        are_sequences: Whether series are independent, each a block of its own.
        metric: By which errors are compared.
        csv: How the model's own table was written, if it is a text file.
        holdout: Losses of the twins.
    """

    columns: tuple[str, ...]
    borders: Floats
    codes: Codes
    step: Ints
    series: Ints
    names: tuple[str, ...]
    season: int
    are_sequences: bool
    metric: Metric
    csv: Csv
    holdout: BlockLosses

    def save(self, folder: Path) -> None:
        """Writes `reference.npz` (compressed, no pickles) and `reference.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        losses = {f"holdout.{each.name}": getattr(self.holdout, each.name) for each in fields(BlockLosses)}
        with (folder / ARRAYS).open("wb") as file:
            np.savez_compressed(
                file, allow_pickle=False, borders=self.borders, codes=self.codes, step=self.step, series=self.series,
                **losses,
            )  # fmt: skip
        content = {
            "version": VERSION, "columns": self.columns, "names": self.names, "season": self.season,
            "are_sequences": self.are_sequences, "metric": self.metric, "csv": self.csv.model_dump(),
        }  # fmt: skip
        files.write_json(folder / MEANING, content)

    @classmethod
    def load(cls, folder: Path) -> "Reference | None":
        """Reads what `save` wrote; None if another version of cellsize wrote it, or it is not whole."""
        try:
            content = json.loads((folder / MEANING).read_text(encoding="utf-8"))
            if content["version"] != VERSION:
                return None
            with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
                kept = dict(arrays)
        except (OSError, ValueError, KeyError, EOFError):
            return None
        losses = BlockLosses(**{each.name: kept.pop(f"holdout.{each.name}") for each in fields(BlockLosses)})
        return cls(
            columns=tuple(content["columns"]), names=tuple(content["names"]), season=int(content["season"]),
            are_sequences=bool(content["are_sequences"]), metric=content["metric"], csv=Csv(**content["csv"]),
            holdout=losses, **kept,
        )  # fmt: skip


def make(
    windows: Windows,
    folds: Folds,
    twins: Sequence[Forecaster],
    served: Forecaster,
    season: int,
    metric: Metric,
    csv: Csv,
) -> Reference:
    """What is kept of a model.

    Args:
        windows: Base arrays and index.
        folds: Which windows are the holdout.
        twins: What was measured on it.
        served: What has learned from all windows.
        season: Steps in a season.
        metric: By which errors are compared.
        csv: How the table is written, if it is a text file.
    """
    holdout = np.flatnonzero(folds.holdout)
    blocks = block_of(windows, folds, holdout, season)
    are_sequences = not by_time(windows, folds) and not of_each_series(windows, folds)
    compared = compared_columns(served.schema)
    values = standardised(windows, served.fitted.scaling)[:, [served.schema.input_columns.index(c) for c in compared]]
    step = windows.series if are_sequences else windows.step
    newest = np.flatnonzero(step > _oldest(step))
    borders = np.stack([sketch.borders(values[newest, column]) for column in range(len(compared))])
    return Reference(
        columns=compared,
        borders=borders,
        codes=sketch.codes(values[newest], borders),
        step=step[newest].astype(np.int32),
        series=windows.series[newest].astype(np.int32),
        names=windows.names,
        season=1 if are_sequences else season,
        are_sequences=are_sequences,
        metric=metric,
        csv=csv,
        holdout=measure(windows, holdout, blocks, twins, served.fitted.scaling, season, metric),
    )


def writer(work: Work, twins: Path, served: Path, season: int, csv: Csv) -> Callable[[Path], None]:
    """What writes the reference of a model into a folder, if it is registered; see `make`.

    Args:
        work: Windows, folds and metric.
        twins: Their folder.
        served: Folder of the model that is served.
        season: Steps in a season.
        csv: How the table is written.
    """

    def write(folder: Path) -> None:
        models = load_twins(twins), Forecaster.load(served)
        make(work.windows, work.folds, *models, season, work.metric, csv).save(folder)

    return write


def compared_columns(schema: Schema) -> tuple[str, ...]:
    """The inputs that are compared: all but those made of the time, or constant in each series."""
    return (*schema.past_columns, *schema.known_future_covariates)


def standardised(windows: Windows, scaling: Scaling) -> Floats:
    """The inputs of each row as a model sees them before its bounds, shape (rows, n_inputs), float32."""
    if scaling.own_mean is None:
        return np.asarray((windows.inputs - shift_of(windows, scaling)) / scaling.std)
    values = windows.inputs.copy()
    for code in np.unique(windows.series):
        shift, std = of_series(windows, scaling, np.array([code]))
        rows = windows.series == code
        values[rows] = (values[rows] - shift) / std
    return values


def _oldest(step: Ints) -> int:
    """The newest step that is left out, so that `MOST_ROWS` rows are kept at most; -1 for none."""
    if len(step) <= MOST_ROWS:
        return -1
    return int(np.partition(step, len(step) - MOST_ROWS - 1)[len(step) - MOST_ROWS - 1])
