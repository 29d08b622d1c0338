"""The least that is right, case by case."""

from typing import Any

import pytest

from cellsize.lifecycle.facts import NOTHING, Facts
from cellsize.lifecycle.verdict import decide
from cellsize.params import Register

GATE = Register(name="toy", beat=("naive",), margin=1.0, probability=0.9, not_worse=0.8, blocks=20)
# A champion as good on new rows as it was.
FRESH: dict[str, Any] = NOTHING | {
    "champion": "3", "known": True, "new_windows": 480, "new_blocks": 20, "now": 0.2503, "before": 0.25, "worse": 0.31,
    "searched_until": "2026-05-31T23:00:00",
}  # fmt: skip


def facts(**changes: Any) -> Facts:
    return Facts(**FRESH | changes)


@pytest.mark.parametrize(
    ("changes", "full", "kind"),
    [
        ({}, False, "refit"),
        # Nothing new, or too little of it.
        ({"new_windows": 0, "new_blocks": 0, "now": None, "worse": None}, False, "nothing"),
        ({"new_blocks": 19}, False, "nothing"),
        ({"tried": "4"}, False, "nothing"),
        ({"champion": None, "known": False, "tried": "1"}, False, "nothing"),
        # Worse than it was, and how sure that has to be.
        ({"worse": 0.899}, False, "refit"),
        ({"worse": 0.9}, False, "resize"),
        ({"worse": 0.99, "new_blocks": 19}, False, "nothing"),
        # A champion without twins has nothing to be compared with.
        ({"before": None, "worse": None}, False, "refit"),
        # The last answer was open upwards: only where the rule allows more than then.
        ({"open_end": "the last answer is at the bound", "units": 64, "units_before": 64}, False, "refit"),
        ({"open_end": "the last answer is at the bound", "units": 128, "units_before": 64}, False, "resize"),
        ({"open_end": None, "units": 128, "units_before": 64}, False, "refit"),
        # No error on rows that the size was searched on would be untouched.
        ({"holds_searched": True}, False, "resize"),
        ({"holds_searched": True, "new_blocks": 19}, False, "nothing"),
        # Nothing to refit.
        ({"champion": None, "known": False}, False, "resize"),
        ({"known": False}, False, "resize"),
        ({"changed_params": ("window.lookback",)}, False, "resize"),
        ({"incomparable": "reads other columns"}, False, "resize"),
        # Asked for, whatever is new.
        ({"new_windows": 0, "new_blocks": 0}, True, "resize"),
        ({"tried": "4"}, True, "resize"),
        # A broken delivery; corrected rows can be meant, an unreadable table cannot.
        ({"refused": "sales.csv: no column 'load'"}, False, "refused"),
        ({"refused": "sales.csv: no column 'load'"}, True, "refused"),
        ({"changed_rows": "4 rows fewer than before"}, False, "refused"),
        ({"changed_rows": "4 rows fewer than before", "worse": 0.99}, False, "refused"),
        ({"changed_rows": "4 rows fewer than before"}, True, "resize"),
    ],
)
def test_the_least_that_is_right_is_done(changes: dict[str, Any], full: bool, kind: str) -> None:
    assert decide(facts(**changes), GATE, full=full).kind == kind


def test_a_verdict_says_what_and_why_in_a_line() -> None:
    assert decide(facts(), GATE, full=False).said == (
        "retrain: refit: the champion's size and settings, trained on all rows; on 480 new windows in 20 blocks "
        "version 3 has an error of 0.2503, its twins had 0.2500 on their holdout (worse by more than 1 % with "
        "probability 0.31)"
    )
    assert decide(facts(worse=0.97, now=0.3), GATE, full=False).said == (
        "retrain: resize: a whole sizing; on 480 new windows in 20 blocks version 3 has an error of 0.3000, its twins "
        "had 0.2500 on their holdout: worse by more than 1 %, with probability 0.97"
    )
    assert decide(facts(holds_searched=True), GATE, full=False).why.endswith(
        "on their holdout; but the holdout now has rows that the size was searched on"
    )
    assert decide(facts(new_windows=24, new_blocks=1), GATE, full=False).said == (
        "retrain: nothing to do; 24 new windows in 1 blocks, and fewer than 20 blocks (register.blocks) count as none"
    )
    gone = decide(facts(changed_rows="4 rows fewer than before"), GATE, full=False).said
    assert gone == (
        "retrain: refused; not the rows that version 3 has learned from: 4 rows fewer than before; deliver them again, "
        "or, if they were corrected on purpose: cellsize retrain --full"
    )
    assert "\n" not in gone
