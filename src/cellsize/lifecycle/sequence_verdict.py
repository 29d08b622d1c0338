"""What a check of sequences comes to, and the words for it: the verdicts and statuses are those of `check_verdict`."""

from dataclasses import dataclass

import numpy as np

from cellsize.data.windows import Floats
from cellsize.lifecycle import unpaired
from cellsize.lifecycle.check_verdict import Verdict, listed, more
from cellsize.lifecycle.new_sequences import NewSequences
from cellsize.lifecycle.sequence_losses import SequenceLosses
from cellsize.lifecycle.shift import Shift
from cellsize.lifecycle.unpaired import Compared

METRIC = "normalised log loss"
FEWEST_GROUPS = 20  # of sequences, on each side: losses of single ones are skewed
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
            return "As before: no input has shifted; without labels nothing is said of the error."
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
            return "See whether the new sequences and labels are right. If they are, train again: cellsize retrain."
        case "inputs shifted":
            return (
                "Look at these features at their source. If the change is real and stays, train again before the error "
                "grows: cellsize retrain."
            )
        case "as before":
            return "Nothing has to be done."
        case "cannot tell":
            if result.holdout is None:
                return "Run its project again with this cellsize (cellsize run): the version then gets it."
            return "Check again when more sequences have come."


def error_in_words(result: SequenceCheck) -> str:
    """The error compared with that of the holdout."""
    if result.new is None:
        return "" if result.found.is_labelled else "The file has no labels: the inputs alone are compared."
    said = f"{METRIC} {result.new.error:.4f} on {_sequences(int(result.new.sequences.sum()))}"
    assert result.holdout is not None
    said += f"; {result.holdout.error:.4f} on the {_sequences(int(result.holdout.sequences.sum()))} of the holdout"
    if result.compared is None:
        return f"{said}."
    low, high = result.compared.interval
    return f"{said}: {more(result.compared.higher)} ({low:+.0f} to {high:+.0f} % with a probability of 90 %)."


def hardness_in_words(result: SequenceCheck) -> str:
    """Whether the labels are other ones than before; empty where nobody knows."""
    if result.new is None or result.holdout is None or not result.holdout.constant_error:
        return ""
    higher = 100 * (result.new.constant_error / result.holdout.constant_error - 1)
    return f"The error of the class frequencies of training is {more(higher)} than on the holdout."


def quality_in_words(result: SequenceCheck) -> list[str]:
    """Accuracy, and whether the probabilities hold what they promise."""
    if result.new is None or result.holdout is None:
        return []
    accuracy, said = interval(result.new, result.new.right), f"Accuracy {100 * result.new.accuracy:.1f} %"
    if accuracy is not None:
        low, high = (min(max(100 * end, 0), 100) for end in accuracy)
        said += f" ({low:.1f} to {high:.1f} % with a probability of 90 %)"
    lines = [f"{said}; on the holdout {100 * result.holdout.accuracy:.1f} %."]
    too_sure = ": too sure now" if is_too_sure(result) else ""
    return [
        *lines,
        f"The labels that it says have a probability of {100 * result.new.sureness:.1f} % in the mean, and "
        f"{100 * result.new.accuracy:.1f} % of them are right; on the holdout {100 * result.holdout.sureness:.1f} and "
        f"{100 * result.holdout.accuracy:.1f} %{too_sure}.",
    ]


def is_too_sure(result: SequenceCheck) -> bool:
    """Whether it promises more than it holds, and more so than on the holdout, as sure as can be asked for."""
    if result.new is None or result.holdout is None:
        return False
    between = interval(result.new, result.new.sure - result.new.right)
    return between is not None and between[0] > max(0.0, result.holdout.sureness - result.holdout.accuracy)


def inputs_in_words(result: SequenceCheck) -> str:
    """What was compared of the inputs, and what has shifted."""
    if result.no_inputs:
        return f"Inputs were not compared: {result.no_inputs}."
    said = (
        f"{len(result.shifts)} summaries of the features of {_sequences(len(result.found.new))}, compared with as many "
        "drawn from old and new ones: "
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
        hardness_in_words(result),
        *quality_in_words(result),
        inputs_in_words(result),
        *notes(result),
        advice(result),
    ]
    return [line for line in said if line]


def interval(side: SequenceLosses, sums: Floats) -> tuple[float, float] | None:
    """An interval of 90 % for a mean over sequences, by groups; None where there are too few.

    Args:
        side: The sequences.
        sums: What is meant, summed over each group, shape (groups,).
    """
    if len(side.sequences) < FEWEST_GROUPS:
        return None
    low, high = np.quantile(unpaired.means(sums, side.sequences.astype(np.float64), 0)[1], [0.05, 0.95])
    return float(low), float(high)


def _why_not(result: SequenceCheck) -> str:
    if result.holdout is None:
        return f"version {result.version} was registered before cellsize kept what new sequences are compared with"
    if result.new is None:
        return f"the file has no labels, and inputs were not compared: {result.no_inputs}"
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
