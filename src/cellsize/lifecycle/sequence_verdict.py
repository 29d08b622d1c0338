"""What a check of sequences comes to, and the words for it: the verdicts and statuses are those of `check_verdict`."""

from dataclasses import dataclass

from cellsize.data.names import score_name
from cellsize.lifecycle import sequence_quality
from cellsize.lifecycle.check_verdict import Verdict, listed, more
from cellsize.lifecycle.new_sequences import NewSequences
from cellsize.lifecycle.sequence_losses import SequenceLosses
from cellsize.lifecycle.sequence_quality import FEWEST_GROUPS, label_word
from cellsize.lifecycle.sequence_reference import CHARACTERS
from cellsize.lifecycle.shift import Shift
from cellsize.lifecycle.unpaired import Compared
from cellsize.params import Metric

TAKEN_AS_NEW = (
    "The version does not keep which sequences it has learned from, and all of these count as new. Old ones among them "
    "would make the error look lower."
)


@dataclass(frozen=True)
class SequenceCheck:
    """What was measured on new sequences.

    Attributes:
        name: Of the registered model.
        version: Its version.
        data: The file.
        found: What it holds.
        metric: By which errors are compared; None: the version keeps nothing.
        equal: New texts that equal one that the model has learned from: their errors say nothing of other texts.
        new: Losses on the new sequences that have a label; None: there are none, or the version keeps nothing.
        holdout: Losses of the twins on their holdout; None: the version keeps none.
        compared: Both, compared; None: there are too few groups on a side.
        shifts: Of each summary; none where they could not be compared.
        no_inputs: Why they could not be; empty where they were.
    """

    name: str
    version: str
    data: str
    found: NewSequences
    metric: Metric | None
    equal: int
    new: SequenceLosses | None
    holdout: SequenceLosses | None
    compared: Compared | None
    shifts: tuple[Shift, ...]
    no_inputs: str

    @property
    def shifted(self) -> tuple[Shift, ...]:
        """The summaries that have shifted, the surest first."""
        return tuple(sorted((each for each in self.shifts if each.is_shifted), key=lambda each: each.adjusted))

    @property
    def verdict(self) -> Verdict:
        """What it comes to: a label that the model cannot say is an error for sure; then as for forecasts."""
        if self.found.unknown_labels or (self.compared is not None and self.compared.is_worse):
            return "worse"
        if self.shifted:
            return "inputs shifted"
        if not self.found.is_labelled and self.shifts:
            return "as before"
        if self.compared is None or not self.compared.says_something:
            return "cannot tell"
        return "as before"


def title(result: SequenceCheck) -> str:
    """What was checked with which sequences."""
    return f"{result.name}, version {result.version}: {_sequences(len(result.found.new), 'new ')} of {result.data}"


def headline(result: SequenceCheck) -> str:
    """The verdict in a sentence."""
    compared, unknown = result.compared, result.found.unknown_labels
    match result.verdict:
        case "worse" if unknown:
            count = sum(unknown.values())
            return (
                f"Worse: {_sequences(count, 'new ')} {'have' if count > 1 else 'has'} a label that the model has never "
                f"seen: {listed(list(unknown))}."
            )
        case "worse":
            assert compared is not None
            return f"Worse: the error on the new sequences is {more(compared.higher)} than it was on the holdout."
        case "inputs shifted":
            columns = listed([each.column for each in result.shifted])
            error = "; the error is not shown to be worse" if compared is not None else "; of the error nothing is said"
            are = "is" if len(result.shifted) == 1 else "are"
            return f"Inputs shifted: {columns} {are} unlike what the model has learned from{error}."
        case "as before" if compared is None:
            return f"As before: no input has shifted; without {label_word(result.metric)} nothing is said of the error."
        case "as before":
            assert compared is not None
            return f"As before: the error on the new sequences is {more(compared.higher)} than on the holdout, within chance."  # noqa: E501
        case "cannot tell":
            return f"Cannot tell: {_why_not(result)}."


