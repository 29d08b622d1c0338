"""What a window should show, or what is odd about sequences: by the task of the samples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from cellsize.data import sequence_arrays
from cellsize.data.folds import Folds
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.inspection import advice, sequences, wording
from cellsize.params import Metric
from cellsize.params_data import Window
from cellsize.sizing.class_records import SequenceInspection
from cellsize.sizing.inspection_records import Inspection
from cellsize.sizing.number_records import NumberInspection
from cellsize.tasks import schemas


def inspect(
    clean: Path,
    schema: Path,
    window: Window,
    folds: Folds,
    seasons: tuple[int, ...],
    metric: Metric,
    note: Callable[[str], None],
) -> tuple[Inspection | SequenceInspection | NumberInspection, str]:
    """The content of `inspection.json`, and what to say of it; see `advice.inspect` and `sequences.inspect`.

    Args:
        clean: Parquet file that `prepare` wrote.
        schema: JSON file that `prepare` wrote.
        window: What a sample sees.
        folds: Who learns from which sample.
        seasons: Of a forecast, those that baselines know.
        metric: What ranks options.
        note: Is told what is done now.
    """
    options: Any = {"split_blocks": True, "self_destruct": True}  # as in `window`: no second copy of a long table
    frame, meaning = pd.read_parquet(clean, to_pandas_kwargs=options), schemas.load(schema)
    if isinstance(meaning, SequenceSchema):
        arrays = sequence_arrays.build(frame, meaning, window)
        if meaning.task == "regress":
            of_numbers = sequences.inspect_numbers(arrays, folds, window.transform)
            return of_numbers, sequences.printed_numbers(of_numbers)
        found = sequences.inspect(arrays, folds)
        return found, sequences.printed(found)
    # The ridge-linear model of an option has no quantiles: the median's error ranks options in their place.
    ranked: Metric = "mae" if metric == "quantile" else metric
    told = advice.inspect(frame, meaning, window, folds, seasons, ranked, note)
    return told, wording.printed(told)
