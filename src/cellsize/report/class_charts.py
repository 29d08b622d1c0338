"""The charts of labelled sequences: which classes are taken for which, and how far probabilities can be relied on."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from cellsize.report.charts import WIDTH
from cellsize.report.drawing import GRID, INK, MUTED, SERIES, panel, style, svg
from cellsize.sizing.class_records import ReliabilityBin

MOST_SQUARE = 12  # classes whose cells are square; of more, the chart's whole width is used
MOST_CLASSES = 30  # with numbers in the cells; more would be too small to read


def confusion(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Sequences by true class (down) and by the class that was said (across); darker means more of its row.

    Args:
        counts: For each true class, how many sequences were said to be of each class.
        classes: Their names.
    """
    table = np.array(counts)
    parts = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    with style("confusion"):
        figure, axes = panel(WIDTH, min(7.0, 1.1 + 0.45 * len(classes)))
        for row, column in np.ndindex(*table.shape):
            if not table[row, column]:
                continue
            tint = SERIES[0] if row == column else SERIES[5]
            strength = 0.12 + 0.6 * float(parts[row, column])
            axes.add_patch(Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, color=tint, alpha=strength, lw=0))
            if len(classes) <= MOST_CLASSES:
                axes.text(column, row, f"{table[row, column]:,}", ha="center", va="center", color=INK)
        ticks = range(len(classes))
        crowded = sum(map(len, classes)) > 60
        axes.set_xticks(ticks, classes, rotation=90 if crowded else 0)
        axes.set_yticks(ticks, classes)
        axes.set_xlim(-0.5, len(classes) - 0.5)
        axes.set_ylim(len(classes) - 0.5, -0.5)
        axes.set_xlabel("class that the model says")
        axes.set_ylabel("true class")
        axes.set_aspect("equal" if len(classes) <= MOST_SQUARE else "auto", anchor="W")
        axes.grid(False)
        return svg(figure, "confusion", "How many sequences of each class are said to be of each class")


def reliability(bins: Sequence[ReliabilityBin]) -> str:
    """How often the class that is said is right, over the probability that it is said with; points by their count.

    Args:
        bins: Sequences by the probability of the class that was said.
    """
    with style("reliability"):
        figure, axes = panel(WIDTH, 3.4)
        axes.plot([0, 1], [0, 1], color=MUTED, ls="--", lw=1.2, label="as often right as said")
        sure, right, count = (
            np.array(of) for of in zip(*((b.probability, b.right, b.count) for b in bins), strict=True)
        )
        spread = np.sqrt(np.maximum(sure * (1 - sure), 1e-12) / count)
        bars = np.stack([np.minimum(spread, right), np.minimum(spread, 1 - right)])  # none goes beyond 0 and 100 %
        axes.errorbar(sure, right, bars, fmt="none", ecolor=SERIES[0], elinewidth=1.2, capsize=3)
        axes.plot(sure, right, color=GRID, lw=1.2, zorder=1)
        area, label = 24 + 160 * count / count.max(), "the model, with the number of sequences"
        axes.scatter(sure, right, s=area, color=SERIES[0], alpha=0.8, lw=0, label=label)
        for x, y, number in zip(sure, right, count, strict=True):
            axes.annotate(f"{number:,}", (x, y), xytext=(10, -4), textcoords="offset points", color=MUTED)
        axes.set_xlim(min(0.45, float(sure.min()) - 0.08), 1.05)
        axes.set_ylim(min(0.3, float(right.min()) - 0.15), 1.08)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlabel("probability of the class that the model says")
        axes.set_ylabel("how often it is right")
        figure.legend(loc="outside upper left", ncols=2)
        return svg(figure, "reliability", "How often the class that is said is right, over its probability")
