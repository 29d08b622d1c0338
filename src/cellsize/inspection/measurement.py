"""How well the ridge-linear model does with each option, inside the training parts.

It is fitted on the training set of a fold and scored on its early-stopping set, which chooses the ridge penalty too:
the same freedom for every option. No row of the fold's validation block or of the holdout is read, not even by the
longest lookback: a window that would touch one is left out for all options, so that all have the same targets.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import base_arrays, calendar, usable
from cellsize.data.batches import chunks, gather, original, scaled
from cellsize.data.calendar import DAY
from cellsize.data.folds import EARLY_STOPPING, TRAIN, VALIDATION, Folds, row_mask
from cellsize.data.forecast import Forecast
from cellsize.data.holidays import country_of
from cellsize.data.scaling import absolute_deviation, fit_scaling
from cellsize.data.schema import HOLIDAY, TIME, Schema
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.inspection.options import Option
from cellsize.models import ridge_linear
from cellsize.params import Metric
from cellsize.params_data import LinearCalendar, Window

PENALTIES = (1.0, 10.0, 100.0, 1000.0, 10000.0)
FOLDS = 5  # training parts overlap: more folds cost more than they say
MOST_COLUMNS = 2500
MOST_TRAIN, FEWEST_TRAIN, MOST_SCORED = 8000, 2000, 2000
MULTIPLY_ADDS = 3e10  # of one fit: it then takes a second or two
HIGHEST = 1e9  # a score: a transformation may send a forecast to infinity
LINEAR_CALENDAR = get_args(LinearCalendar)


@dataclass(frozen=True)
class Part:
    """What is fitted and scored of one fold: first rows to be predicted, shape (n,) each."""

    train: Ints
    scored: Ints


@dataclass(frozen=True)
class Errors:
    """Errors in the table's units, normalised by the training targets: each is 1 for the best constant forecast."""

    nmse: float
    nmae: float

    def score(self, metric: Metric) -> float:
        """The one that a metric names."""
        return self.nmse if metric == "mse" else self.nmae


@dataclass(frozen=True)
class Material:
    """The rows before the holdout, and the folds that are looked at.

    Attributes:
        frame: Clean series.
        schema: Meaning of the columns, with every calendar feature of the linear part, and the holidays to compare.
        window: What is declared.
        metric: The error that ranks options and chooses ridge penalties.
        raw: Targets in the table's units, shape (rows, n_targets).
        arrays: Transformation → base arrays.
        origins: First row to be predicted of each window of the folds, shape (windows,).
        labels: Of each fold, shape (folds, windows).
        readable: Rows that the folds are made of, and so none of the holdout, shape (rows,).
        unreadable: Rows that a fold must not read: all others, and its validation rows; shape (folds, rows).
    """

    frame: pd.DataFrame
    schema: Schema
    window: Window
    metric: Metric
    raw: npt.NDArray[np.float64]
    arrays: Callable[[str], Windows]
    origins: Ints
    labels: npt.NDArray[np.int8]
    readable: npt.NDArray[np.bool_]
    unreadable: npt.NDArray[np.bool_]


def material(frame: pd.DataFrame, schema: Schema, window: Window, folds: Folds, metric: Metric = "mse") -> Material:
    """What all options are measured on.

    Args:
        frame: Clean series, as `prepare` wrote them.
        schema: Meaning of their columns.
        window: What is declared.
        folds: Who learns from which of the declared windows.
        metric: The error that ranks options and chooses ridge penalties.
    """
    source = Path("build/series.parquet")
    has_time = schema.clock.unit != "integer"
    whole = replace(schema, linear_calendar=LINEAR_CALENDAR if has_time else ())
    if schema.holidays is None and HOLIDAY not in schema.input_columns:
        # A zone that was concluded tells no country: several fit.
        whole = replace(whole, holidays=None if schema.other_zones else country_of(schema.timezone))
    if whole.holidays != schema.holidays:
        only = replace(whole, calendar=())  # the other features are in the frame
        frame = frame.assign(**dict(calendar.known_future(frame[TIME], only)))
    declared = usable.build(frame, whole, window, source)
    chosen = np.unique(np.linspace(0, len(folds.labels) - 1, FOLDS).astype(int))
    outside = ~row_mask(declared, np.flatnonzero(folds.development))
    unreadable = [outside | row_mask(declared, np.flatnonzero(folds.labels[index] == VALIDATION)) for index in chosen]
    readable = ~outside

    last = dict[str, Windows]()

    def transformed(transform: str) -> Windows:
        if transform not in last:
            last.clear()  # before the next ones are made: they are as large as anything here
            # Blank: whether a target is negative is not asked of the holdout.
            blank = frame.assign(**{name: frame[name].where(readable) for name in schema.targets})
            last[transform] = base_arrays.with_transform(
                declared, blank, whole, window.model_copy(update={"transform": transform})
            )
        return last[transform]

    return Material(
        frame=frame,
        schema=whole,
        window=window,
        metric=metric,
        raw=frame[list(schema.targets)].to_numpy(np.float64),
        arrays=lambda transform: declared if transform == window.transform else transformed(transform),
        origins=declared.first + declared.lookback,
        labels=folds.labels[chosen],
        readable=readable,
        unreadable=np.stack(unreadable),
    )


