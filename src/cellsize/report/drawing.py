"""From a matplotlib figure to SVG inside a page: no link, no date, no colliding id."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from matplotlib import style as styles
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Each colour is a marker that becomes a CSS variable, so that the page decides it, in light and in dark.
INK, MUTED, GRID, PAPER = "#1d2733", "#5c6875", "#dfe4e9", "#fefefe"
SERIES = ("#2463a9", "#c05c0b", "#2e7d52", "#7b4ea2", "#0e7c8b", "#b3364c")
VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"} | {
    colour: f"colour-{position}" for position, colour in enumerate(SERIES, 1)
}

STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a unit such as US$ is text, not a formula
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "xtick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.color": GRID,
    "ytick.labelcolor": MUTED,
}


def colour(position: int) -> str:
    """A colour for the n-th thing of a kind, from 0; they return after six."""
    return SERIES[position % len(SERIES)]


@contextmanager
def style(name: str) -> Iterator[None]:
    """Makes figures look alike whatever the user's matplotlibrc says.

    Args:
        name: Name of the chart; ids inside the SVG are made from it.
    """
    with styles.context(["default", {**STYLE, "svg.hashsalt": name}]):
        yield


def panel(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with one set of axes, in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def svg(figure: Figure, name: str, label: str) -> str:
    """Draws a figure.

    Args:
        figure: Made within `style(name)`; call this there too.
        name: Name of the chart, unique on the page.
        label: What a screen reader says in place of the picture.

    Returns:
        An `<svg>` element with colours as CSS variables.
    """
    text = io.StringIO()
    FigureCanvasSVG(figure)
    with warnings.catch_warnings():
        # The reader's font draws the text, so it does not matter which signs matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(text, format="svg", metadata={"Date": None})
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r' xmlns(:xlink)?="[^"]*"', "", drawn)
    drawn = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", drawn)
    for marker, variable in VARIABLES.items():
        drawn = drawn.replace(marker, f"var(--{variable})")
    return drawn.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1).strip()
