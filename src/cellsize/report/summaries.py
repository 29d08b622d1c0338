"""The summary for a pull request."""

import re

from cellsize.params import Report
from cellsize.report.tables import Row, Table, holdout
from cellsize.report.wording import NONE, Artefact, answer, decimals, entry, number, registration, same, short, verdict


def markdown(choice: Artefact, evaluation: Artefact, record: Artefact, report: Report) -> str:
    """The answer, two small tables and the line about the registry."""
    told, bad = verdict(choice, evaluation)
    value, reason = registration(record)
    parts = [
        f"## {_plain(report.title)}",
        f"**{answer(choice)}** {_plain(choice['reason'])}",
        f"{'⚠️ ' if bad else ''}{_plain(told)}",
        f"Holdout, {number(evaluation['windows'])} windows:",
        table(holdout(evaluation, report.unit)),
        "Folds:",
        table(_compared(choice)),
        f"Registry: **{_plain(record['name'])}**, {_plain(value)}. {_plain(reason)}",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _compared(choice: Artefact) -> Table:
    """The choice, the best and zero cells, each once."""
    named: list[tuple[list[str], Artefact]] = []
    for label, size in (("chosen", choice), ("best", choice["best"]), ("zero cells", choice["zero_cells"])):
        if size is None:
            continue
        known = next((names for names, other in named if same(other, size)), None)
        if known is None:
            named.append(([label], size))
        else:
            known.append(label)
    places = decimals(size["score"] for _, size in named)
    rows = []
    for names, size in named:
        row = entry(choice, size)
        apart = NONE
        if row and not same(size, choice["best"]):
            apart = f"{number(row['difference'], places)} ± {number(row['difference_se'], places)}"
        cells = (", ".join(names), short(size), number(size["parameters"]), number(size["score"], places), apart)
        rows.append(Row(cells, chosen="chosen" in names))
    return Table(("", "Size", "Parameters", "Score", "Difference to the best"), tuple(rows), text=2)


def table(content: Table) -> str:
    """A table in GitHub's Markdown."""
    rule = [":--" if at < content.text else "--:" for at in range(len(content.head))]
    lines = [[_plain(name) for name in content.head], rule]
    for row in content.rows:
        cells = map(_plain, row.cells)
        lines.append([f"**{cell}**" if at in row.strong else cell for at, cell in enumerate(cells)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown takes literally, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))