def training_targets(content: Material) -> Iterator[list[Floats]]:
    """For each fold what its training and early-stopping sets show: an array a series and target, NaN elsewhere."""
    begins = np.flatnonzero(np.diff(content.arrays(content.window.transform).series)) + 1
    for labels, unreadable in zip(content.labels, content.unreadable, strict=True):
        origins = content.origins[(labels == TRAIN) | (labels == EARLY_STOPPING)]
        readable = covered(origins, content.window.steps_seen, content.window.horizon, len(content.raw)) & ~unreadable
        values = np.where(readable[:, None], content.raw, np.nan)
        yield [series[:, column] for series in np.split(values, begins) for column in range(values.shape[1])]


def days(content: Material) -> float:
    """Length of the shortest training part, in days."""
    arrays = content.arrays(content.window.transform)
    spans = [np.ptp(arrays.step[content.origins[labels == TRAIN]]) for labels in content.labels]
    return float(min(spans)) * arrays.seconds / DAY


def lowest(content: Material) -> float:
    """The smallest target before the holdout."""
    return float(np.nanmin(content.raw[content.readable]))


def columns(content: Material, lookback: int) -> int:
    """Inputs of the ridge-linear model with this lookback, without its calendar."""
    arrays = content.arrays(content.window.transform)
    return arrays.n_past * lookback + arrays.n_known + 1


def parts(content: Material, lookback: int) -> Iterator[Part]:
    """The windows of each fold that can be made with this lookback without a row that the fold must not read.

    One fold after the other: the windows of all at once would be among the largest arrays.
    """
    arrays = replace(content.arrays(content.window.transform), lookback=lookback)
    complete = np.zeros(len(arrays.step), np.bool_)
    complete[usable.index_of(arrays, arrays.may_begin, content.window.observed) + lookback] = True
    for labels, unreadable in zip(content.labels, content.unreadable, strict=True):
        touched = np.concatenate([[0], np.cumsum(unreadable)])
        origins = content.origins
        clear = complete[origins]
        clear[clear] = touched[origins[clear] + arrays.horizon] == touched[origins[clear] - lookback]
        yield Part(*(np.sort(origins[clear & (labels == label)]) for label in (TRAIN, EARLY_STOPPING)))


def longest(content: Material, lookbacks: list[int]) -> int:
    """The longest of some lookbacks that leaves at least half of the windows, and a model that fits in seconds."""

    def sizes(lookback: int) -> list[tuple[int, int]]:
        return [(len(part.train), len(part.scored)) for part in parts(content, lookback)]

    plain = sizes(content.window.steps_seen)
    for lookback in sorted(lookbacks, reverse=True):
        if lookback <= content.window.steps_seen:
            break
        if columns(content, lookback) > MOST_COLUMNS:
            continue
        pairs = zip(plain, sizes(lookback), strict=True)
        if all(
            2 * train >= a_train and 2 * scored >= max(1, a_scored) for (a_train, a_scored), (train, scored) in pairs
        ):
            return lookback
    return content.window.steps_seen


def thinned(part: Part, n_columns: int) -> Part:
    """At most as many windows as are fitted in a second or two.

    They are drawn: every second window of hourly data would leave half of the hours of the week out.
    """
    most = int(np.clip(MULTIPLY_ADDS / n_columns**2, FEWEST_TRAIN, MOST_TRAIN))
    return Part(_drawn(part.train, most), _drawn(part.scored, MOST_SCORED))


def _scaled(arrays: Windows, part: Part) -> Part:
    """A part that scores no series without a window among those fitted, where that leaves it without a scale."""
    has_scale = np.isin(arrays.series[part.scored], arrays.series[part.train])
    if not arrays.n_own or not has_scale.any():
        return part
    return Part(part.train, part.scored[has_scale])


