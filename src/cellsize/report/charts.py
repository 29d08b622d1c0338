"""The charts of the page, each a function from plain tables to an SVG string."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from cellsize.data import moments
from cellsize.data.clock import DAY
from cellsize.data.folds import EARLY_STOPPING, PURGED, TRAIN, VALIDATION, Folds
from cellsize.data.windows import INTEGER, Windows
from cellsize.report.drawing import GRID, INK, MUTED, SERIES, colour, panel, style, svg

WIDTH = 7.6
HOLDOUT = 4
PARTS = {
    TRAIN: ("train", SERIES[0]),
    EARLY_STOPPING: ("early stopping", SERIES[1]),
    VALIDATION: ("validation", SERIES[2]),
    PURGED: ("purged", GRID),
    HOLDOUT: ("holdout", SERIES[3]),
}
STRETCH = 168  # steps in one stretch of forecasts: a week of hours; more is a black band


def in_time(folds: Folds, start: npt.NDArray[np.integer]) -> bool:
    """Whether the parts are stretches of time: at each moment all series play the same part."""
    order = np.argsort(start, kind="stable")
    same = start[order][1:] == start[order][:-1]
    parts = np.where(folds.holdout, HOLDOUT, folds.labels)[:, order]
    return not (same & (parts[:, 1:] != parts[:, :-1])).any()


def folds(folds: Folds, windows: Windows) -> str:
    """One row for each fold: which windows are in which part, in time or else as percentages of the windows.

    Args:
        folds: The labels of all windows.
        windows: The windows.
    """
    start = windows.start
    parts = np.where(folds.holdout, HOLDOUT, folds.labels)
    timed = in_time(folds, start)
    with style("folds"):
        figure, axes = panel(WIDTH, 1.0 + 0.34 * len(parts))
        for row, labels in enumerate(parts):
            bars = _runs(labels, windows) if timed else _percentages(labels)
            for part, spans in bars.items():
                axes.broken_barh(spans, (row - 0.36, 0.72), facecolor=PARTS[part][1], lw=0)
        axes.set_yticks(range(len(parts)), [f"fold {row + 1}" for row in range(len(parts))])
        axes.invert_yaxis()
        axes.grid(False)
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.01)
        if timed and windows.zone == INTEGER:
            axes.set_xlabel("step")
        elif timed:
            _clock(axes)
        else:
            axes.set_xlabel("percentage of the windows")
        shown = [Patch(facecolor=tint, label=name) for part, (name, tint) in PARTS.items() if (parts == part).any()]
        figure.legend(handles=shown, loc="outside upper left", ncols=5)
        return svg(figure, "folds", "Which windows each fold uses for training, early stopping and validation")


def _runs(labels: npt.NDArray[np.int8], windows: Windows) -> dict[int, list[tuple[float, float]]]:
    """Stretches of time with one label, as (begin, length), in days since 1970 or in steps."""
    moments, first = np.unique(windows.start, return_index=True)
    labels = labels[first]
    breaks = np.flatnonzero((np.diff(labels) != 0) | (np.diff(moments) != 1)) + 1
    begins, ends = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(moments)]]) - 1
    places, step = windows.stamp[windows.first[first]].astype(np.float64), 1.0
    if windows.zone != INTEGER:
        places, step = places / DAY, windows.seconds * 1e6 / DAY
    bars: dict[int, list[tuple[float, float]]] = {}
    for begin, end in zip(begins, ends, strict=True):
        length = places[end] - places[begin] + step
        bars.setdefault(int(labels[begin]), []).append((float(places[begin]), float(length)))
    return bars


def _percentages(labels: npt.NDArray[np.int8]) -> dict[int, list[tuple[float, float]]]:
    """The percentage of the windows that each part has, one after the other, as (begin, length)."""
    bars, begin = {}, 0.0
    for part in PARTS:
        percentage = 100 * float((labels == part).mean())
        bars[part] = [(begin, percentage)]
        begin += percentage
    return bars


def curves(table: pd.DataFrame, steps: int, score: str) -> str:
    """Early-stopping score over the steps, one thin line for each fold and seed.

    Args:
        table: Rows of `curves.csv` of the chosen size and setting, with `kept`: the step whose weights were kept.
        steps: Optimizer steps of the refit.
        score: What a score is called.
    """
    with style("curves"):
        figure, axes = panel(WIDTH, 3.2)
        for _, line in table.sort_values("step").groupby(["fold", "seed"]):
            fold, seed = int(line["fold"].iloc[0]), int(line["seed"].iloc[0])
            tint = colour(fold - 1)
            label = f"fold {fold}" if seed == table["seed"].min() else None
            axes.plot(line["step"], line["early_stopping_score"], color=tint, lw=1, alpha=0.8, label=label)
            kept = line[line["step"] == line["kept"]]
            axes.plot(kept["step"], kept["early_stopping_score"], "o", ms=4, color=tint)
        if steps:
            axes.axvline(steps, color=MUTED, ls=":", lw=1.3)
            above = axes.get_xaxis_transform()
            axes.text(
                steps,
                1.01,
                f"final training: {steps} steps",
                color=MUTED,
                ha="center",
                transform=above,
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter("{x:.3g}")
        axes.minorticks_off()
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("step")
        axes.set_ylabel(f"{score} on the early-stopping set")
        figure.legend(loc="outside right upper")
        return svg(figure, "curves", "Learning curves of the chosen size")


def forecasts(table: pd.DataFrame, examples: int, unit: str, models: dict[str, str]) -> str:
    """Stretches of the holdout: the truth, and what each model forecasts.

    Args:
        table: Rows of `forecasts.parquet`.
        examples: Stretches to draw, spread over the holdout and over series and targets.
        unit: Label of the vertical axis.
        models: Column → name in the legend.
    """
    chosen = stretches(table, examples)
    with style("forecasts"):
        figure = Figure(figsize=(WIDTH, 0.5 + 2.0 * len(chosen)), layout="constrained")
        for row, part in enumerate(chosen):
            axes = figure.add_subplot(len(chosen), 1, row + 1)
            # Missing rows would be drawn as a straight line; a row without numbers breaks it.
            follows = (part["step"] > 1) | (part["origin"] == part["time"].shift())
            apart = np.flatnonzero(~follows.to_numpy()[1:]) + 0.5
            part = part.reset_index(drop=True)
            blank = pd.DataFrame({"time": part["time"].iloc[np.ceil(apart).astype(int)].to_numpy()}, index=apart)
            part = pd.concat([part, blank]).sort_index()
            axes.plot(part["time"], part["truth"], color=INK, lw=2.4, alpha=0.45, label="truth")
            # A value between two that were not observed would be no line.
            there = part["truth"].notna()
            alone = part[there & ~there.shift(1, fill_value=False) & ~there.shift(-1, fill_value=False)]
            if len(alone):
                axes.plot(alone["time"], alone["truth"], ".", color=INK, ms=4, alpha=0.45)
            strokes: tuple[tuple[str, str], ...] = (("-", SERIES[0]), ("-", SERIES[1]), (":", SERIES[2]))
            for (column, name), (dash, tint) in zip(models.items(), strokes, strict=False):
                axes.plot(part["time"], part[column], ls=dash, color=tint, lw=1.3, label=name)
            is_dated = pd.api.types.is_datetime64_any_dtype(part["time"])
            if is_dated:
                _clock(axes)
            else:
                axes.set_xlabel("step")
            begin = moments.said(part["time"].iloc[0], part["time"])
            names = [part[key].iloc[0] for key in ("series", "target") if table[key].nunique() > 1]
            axes.set_title(", ".join(map(str, [*names, f"from {begin}"])), color=MUTED)
            axes.set_ylabel(unit)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels))
        return svg(figure, "forecasts", "Forecasts on the holdout and the truth")


def stretches(table: pd.DataFrame, examples: int) -> list[pd.DataFrame]:
    """Runs of following origins, about `STRETCH` steps long, spread evenly over the holdout; each of them once."""
    if isinstance(table["time"].dtype, pd.DatetimeTZDtype):  # an axis has no zone: it shows the clock of the times
        local = {key: table[key].dt.tz_localize(None) for key in ("origin", "time")}
        table = table.assign(**local)
    groups = [part for _, part in table.sort_values("time", kind="stable").groupby(["series", "target"])]
    chosen = dict[tuple[int, int], pd.DataFrame]()  # by group and first origin: a short holdout is one stretch
    for example in range(examples):
        group = groups[example % len(groups)]
        origins = group["origin"].drop_duplicates().sort_values().to_numpy()
        length = min(len(origins), max(1, STRETCH // int(group["step"].max())))
        at = round((len(origins) - length) * (example + 0.5) / examples)
        chosen[example % len(groups), at] = group[group["origin"].isin(origins[at : at + length])]
    return list(chosen.values())


def _clock(axes: Axes) -> None:
    """A time axis that says each year or month once."""
    locator = dates.AutoDateLocator(minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.xaxis_date()
