"""The summary for a pull request."""

import re

from cellsize.data.names import score_name
from cellsize.params import Report
from cellsize.report.error_tables import holdout
from cellsize.report.tables import Row, Table
from cellsize.report.wording import (
    NONE,
    answer,
    clipped,
    coverage,
    measured,
    number,
    past_bound,
    registration,
    tried,
    verdict,
    with_error,
)
from cellsize.report.words import Words
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Registration
from cellsize.sizing.rules import short
from cellsize.sizing.sizes import Size


def markdown(choice: Choice, evaluation: Evaluation, record: Registration, report: Report) -> str:
    """The answer, two small tables and the line about the registry."""
    sentences, bad = verdict(choice, evaluation)
    value, reason = registration(record)
    parts = [
        f"## {plain(report.title)}",
        opening(choice),
        f"{'⚠️ ' if bad else ''}{plain(sentences)}",
        f"Errors on the {number(evaluation.windows)} windows of the holdout:",
        table(holdout(evaluation, report.unit)),
        *filter(None, [plain(clipped(evaluation)), plain(coverage(evaluation))]),
        "Scores on the folds:",
        table(compared(choice)),
        f"Registry: **{plain(record.name)}**, {plain(value)}. Reason: {plain(reason)}",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def opening(choice: Choice, words: Words | None = None) -> str:
    """The answer, the reason, and that the size is at the bound, if it is.

    Args:
        choice: The choice.
        words: Of the task; None: of a forecast.
    """
    bound = past_bound(choice)
    said = f" {bound[0].upper()}{bound[1:]}." if bound else ""
    return f"**{answer(choice, words)}** {plain(choice.reason)}{said}"


def compared(choice: Choice) -> Table:
    """The choice, the best and zero cells, each once."""
    labels: dict[Size, list[str]] = {}
    for label, size in (
        ("chosen", choice.size),
        ("best", choice.best.size),
        ("no memory cells", choice.zero_cells.size),
    ):
        labels.setdefault(size, []).append(label)
    entries = [tried(choice)[size] for size in labels]
    rows = []
    for entry, names in zip(entries, labels.values(), strict=True):
        difference = with_error(entry.difference, entry.difference_se)
        cells = (
            ", ".join(names),
            short(entry.size),
            number(entry.parameters),
            measured(entry.score, entry.score_se),
            NONE if entry.size == choice.best.size else difference,
        )
        rows.append(Row(cells, chosen="chosen" in names))
    heads = (
        "",
        "Size",
        "Parameters",
        f"Score ({score_name(choice.metric)})",
        "Difference from the best, ± its standard error",
    )
    return Table(heads, tuple(rows), text=2)


def table(content: Table) -> str:
    """A table in GitHub's Markdown."""
    rule = [":--" if at < content.text else "--:" for at in range(len(content.head))]
    lines = [[plain(name) for name in content.head], rule]
    for row in content.rows:
        cells = map(plain, row.cells)
        lines.append([f"**{cell}**" if at in row.strong else cell for at, cell in enumerate(cells)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(text: str) -> str:
    """Text that Markdown takes literally, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))