def measure(content: Material, part: Part, option: Option) -> Errors:
    """Fits the ridge-linear model with an option, and scores it with the penalty that is best by the metric."""
    part = _scaled(content.arrays(option.transform), part)
    arrays = _windows(content, part, option)
    train = np.arange(len(part.train))
    scaling = fit_scaling(arrays, train)
    models = ridge_linear.fit(arrays, scaling, train, PENALTIES)
    task = Forecast.of(arrays)
    rows = np.unique(task.target_rows(arrays.first[train]))
    deviation, absolute = _deviations(content.raw[rows])
    own = {
        code: _deviations(content.raw[rows[arrays.series[rows] == code]], (deviation, absolute))
        for code in (np.unique(arrays.series[rows]) if arrays.n_own else ())
    }
    values = 0
    sums = np.zeros((len(models), 2))
    for piece in chunks(np.arange(len(part.train), len(arrays.first))):
        batch = gather(arrays, scaling, piece)
        truth = task.target(content.raw, arrays.first[piece])
        there = np.isfinite(truth)
        values += int(there.sum())
        if own:  # errors count in the deviations of their own series, as scores do
            of_windows = [own.get(code, (deviation, absolute)) for code in arrays.series[arrays.first[piece]]]
            by = [np.stack(each)[:, None] for each in zip(*of_windows, strict=True)]
        else:
            by = [deviation, absolute]
        for row, model in zip(sums, models, strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                forecasts = original(arrays, scaling, scaled(batch, ridge_linear.predict(arrays, model, batch)), piece)
                error = np.abs(forecasts - truth)
                error = error if there.all() else np.where(there, error, 0.0)
                row += np.square(error / by[0]).sum(), (error / by[1]).sum()
    scores = np.minimum(np.nan_to_num(sums, nan=np.inf) / values, HIGHEST)
    every = [Errors(nmse=float(nmse), nmae=float(nmae)) for nmse, nmae in scores]
    return min(every, key=lambda errors: errors.score(content.metric))


def _deviations(values: Floats, others: tuple[Floats, Floats] | None = None) -> tuple[Floats, Floats]:
    """Standard deviation, and mean absolute deviation from the median, of targets of shape (rows, n_targets).

    Args:
        values: The targets, NaN where unobserved.
        others: What stands in where a target is constant; by default a number next to 0.
    """
    if others is not None and not np.isfinite(values).any(axis=0).all():
        return others
    complete = np.isfinite(values).all()
    deviation = values.std(axis=0) if complete else np.nanstd(values, axis=0)
    smallest = np.finfo(np.float32).tiny
    found = deviation, absolute_deviation(values)
    if others is not None:
        return tuple(np.where(deviation > smallest, *pair) for pair in zip(found, others, strict=True))  # type: ignore[return-value]
    return np.maximum(found[0], smallest), np.maximum(found[1], smallest)


def _windows(content: Material, part: Part, option: Option) -> Windows:
    """The windows of a part as an option shows them: those fitted first, then those scored."""
    arrays = content.arrays(option.transform)
    inputs = arrays.inputs
    if option.holidays is None and content.schema.holidays is not None:
        inputs = np.ascontiguousarray(inputs[:, :-1])  # the last of the known-future columns
    return replace(
        arrays,
        inputs=inputs,
        offset=arrays.offset[: inputs.shape[1]],
        n_known_future=arrays.n_known_future - (inputs.shape[1] < arrays.n_inputs),
        first=np.concatenate([part.train, part.scored]) - option.lookback,
        lookback=option.lookback,
        normalise=option.normalise,
        origin=arrays.origin[:, [LINEAR_CALENDAR.index(name) for name in option.calendar]],
        linear_calendar=option.calendar,
    )


def covered(origins: Ints, lookback: int, horizon: int, rows: int) -> npt.NDArray[np.bool_]:
    """True for the rows of windows, from their first rows to be predicted."""
    edges = np.zeros(rows + 1, np.int32)
    np.add.at(edges, origins - lookback, 1)
    np.add.at(edges, origins + horizon, -1)
    return np.asarray(np.cumsum(edges[:-1], dtype=np.int32) > 0)


def _drawn(values: Ints, most: int) -> Ints:
    if len(values) <= most:
        return values
    return np.sort(np.random.default_rng(0).choice(values, most, replace=False))
