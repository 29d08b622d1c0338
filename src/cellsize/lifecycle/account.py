"""What a retraining came to: its exit status, and a page in Markdown for a pull request."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cellsize.lifecycle.facts import Facts
from cellsize.lifecycle.verdict import Verdict
from cellsize.registry import by_task
from cellsize.registry.by_task import AnyEvaluation
from cellsize.report.summaries import plain, table
from cellsize.report.tables import Row, Table
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.rules import describe

Outcome = Literal["nothing", "promoted", "not promoted", "refused"]
# 0 is what a second call gives, as of every command that brings something up to date. 1 and 2 are faults of other
# kinds, 130 is Ctrl-C. So from 10 on it is a retraining's own, and up to 11 nothing went wrong.
STATUS: dict[Outcome, int] = {"nothing": 0, "promoted": 10, "not promoted": 11, "refused": 12}


@dataclass(frozen=True)
class Results:
    """What the stages have written.

    Attributes:
        choice: The size.
        evaluation: Errors on the holdout.
        registration: What became of the model.
        champion: Version that is champion now, as the registry says: no file can promise that.
    """

    choice: Choice
    evaluation: AnyEvaluation
    registration: Registration
    champion: str | None

    @classmethod
    def read(cls, reports: Path, champion: str | None) -> "Results":
        """Reads the folder of results."""
        return cls(
            Choice.read(reports / "choice.json"), by_task.read_evaluation(reports / "evaluation.json"),
            Registration.read(reports / "registration.json"), champion,
        )  # fmt: skip


def outcome(verdict: Verdict, facts: Facts, results: Results | None) -> Outcome:
    """What it came to.

    Args:
        verdict: What was to be done.
        facts: Which version was champion before.
        results: What the stages wrote; None if none ran.
    """
    if verdict.kind == "refused":
        return "refused"
    if results is None:
        return "nothing"
    if results.registration.version != results.champion:
        return "not promoted"
    return "nothing" if results.champion == facts.champion else "promoted"


def sentence(came_to: Outcome, facts: Facts, results: Results | None) -> str:
    """What it came to, in a line."""
    if results is None or came_to in ("refused", "nothing"):
        return f"retrain: the champion is {_version(facts.champion)}, as before"
    record = results.registration
    if came_to == "promoted":
        return f"retrain: version {record.version} is champion, before {_version(facts.champion)}: {record.reason}"
    champion = _version(results.champion)
    return f"retrain: version {record.version} is registered; the champion is {champion}: {record.reason}"


def markdown(name: str, verdict: Verdict, came_to: Outcome, facts: Facts, results: Results | None) -> str:
    """The page.

    Args:
        name: The model's name in the registry.
        verdict: What was to be done, and why.
        came_to: What it came to.
        facts: What was known before.
        results: What the stages wrote; None if none ran.
    """
    parts = [
        f"## {plain(name)}: {came_to if came_to != 'nothing' else 'nothing to do'}",
        f"**{verdict.kind}**: {plain(verdict.why)}.",
    ]
    if results is None:
        parts.append(f"The champion is {_version(facts.champion)}, as before.")
    else:
        parts += [table(_compared(facts, results)), f"The gate: {plain(results.registration.reason)}."]
    return "\n\n".join(parts) + "\n"


def _version(champion: str | None) -> str:
    return f"version {champion}" if champion else "none"


def _compared(facts: Facts, results: Results) -> Table:
    """The champion of before and the new version: sizes, errors, and both on the rows that are fair to both."""
    choice, evaluation, record = results.choice, results.evaluation, results.registration
    compared = evaluation.comparison
    head = ("", "Version", "Size", "Parameters", "Error on its holdout", "On the rows compared")
    rows = []
    if facts.champion is not None:
        rows.append(
            Row(
                (
                    "champion before", facts.champion, facts.size or "–", _number(facts.parameters),
                    _error(facts.error), _error(compared.champion if compared else None),
                )
            )
        )  # fmt: skip
    rows.append(
        Row(
            (
                "new", record.version, describe(choice.size), _number(choice.parameters),
                _error(by_task.said_of_errors(evaluation)["mean"]), _error(compared.challenger if compared else None),
            ),
            chosen=record.version == results.champion,
        )
    )  # fmt: skip
    return Table(head, tuple(rows), text=3)


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _error(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
