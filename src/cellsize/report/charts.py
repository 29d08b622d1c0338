"""The charts of the page, each a function from plain tables to an SVG string."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator

from cellsize.data import moments
from cellsize.data.clock import DAY
from cellsize.data.folds import EARLY_STOPPING, PURGED, TRAIN, VALIDATION, Folds
from cellsize.data.windows import INTEGER, Windows
from cellsize.report.drawing import GRID, INK, MUTED, PAPER, SERIES, colour, panel, style, svg
from cellsize.sizing.adequacy import Verdict

WIDTH = 7.6
HOLDOUT = 4
PARTS = {
    TRAIN: ("train", SERIES[0]),
    EARLY_STOPPING: ("early stopping", SERIES[1]),
    VALIDATION: ("validation", SERIES[2]),
    PURGED: ("purged", GRID),
    HOLDOUT: ("holdout", SERIES[3]),
}
DASHES = ("--", "-.", ":")  # of the sizes without memory cells, in their order
ROW, LABEL = 0.06, 0.28  # of the chart's height and width: a row of labels above it, and one label
STRETCH = 168  # steps in one stretch of forecasts: a week of hours; more is a black band


# How much of its colour a point has.
FILL: dict[Verdict, float] = {"adequate": 1.0, "undecided": 0.4, "too_small": 0.0}


@dataclass(frozen=True)
class Point:
    """One size in the chart of sizes.

    Attributes:
        layers: Number of layers; 0 without memory cells.
        units: Memory cells in each, or hidden units of an MLP.
        score: Its score.
        error: Corrected standard error of its paired difference from the best; 0 for the best itself.
        verdict: What the rule makes of it; it says how the point is filled.
        chosen: Whether it is the choice.
    """

    layers: int
    units: int
    score: float
    error: float
    verdict: Verdict
    chosen: bool


def sizes(points: Sequence[Point], bounds: dict[str, int], verdicts: dict[Verdict, str], score: str) -> str:
    """Score over units, one line for each number of layers; zero cells and MLPs as dashed lines with their bands.

    Args:
        points: Every size with a score.
        bounds: Label → most units in one layer.
        verdicts: What the legend calls them; those that occur.
        score: What a score is called.
    """
    with style("sizes"):
        figure, axes = panel(WIDTH, 4.1)
        axes.set_xscale("log", base=2)
        cells = [point for point in points if point.layers]
        for number, point in enumerate(point for point in points if not point.layers):
            axes.axhspan(point.score - point.error, point.score + point.error, color=MUTED, alpha=0.15, lw=0)
            name = f"MLP of {point.units}" if point.units else "zero cells"
            label = f"{name} (the chosen size)" if point.chosen else name
            dashes = DASHES[min(number, len(DASHES) - 1)]
            axes.axhline(point.score, color=INK if point.chosen else MUTED, ls=dashes, lw=1.4, label=label)
        depths = sorted({point.layers for point in cells})
        for line, depth in enumerate(depths):
            _line(axes, [point for point in cells if point.layers == depth], line, len(depths))
        _chosen(axes, cells, depths)
        largest = max([point.units for point in cells], default=1)
        _bounds(axes, bounds, largest)
        scores = [point.score for point in points if point.score > 0]
        if scores and max(scores) > 4 * min(scores):
            axes.set_yscale("log")
            # The usual labels are formulas, of which an SVG shows the source.
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.minorticks_off()
        if cells:
            for verdict, name in verdicts.items():
                fill = (MUTED, FILL[verdict]) if FILL[verdict] else PAPER
                axes.plot([], [], "o", color=MUTED, mfc=fill, ms=6, label=name)
        axes.grid(False, axis="x")
        axes.margins(y=0.14)
        axes.set_xlabel("memory cells in each layer")
        axes.set_ylabel(f"score: mean {score} (lower is better)")
        names = axes.get_legend_handles_labels()[1]
        figure.legend(loc="outside upper left", ncols=5 if len("".join(names)) <= 60 else 4)
        return svg(figure, "sizes", "Score of every size tried over its memory cells")


def _line(axes: Axes, points: list[Point], line: int, lines: int) -> None:
    """One number of layers; drawn a little to the side, so that error bars do not hide one another."""
    points = sorted(points, key=lambda point: point.units)
    x = [point.units * _shift(line, lines) for point in points]
    y = [point.score for point in points]
    depth = points[0].layers
    axes.plot(x, y, color=colour(line), lw=1.6, label=f"{depth} layer{'s' if depth > 1 else ''}")
    axes.errorbar(x, y, [point.error for point in points], fmt="none", ecolor=colour(line), elinewidth=1.2, capsize=3)
    axes.scatter(x, y, s=42, c=PAPER, edgecolors=colour(line), linewidths=1.5, zorder=3)
    for point, at in zip(points, x, strict=True):
        axes.scatter([at], [point.score], s=42, color=colour(line), alpha=FILL[point.verdict], linewidths=0, zorder=4)


def _shift(line: int, lines: int) -> float:
    """How far to the side one of several lines is drawn, as a factor on a logarithmic axis."""
    return float(2 ** (min(0.2, 0.6 / lines) * (line - (lines - 1) / 2)))


def _chosen(axes: Axes, cells: list[Point], depths: list[int]) -> None:
    """A ring around the choice, and its name below it."""
    for point in (point for point in cells if point.chosen):
        x = point.units * _shift(depths.index(point.layers), len(depths))
        axes.scatter([x], [point.score], s=230, facecolors="none", edgecolors=INK, linewidths=1.8, zorder=4)
        axes.annotate(
            f"chosen: {point.layers} × {point.units}",
            (x, point.score),
            xytext=(-12, -22),
            textcoords="offset points",
            ha="right",
            weight="bold",
            color=INK,
            arrowprops={"arrowstyle": "-", "color": INK, "lw": 1, "shrinkB": 9},
        )


def _bounds(axes: Axes, bounds: dict[str, int], largest: int) -> None:
    """Vertical lines at the bounds; one that lies far to the right would leave the chart empty, so it is only named."""
    near = {label: units for label, units in bounds.items() if units <= 4 * largest}
    right = max([largest, *near.values()])
    axes.set_xlim(2**-0.4, max(2, right) * 2**0.5)
    powers = range(math.floor(math.log2(max(2, right) * 2**0.5)) + 1)
    axes.set_xticks([2**power for power in powers], [str(2**power) for power in powers])
    axes.minorticks_off()
    same = dict[int, list[str]]()  # on short data both bounds are one cell: one label, or nobody can read either
    for label, units in sorted(near.items(), key=lambda pair: pair[1]):
        same.setdefault(units, []).append(label)
    heights = _heights(list(same), right)
    for (units, labels), height in zip(same.items(), heights, strict=True):
        axes.axvline(units, color=MUTED, ls=":", lw=1.3)
        name, above = f"{_joined(labels)}: {units}", axes.get_xaxis_transform()
        axes.text(units, 1.01 + ROW * height, name, color=MUTED, ha="center", transform=above)
    far = [f"{label}: {units:,} →" for label, units in bounds.items() if label not in near]
    if far:
        above_all = 1.01 + ROW * (max(heights, default=-1) + 1)
        axes.text(1, above_all, ", ".join(far), color=MUTED, ha="right", transform=axes.transAxes)


def _joined(labels: list[str]) -> str:
    """`bound, α = 2 and 10` of `bound, α = 2` and `bound, α = 10`; in the order of α."""
    heads = {label.rpartition("= ")[0] for label in labels}
    if len(labels) == 1 or len(heads) > 1:
        return ", ".join(labels)
    values = sorted((label.rpartition("= ")[2] for label in labels), key=float)
    return f"{heads.pop()}= {', '.join(values[:-1])} and {values[-1]}"


def _heights(units: list[int], right: int) -> list[int]:
    """In which row above the chart each of some labels stands, so that none is printed over another.

    Args:
        units: Where they stand, increasing, on the axis of powers of two.
        right: The last value of the axis.
    """
    wide = LABEL * math.log2(max(2, right) * 2**0.9)
    heights, ends = list[int](), list[float]()
    for place in (math.log2(value) for value in units):
        height = next((row for row, end in enumerate(ends) if end + wide <= place), len(ends))
        ends[height : height + 1] = [place]
        heights.append(height)
    return heights


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
