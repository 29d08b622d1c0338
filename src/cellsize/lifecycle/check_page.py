"""The page of a check: one file that fetches nothing, like the report."""

from pathlib import Path
from typing import Protocol

import numpy as np
from markupsafe import Markup

from cellsize.evaluation.holdout import LEVELS
from cellsize.lifecycle import check_verdict, unpaired
from cellsize.lifecycle.block_losses import BlockLosses
from cellsize.lifecycle.check_verdict import CheckResult
from cellsize.lifecycle.shift import Shift
from cellsize.lifecycle.unpaired import Intervals
from cellsize.report.drawing import GRID, INK, MUTED, SERIES, panel, style, svg
from cellsize.report.tables import Row, Table
from cellsize.report.templates import environment
from cellsize.report.wording import NONE, number


class HasShifts(Protocol):
    """A check, whatever it was of."""

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Of each column."""


WIDTH = 7.6
MOST_DRAWN = 20  # columns in the chart, the least usual ones
LONGEST_NAME = 40  # characters, to the left of the chart


def render(result: CheckResult) -> str:
    """The page as HTML."""
    drawn = {"error": Markup(error_chart(result))}
    if result.shifts:
        drawn["inputs"] = Markup(inputs_chart(result))
    return (
        environment(Path(__file__).parent)
        .get_template("check.html.jinja")
        .render(
            title=check_verdict.title(result),
            headline=check_verdict.headline(result),
            advice=check_verdict.advice(result),
            bad=result.verdict in ("worse", "inputs shifted"),
            unknown=list(result.unknown),
            taken_as_new=check_verdict.TAKEN_AS_NEW if result.taken_as_new else "",
            charts=drawn,
            error=check_verdict.error_in_words(result),
            hardness=check_verdict.hardness_in_words(result),
            steps=number(result.steps),
            metric=result.metric,
            coverage=coverage_table(result.new, result.holdout),
            inputs=check_verdict.inputs_in_words(result),
            columns=columns_table(result),
            more=len(result.shifts) > MOST_DRAWN,
            most=MOST_DRAWN,
        )
    )


def coverage_table(
    side: Intervals, holdout: Intervals | None, what: str = "rows", fewest: int = unpaired.FEWEST_BLOCKS
) -> Table | None:
    """Coverage of the intervals; None where the model has none.

    Args:
        side: What is new.
        holdout: The holdout, if the version keeps it.
        what: What is new, in words.
        fewest: Blocks, or groups, that an interval takes.
    """
    rows = []
    for at, level in enumerate(LEVELS):
        new, between = side.coverage(at), unpaired.coverage_interval(side, at, fewest)
        if new != new:
            continue
        before = float("nan") if holdout is None else holdout.coverage(at)
        range_ = NONE if between is None else f"{100 * between[0]:.1f} to {100 * between[1]:.1f} %"
        cells = (
            f"{100 * level:g} %",
            f"{100 * new:.1f} %",
            range_,
            NONE if before != before else f"{100 * before:.1f} %",
            "too narrow now" if check_verdict.is_too_narrow(side, holdout, at, fewest) else "",
        )
        rows.append(Row(cells, strong=frozenset({4})))
    head = ("Intervals of", f"hold on the new {what}", "between, with 90 % probability", "held on the holdout", "")
    return Table(head, tuple(rows), text=1) if rows else None


def columns_table(result: HasShifts) -> Table | None:
    """KS and PSI of each input, the least usual first; None where nothing was compared."""
    if not result.shifts:
        return None
    rows = [
        Row(
            (
                each.column, f"{each.ks:.3f}", f"{each.usual_ks:.3f}", f"{each.psi:.3f}", f"{each.usual_psi:.3f}",
                _p(each.p), _p(each.adjusted), "shifted" if each.is_shifted else "",
            ),
            strong=frozenset({0, 7}) if each.is_shifted else frozenset(),
        )
        for each in sorted(result.shifts, key=lambda each: (each.adjusted, each.p))
    ]  # fmt: skip
    head = ("Input", "KS", "usual KS", "PSI", "usual PSI", "p", "adjusted p", "")
    return Table(head, tuple(rows), text=1)


def _short(name: str) -> str:
    """A name that leaves room for the chart; the table has all of it."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def error_chart(result: CheckResult) -> str:
    """The error of each block of time: the holdout's, then the new ones."""
    with style("error"):
        figure, axes = panel(WIDTH, 2.9)
        begin, ticks = 0, []
        sides = [("holdout", result.holdout, SERIES[0]), ("new rows", result.new, SERIES[1])]
        for label, side, tint in sides:
            if side is None:
                continue
            errors = _by_block(side)
            places = begin + np.arange(len(errors))
            axes.plot(places, errors, "o", ms=4, color=tint, alpha=0.75, label=f"{label}, each block")
            mean = f"{label}, mean {side.error:.3f}"
            axes.hlines(side.error, begin - 0.4, begin + len(errors) - 0.6, color=tint, lw=2, label=mean)
            ticks.append((begin + (len(errors) - 1) / 2, label))
            begin += len(errors) + 2
        axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])
        axes.set_ylim(bottom=0)
        axes.grid(visible=False, axis="x")
        axes.set_ylabel(result.metric)
        figure.legend(loc="outside upper left", ncols=2)
        return svg(figure, "error", "Error of each block of time on the holdout and on the new rows")


def _by_block(side: BlockLosses) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    errors: np.ndarray[tuple[int], np.dtype[np.float64]] = side.losses.mean(axis=0) / side.windows
    return errors


def inputs_chart(result: HasShifts, usual: str = "old rows, each stretch of time", new: str = "new rows") -> str:
    """KS of each input, and that of what it is compared with.

    Args:
        result: Has the shifts.
        usual: What these are, in the legend.
        new: What is checked.
    """
    shown = sorted(result.shifts, key=lambda each: (each.adjusted, each.p))[:MOST_DRAWN]
    with style("inputs"):
        figure, axes = panel(WIDTH, 1.1 + 0.32 * len(shown))
        for row, each in enumerate(shown):
            label = usual if row == 0 else None
            axes.plot(each.windows, [row] * len(each.windows), "|", ms=9, color=MUTED, alpha=0.6, label=label)
        for is_shifted, tint, label in ((False, SERIES[0], new), (True, SERIES[5], f"{new}, shifted")):
            of_kind = [(each.ks, row) for row, each in enumerate(shown) if each.is_shifted == is_shifted]
            if of_kind:
                axes.plot(*zip(*of_kind, strict=True), "D", ms=6, color=tint, label=label)
        axes.set_yticks(range(len(shown)), [_short(each.column) for each in shown], color=INK)
        axes.invert_yaxis()
        axes.set_xlim(0, None)
        axes.set_xlabel("KS: largest difference of the cumulative distributions from all the rest")
        axes.spines["left"].set_color(GRID)
        figure.legend(loc="outside upper left", ncols=3)
        return svg(figure, "inputs", "How far each input is from what the model has learned from")
