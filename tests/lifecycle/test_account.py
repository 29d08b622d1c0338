"""What a retraining came to."""

from dataclasses import replace
from typing import Any

import pytest

from cellsize.lifecycle.account import STATUS, Results, markdown, outcome, sentence
from cellsize.lifecycle.facts import NOTHING, Facts
from cellsize.lifecycle.verdict import Verdict
from cellsize.sizing.evaluation_records import Registration
from tests.registry.test_by_task import CLASSES
from tests.report.conftest import choice, evaluation

REFIT = Verdict("refit", "on 480 new windows all is well")
FACTS = Facts(**NOTHING | {"champion": "3", "size": "1 layer of 4 memory cells", "parameters": 120, "error": 0.25})


def results(version: str, promoted: bool, champion: str | None = None) -> Results:
    record = Registration(
        name="toy", version=version, alias="champion" if promoted else "challenger", registered=True,
        promoted=promoted, reason="the gate's *words*",
    )  # fmt: skip
    return Results(choice(), evaluation(), record, champion or (version if promoted else "3"))


@pytest.mark.parametrize(
    ("verdict", "made", "expected", "status"),
    [
        (Verdict("nothing", "why"), None, "nothing", 0),
        (REFIT, results("4", True), "promoted", 10),
        (REFIT, results("4", False), "not promoted", 11),
        (replace(REFIT, kind="refused"), None, "refused", 12),
        # A whole sizing that comes to the champion itself has changed nothing.
        (replace(REFIT, kind="resize"), results("3", True), "nothing", 0),
        # A record says what was; who is champion the registry says.
        (REFIT, results("4", True, champion="3"), "not promoted", 11),
        (REFIT, results("4", False, champion="4"), "promoted", 10),
    ],
)
def test_the_exit_status_tells_what_it_came_to(verdict: Verdict, made: Any, expected: str, status: int) -> None:
    came_to = outcome(verdict, FACTS, made)
    assert (came_to, STATUS[came_to]) == (expected, status)


def test_no_status_is_one_that_shells_python_or_typer_give() -> None:
    assert not set(STATUS.values()) & {1, 2, 130, 255}
    assert len(set(STATUS.values())) == len(STATUS)


def test_the_last_line_names_both_versions() -> None:
    assert sentence("promoted", FACTS, results("4", True)) == (
        "retrain: version 4 is champion, before version 3: the gate's *words*"
    )
    assert sentence("not promoted", FACTS, results("4", False)) == (
        "retrain: version 4 is registered; the champion is version 3: the gate's *words*"
    )
    assert sentence("refused", FACTS, None) == "retrain: the champion is version 3, as before"
    assert sentence("nothing", Facts(**NOTHING), None) == "retrain: the champion is none, as before"


def test_the_page_has_verdict_reason_both_models_and_the_words_of_the_gate() -> None:
    text = markdown("my_model", REFIT, "promoted", FACTS, results("4", True))
    head, why, rows, gate = text.rstrip("\n").split("\n\n")
    assert head == r"## my\_model: promoted"
    assert why == "**refit**: on 480 new windows all is well."
    _, _, old, new = rows.splitlines()
    assert old == "| champion before | 3 | 1 layer of 4 memory cells | 120 | 0.2500 | – |"
    assert new.startswith("| new | 4 |")
    assert f"| {evaluation().model.nmse:.4f} |" in new
    assert gate == r"The gate: the gate's \*words\*."


def test_a_classification_is_told_by_its_log_loss() -> None:
    made = Results(choice(), CLASSES, results("4", True).registration, "4")
    assert f"| {CLASSES.model.log_loss:.4f} |" in markdown("toy", REFIT, "promoted", FACTS, made)


def test_the_page_of_what_was_refused_says_that_nothing_has_moved() -> None:
    text = markdown("toy", Verdict("refused", "t.csv: no column 'x'"), "refused", FACTS, None)
    assert text == "## toy: refused\n\n**refused**: t.csv: no column 'x'.\n\nThe champion is version 3, as before.\n"