def advice(result: SequenceCheck) -> str:
    """What to do next."""
    match result.verdict:
        case "worse" if result.found.unknown_labels:
            return (
                "See whether these labels are right. If they are, train again: cellsize retrain measures the size anew."
            )
        case "worse":
            labels = label_word(result.metric)
            return f"See whether the new sequences and {labels} are right. If they are, train again: cellsize retrain."
        case "inputs shifted":
            return (
                "Look at these inputs at their source. If the change is real and stays, train again before the error "
                "grows: cellsize retrain."
            )
        case "as before":
            return "Nothing has to be done."
        case "cannot tell":
            if result.metric is None:
                return "Run its project again with this cellsize (cellsize run): the version then gets it."
            return "Check again when more sequences have come."


def error_in_words(result: SequenceCheck) -> str:
    """The error compared with that of the holdout."""
    if result.new is None:
        if result.found.is_labelled:
            return ""
        return f"The file has no {label_word(result.metric)}: the inputs alone are compared."
    assert result.metric is not None
    said = f"{score_name(result.metric)} {result.new.error:.4f} on {_sequences(int(result.new.sequences.sum()))}"
    if result.holdout is None:
        return f"{said}; nothing to compare it with."
    said += f"; {result.holdout.error:.4f} on the {_sequences(int(result.holdout.sequences.sum()))} of the holdout"
    if result.compared is None:
        return f"{said}."
    low, high = result.compared.interval
    return f"{said}: {more(result.compared.higher)} ({low:+.0f} to {high:+.0f} % with a probability of 90 %)."


def inputs_in_words(result: SequenceCheck) -> str:
    """What was compared of the inputs, and what has shifted."""
    if result.no_inputs:
        return f"Inputs were not compared: {result.no_inputs}."
    what = "the characters" if result.shifts[-1].column == CHARACTERS else "the features"
    said = (
        f"{len(result.shifts)} summaries of {what} of {_sequences(len(result.found.new))}, compared with as many drawn "
        "from old and new ones: "
    )
    if not result.shifted:
        return f"{said}none has shifted."
    return f"{said}{listed([f'{each.column} (p = {each.adjusted:.2g})' for each in result.shifted])} shifted."


def notes(result: SequenceCheck) -> list[str]:
    """What else a reader has to know."""
    found, said = result.found, list[str]()
    if found.taken_as_new:
        said.append(TAKEN_AS_NEW)
    if found.known:
        said.append(f"{_sequences(found.known)} that the model has learned from, or from their groups, are not judged.")
    if result.equal:
        said.append(
            f"{_sequences(result.equal, 'new ')} that equal{'s' * (result.equal == 1)} one that the model has learned "
            "from, which it knows by heart: not in the error above."
        )
    if found.unknown_labels:
        counts = [f"{label} ({count})" for label, count in found.unknown_labels.items()]
        said.append(f"Labels that the model has never seen, and cannot say: {listed(counts)}; not in the error above.")
    return said


def lines(result: SequenceCheck) -> list[str]:
    """All of it, as the command prints it."""
    said = [
        title(result),
        headline(result),
        error_in_words(result),
        sequence_quality.hardness_in_words(result.new, result.holdout, result.metric),
        *sequence_quality.in_words(result.new, result.holdout),
        inputs_in_words(result),
        *notes(result),
        advice(result),
    ]
    return [line for line in said if line]


def _why_not(result: SequenceCheck) -> str:
    if result.metric is None:
        return f"version {result.version} was registered before cellsize kept what new sequences are compared with"
    if result.new is None and not result.found.is_labelled:
        return f"the file has no {label_word(result.metric)}, and inputs were not compared: {result.no_inputs}"
    if result.new is None:
        return "each new text equals one that the model has learned from"
    if result.holdout is None:
        return "each text of the holdout is there more than once: nothing says how good the model is on new ones"
    if result.compared is None:
        new, old = len(result.new.sequences), len(result.holdout.sequences)
        side, count = ("the new sequences are of", new) if new < FEWEST_GROUPS else ("the holdout is of", old)
        return f"{side} {count} of at least {FEWEST_GROUPS} groups (each sequence its own where none are declared)"
    low, high = result.compared.interval
    return (
        f"the error may be anything from {more(low)} to {more(high)} than on the holdout: the new sequences are too few"
    )


def _sequences(count: int, which: str = "") -> str:
    return f"{count:,} {which}sequence{'s' * (count != 1)}"
