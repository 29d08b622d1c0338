"""The page of a check of sequences; see `check_page`."""

from pathlib import Path

import numpy as np
from markupsafe import Markup

from cellsize.data.names import score_name
from cellsize.lifecycle import check_page, sequence_quality, sequence_verdict
from cellsize.lifecycle.sequence_quality import FEWEST_GROUPS
from cellsize.lifecycle.sequence_verdict import SequenceCheck
from cellsize.report.drawing import SERIES, panel, style, svg
from cellsize.report.templates import environment

DRAWN = 0.95  # part of the groups that the chart shows: a single wrong label would hide all others


def render(result: SequenceCheck) -> str:
    """The page as HTML."""
    drawn, is_number = {}, result.new is not None and not result.new.right.size
    if result.new is not None:
        drawn["error"] = Markup(error_chart(result))
    if result.shifts:
        drawn["inputs"] = Markup(check_page.inputs_chart(result, "draws of old and new ones", "new sequences"))
    return (
        environment(Path(__file__).parent)
        .get_template("check_sequences.html.jinja")
        .render(
            title=sequence_verdict.title(result),
            headline=sequence_verdict.headline(result),
            advice=sequence_verdict.advice(result),
            bad=result.verdict in ("worse", "inputs shifted"),
            notes=sequence_verdict.notes(result),
            charts=drawn,
            error=sequence_verdict.error_in_words(result),
            hardness=sequence_quality.hardness_in_words(result.new, result.holdout, result.metric),
            labels=sequence_quality.label_word(result.metric),
            quality=[] if is_number else sequence_quality.in_words(result.new, result.holdout),
            coverage=None
            if not is_number or result.new is None
            else check_page.coverage_table(result.new, result.holdout, "sequences", FEWEST_GROUPS),
            meaning="" if result.metric is None else sequence_quality.meaning(result.metric),
            inputs=sequence_verdict.inputs_in_words(result),
            columns=check_page.columns_table(result),
            more=len(result.shifts) > check_page.MOST_DRAWN,
            most=check_page.MOST_DRAWN,
        )
    )


def error_chart(result: SequenceCheck) -> str:
    """The error of each group of sequences: the holdout's, then the new ones."""
    with style("error"):
        figure, axes = panel(check_page.WIDTH, 2.9)
        begin, ticks, highest = 0, [], 0.0
        for label, side, tint in (("holdout", result.holdout, SERIES[0]), ("new sequences", result.new, SERIES[1])):
            if side is None:
                continue
            errors = side.losses.mean(axis=0) / side.sequences
            highest = max(highest, float(np.quantile(errors, DRAWN)), side.error)
            axes.plot(begin + np.arange(len(errors)), errors, "o", ms=3, color=tint, alpha=0.6, label=label)
            mean, end = f"{label}, mean {side.error:.3f}", begin + len(errors) - 0.6
            axes.hlines(side.error, begin - 0.4, end, color=tint, lw=2, label=mean)
            ticks.append((begin + (len(errors) - 1) / 2, label))
            begin += len(errors) + 2
        axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])
        axes.set_ylim(0, 1.05 * highest or 1)
        axes.grid(visible=False, axis="x")
        assert result.metric is not None
        axes.set_ylabel(score_name(result.metric))
        figure.legend(loc="outside upper left", ncols=2)
        return svg(figure, "error", "Error of each group of sequences of the holdout and of the new ones")
