"""What a check comes to: a verdict, its exit status, and the words for both."""

from dataclasses import dataclass
from typing import Literal

from cellsize.evaluation.holdout import LEVELS
from cellsize.lifecycle import unpaired
from cellsize.lifecycle.block_losses import BlockLosses
from cellsize.lifecycle.shift import Shift
from cellsize.lifecycle.unpaired import Compared, Intervals

Verdict = Literal["as before", "inputs shifted", "worse", "cannot tell"]
STATUS: dict[Verdict, int] = {"as before": 0, "inputs shifted": 3, "worse": 4, "cannot tell": 5}
NAMED = 5  # columns that a sentence names
TAKEN_AS_NEW = (
    "Rows are counted and have no time, and these do not begin with all that the model has learned from: each row is "
    "taken for a new one. Old ones among them would make the error look lower."
)


@dataclass(frozen=True)
class CheckResult:
    """What was measured on new rows.

    Attributes:
        name: Of the registered model.
        version: Its version.
        data: The file.
        first: Time of the first new row.
        last: Time of the last one.
        rows: New rows of all series.
        unknown: Series that the model has not learned from.
        taken_as_new: Whether rows count as new because nothing says when they are of.
        steps: Steps of a block of time.
        new: Losses on the new rows.
        holdout: Losses of the twins on their holdout; None: the version keeps none.
        metric: What an error is called.
        compared: Both, compared; None: there are too few blocks, or no holdout's.
        shifts: Of each input; none where the inputs could not be compared.
        compared_steps: How many of the newest steps the inputs were compared over.
        windows: Windows as long that the reference holds, one after another.
        no_inputs: Why the inputs could not be compared; empty where they were.
    """

    name: str
    version: str
    data: str
    first: str
    last: str
    rows: int
    unknown: tuple[str, ...]
    taken_as_new: bool
    steps: int
    new: BlockLosses
    holdout: BlockLosses | None
    metric: str
    compared: Compared | None
    shifts: tuple[Shift, ...]
    compared_steps: int
    windows: int
    no_inputs: str

    @property
    def shifted(self) -> tuple[Shift, ...]:
        """The inputs that have shifted, the surest first."""
        return tuple(sorted((each for each in self.shifts if each.is_shifted), key=lambda each: each.adjusted))

    @property
    def verdict(self) -> Verdict:
        """What it comes to: the error counts first, since it is what a forecast is for."""
        if self.compared is not None and self.compared.is_worse:
            return "worse"
        if self.shifted:
            return "inputs shifted"
        if self.compared is None or not self.compared.says_something:
            return "cannot tell"
        return "as before"


def title(result: CheckResult) -> str:
    """What was checked with which rows."""
    rows = f"{result.rows:,} new row{'s' * (result.rows != 1)}"
    return f"{result.name}, version {result.version}: {rows} of {result.data}, from {result.first} to {result.last}"


def headline(result: CheckResult) -> str:
    """The verdict in a sentence."""
    compared = result.compared
    match result.verdict:
        case "worse":
            assert compared is not None
            return f"Worse: the error on the new rows is {_higher(compared)} than it was on the holdout."
        case "inputs shifted":
            columns = listed([each.column for each in result.shifted])
            error = "; the error is not shown to be worse" if compared is not None else "; of the error nothing is said"
            return f"Inputs shifted: {columns} {_is(result.shifted)} unlike what the model has learned from{error}."
        case "as before":
            assert compared is not None
            return f"As before: the error on the new rows is {_higher(compared)} than on the holdout, within chance."
        case "cannot tell":
            return f"Cannot tell: {_why_not(result)}."


def advice(result: CheckResult) -> str:
    """What to do next."""
    match result.verdict:
        case "worse":
            said = "See whether the new rows are right: a sensor, a unit, a late delivery. "
            if _is_harder(result):
                return (
                    f"{said}The seasonal naive forecast has become as much worse: if they are, they are harder to "
                    "forecast for any model, and to train again (cellsize retrain) may not help."
                )
            return f"{said}If they are, train again: cellsize retrain."
        case "inputs shifted":
            return (
                "Look at these columns at their source. If the change is real and stays, train again before the error "
                "grows: cellsize retrain."
            )
        case "as before":
            return "Nothing has to be done."
        case "cannot tell":
            if result.holdout is None:
                return "Run its project again with this cellsize (cellsize run): the version then gets it."
            return "Check again when more rows have come."


def error_in_words(result: CheckResult) -> str:
    """The error compared with that of the holdout."""
    said = f"{result.metric} {result.new.error:.4f} on {_windows(result.new)}"
    if result.holdout is None:
        return f"{said}; nothing to compare it with."
    said += f"; {result.holdout.error:.4f} on the {_windows(result.holdout)} of the holdout"
    if result.compared is None:
        return f"{said}."
    low, high = result.compared.interval
    return f"{said}: {_higher(result.compared)} ({low:+.0f} to {high:+.0f} % with a probability of 90 %)."


