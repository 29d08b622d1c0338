"""The chart of all sizes that were tried, and of the bounds beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from cellsize.report.charts import WIDTH
from cellsize.report.drawing import INK, MUTED, PAPER, colour, panel, style, svg
from cellsize.sizing.adequacy import Verdict

DASHES = ("--", "-.", ":")  # of the sizes without memory cells, in their order
ROW, LABEL = 0.06, 0.28  # of the chart's height and width: a row of labels above it, and one label
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
