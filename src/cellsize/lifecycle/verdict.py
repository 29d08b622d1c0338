"""How much is trained again: the least that is right."""

from dataclasses import dataclass
from typing import Literal

from cellsize.lifecycle.facts import Facts
from cellsize.params import Register

Kind = Literal["nothing", "refit", "resize", "refused"]


@dataclass(frozen=True)
class Verdict:
    """What to do.

    Attributes:
        kind: Nothing; the champion's size trained again on all rows; a whole sizing; or the table is refused.
        why: The reason, as a sentence without its full stop.
    """

    kind: Kind
    why: str

    @property
    def said(self) -> str:
        """What to do and why, in a line."""
        what = {
            "nothing": "nothing to do", "refused": "refused",
            "refit": "refit: the champion's size and settings, trained on all rows",
            "resize": "resize: a whole sizing",
        }[self.kind]  # fmt: skip
        return f"retrain: {what}; {self.why}"


def decide(facts: Facts, gate: Register, *, full: bool) -> Verdict:
    """Decides by what is new.

    Args:
        facts: What is new, and how the champion does there.
        gate: Its margin and probability say what is worse, its blocks how many rows count as new.
        full: Whether a whole sizing is asked for, and changed rows are meant.
    """
    if facts.refused is not None:
        return Verdict("refused", facts.refused)
    if facts.changed_rows is not None and not full:
        return Verdict(
            "refused",
            f"not the rows that version {facts.champion} has learned from: {facts.changed_rows}; deliver them again, "
            "or, if they were corrected on purpose: cellsize retrain --full",
        )
    if full:
        changed = f"; rows of before have changed: {facts.changed_rows}" if facts.changed_rows else ""
        return Verdict("resize", f"--full asks for it{changed}")
    if facts.tried is not None:
        return Verdict(
            "nothing", f"version {facts.tried} was made of this table with these parameters, and is not champion"
        )
    return _by_what_changed(facts) or _by_new_rows(facts, gate)


def _by_what_changed(facts: Facts) -> Verdict | None:
    """A whole sizing, where there is nothing to refit or something else than rows is new; else None."""
    if facts.champion is None:
        return Verdict("resize", "no version is champion yet")
    if not facts.known:
        return Verdict(
            "resize",
            f"what version {facts.champion} has learned from cannot be read: it was registered before cellsize "
            "kept that, or a file of it is gone or broken",
        )
    if facts.changed_params:
        return Verdict("resize", f"params.yaml has other values since version {facts.champion}: "
                                 f"{', '.join(facts.changed_params)}")  # fmt: skip
    if facts.incomparable is not None:
        return Verdict("resize", f"version {facts.champion} {facts.incomparable}")
    return None


def _by_new_rows(facts: Facts, gate: Register) -> Verdict:
    """By how many rows are new, and by how the champion does there."""
    samples = f"{facts.sample}{'s' * (facts.new_windows != 1)}"
    new = f"{facts.new_windows:,} new {samples} in {facts.new_blocks} {facts.units_are}"
    if facts.new_windows == 0:
        why = f"no {facts.sample} of the holdout is newer than what version {facts.champion} has learned from"
        return Verdict("nothing", f"{why}; to size anew all the same: cellsize retrain --full")
    if facts.new_blocks < gate.blocks:
        return Verdict("nothing", f"{new}, and fewer than {gate.blocks} {facts.unit}s (register.blocks) count as none")
    on = f"on {new} version {facts.champion} has an error of {facts.now:.4f}"
    then = "" if facts.before is None else f", its twins had {facts.before:.4f} on their holdout"
    if facts.worse is not None and facts.worse >= gate.probability:
        return Verdict(
            "resize", f"{on}{then}: worse by more than {gate.margin:g} %, with probability {facts.worse:.2f}"
        )
    if facts.open_end is not None and (facts.units or 0) > (facts.units_before or 0):
        return Verdict(
            "resize", f"{facts.open_end}, and the rows now allow {facts.units} units where they allowed "
            f"{facts.units_before}"
        )  # fmt: skip
    if facts.holds_searched:
        where = "; new ones belong behind the old ones in the table" if facts.sample == "sequence" else ""
        return Verdict("resize", f"{on}{then}; but the holdout now has rows that the size was searched on{where}")
    sure = "" if facts.worse is None else f" (worse by more than {gate.margin:g} % with probability {facts.worse:.2f})"
    return Verdict("refit", f"{on}{then}{sure}")