def hardness_in_words(result: CheckResult) -> str:
    """Whether the time was harder to forecast for everyone; empty where nobody knows."""
    if result.holdout is None or not result.holdout.naive_error:
        return ""
    naive = 100 * (result.new.naive_error / result.holdout.naive_error - 1)
    return f"The error of the seasonal naive forecast is {more(naive)} than on the holdout."


def _is_harder(result: CheckResult) -> bool:
    """Whether the seasonal naive forecast has become worse by as many percent, or nearly."""
    if result.compared is None or result.holdout is None or not result.holdout.naive_error:
        return False
    return 100 * (result.new.naive_error / result.holdout.naive_error - 1) >= 0.8 * result.compared.higher


def coverage_in_words(side: Intervals, holdout: Intervals | None, fewest: int = unpaired.FEWEST_BLOCKS) -> list[str]:
    """Of each level how many targets its intervals hold.

    Args:
        side: What is new.
        holdout: The holdout, if the version keeps it.
        fewest: Blocks, or groups, that an interval of this takes.
    """
    lines = []
    for at, level in enumerate(LEVELS):
        new, between = side.coverage(at), unpaired.coverage_interval(side, at, fewest)
        if new != new:
            continue
        said = f"Intervals of {100 * level:.0f} % hold {100 * new:.0f} %"
        if between is not None:
            said += f" ({100 * between[0]:.0f} to {100 * between[1]:.0f} % with a probability of 90 %)"
        before = None if holdout is None else holdout.coverage(at)
        if before is not None and before == before:
            said += f"; on the holdout {100 * before:.0f} %"
            if is_too_narrow(side, holdout, at, fewest):
                said += ": too narrow now"
        lines.append(f"{said}.")
    return lines


def is_too_narrow(side: Intervals, holdout: Intervals | None, level: int, fewest: int = unpaired.FEWEST_BLOCKS) -> bool:
    """Whether intervals hold less than they promise, and than they did on the holdout, as sure as can be asked for.

    Args:
        side: What is new.
        holdout: The holdout, if the version keeps it.
        level: Position in `LEVELS`.
        fewest: Blocks, or groups, that this takes.
    """
    between = unpaired.coverage_interval(side, level, fewest)
    if between is None or holdout is None:
        return False
    return bool(between[1] < min(LEVELS[level], holdout.coverage(level)))


def inputs_in_words(result: CheckResult) -> str:
    """What was compared of the inputs, and what has shifted."""
    if result.no_inputs:
        return f"Inputs were not compared: {result.no_inputs}."
    count = len(result.shifts)
    said = (
        f"{count} input{'s' * (count != 1)}, newest {result.compared_steps:,} steps, compared with "
        f"{result.windows} equally long stretches of time that the model has learned from: "
    )
    if not result.shifted:
        return f"{said}none has shifted."
    return f"{said}{listed([f'{each.column} (p = {each.adjusted:.2g})' for each in result.shifted])} shifted."


def lines(result: CheckResult) -> list[str]:
    """All of it, as the command prints it."""
    said = [
        title(result),
        headline(result),
        error_in_words(result),
        hardness_in_words(result),
        *coverage_in_words(result.new, result.holdout),
    ]
    said.append(inputs_in_words(result))
    if result.taken_as_new:
        said.append(TAKEN_AS_NEW)
    if result.unknown:
        said.append(f"New to the model, and not among the inputs compared: series {listed(list(result.unknown))}.")
    return [line for line in (*said, advice(result)) if line]


def _why_not(result: CheckResult) -> str:
    if result.holdout is None:
        return f"version {result.version} was registered before cellsize kept what new rows are compared with"
    if result.compared is None:
        fewest, new, old = unpaired.FEWEST_BLOCKS, len(result.new.windows), len(result.holdout.windows)
        side, count = ("the new rows", new) if new < fewest else ("the holdout", old)
        return f"{side} hold{'s' * (new >= fewest)} {count} of at least {fewest} blocks of {result.steps:,} steps"
    low, high = result.compared.interval
    return f"the error may be anything from {more(low)} to {more(high)} than on the holdout: the new rows are too few"


def _higher(compared: Compared) -> str:
    return more(compared.higher)


def more(percent: float) -> str:
    """A difference in percent: `12 % higher`."""
    return f"{abs(percent):.0f} % {'higher' if percent >= 0 else 'lower'}"


def _windows(side: BlockLosses) -> str:
    count = int(side.windows.sum())
    return f"{count:,} window{'s' * (count != 1)}"


def _is(columns: tuple[Shift, ...]) -> str:
    return "is" if len(columns) == 1 else "are"


def listed(names: list[str]) -> str:
    """Some names, the others counted."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
