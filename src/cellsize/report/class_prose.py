"""What the report says of labelled sequences in words."""

import math

from cellsize.data.names import LOGISTIC_REGRESSION
from cellsize.inspection.sequences import of_duplicates
from cellsize.report.class_tables import NAMES, percent
from cellsize.report.tiles import NO_CLEAR, Tile, difference
from cellsize.report.wording import ERROR, EXPLAINED, plural, with_error
from cellsize.report.wording import percent as apart_by
from cellsize.sizing import figures
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ClassEvaluation, SequenceInspection
from cellsize.sizing.sizes import ZERO


def best_baseline(evaluation: ClassEvaluation) -> str:
    """The baseline with the lowest log loss."""
    return min(evaluation.baselines, key=lambda name: (evaluation.error(evaluation.baselines[name]), name))


def both(evaluation: ClassEvaluation, name: str) -> tuple[str, str]:
    """The model's normalised log loss and a baseline's, with the digits that their difference justifies."""
    ours, theirs = evaluation.error(evaluation.model), evaluation.error(evaluation.baselines[name])
    return figures.apart(ours, theirs, evaluation.differences[name].score_se)


def accuracy(evaluation: ClassEvaluation) -> str:
    """The model's accuracy with its standard error."""
    return f"{percent(evaluation.model.accuracy)} ± {percent(evaluation.accuracy_se)}"


def verdict(choice: Choice, evaluation: ClassEvaluation) -> tuple[str, bool]:
    """What the holdout says, and whether it is bad news that the reader must not overlook."""
    name = best_baseline(evaluation)
    ours, theirs = evaluation.error(evaluation.model), evaluation.error(evaluation.baselines[name])
    sure, kind = evaluation.differences[name], ERROR[evaluation.metric]
    values = " compared with ".join(both(evaluation, name))
    labels = (
        f"On the {evaluation.sequences:,} sequences of the holdout, which were not used before, it labels "
        f"{accuracy(evaluation)} (standard error) rightly"
    )
    explained = EXPLAINED[evaluation.metric]
    unclear = abs(theirs - ours) <= sure.score_se
    error_of = f"the difference is {with_error(sure.score, sure.score_se)} (standard error)"
    bad = False
    if choice.size == ZERO and name == LOGISTIC_REGRESSION and math.isclose(ours, theirs, rel_tol=1e-4):
        said = f"{labels}. Its {kind} is that of the baseline {NAMES[name]}: {values}."
    elif ours < theirs and unclear:
        lower = f"its {kind} is not clearly lower than that of the best baseline, {NAMES[name]}"
        said = f"{labels}, but {lower}: {values}; {error_of}."
    elif ours < theirs:
        lower = f"{apart_by(ours, theirs)} lower than that of the best baseline, {NAMES[name]}"
        said = f"{labels}. Its {kind} is {lower}: {values}."
    else:
        bad = True
        clear = f", though not clearly: {error_of}" if unclear else f": {error_of}"
        said = (
            f"But on the holdout, which was not used before, the baseline {NAMES[name]} is better{clear}. The "
            f"{kind} of this model is {values}; it labels {accuracy(evaluation)} (standard error) of "
            f"{evaluation.sequences:,} sequences rightly, the baseline "
            f"{percent(evaluation.baselines[name].accuracy)}. Do not use it before you know why."
        )
    return f"{said} {_more_accurate(evaluation, name)}{explained}", bad


def _more_accurate(evaluation: ClassEvaluation, said: str) -> str:
    """A baseline that labels more of the sequences rightly, if another one than was said does; else empty."""
    name = max(evaluation.baselines, key=lambda each: evaluation.baselines[each].accuracy)
    theirs, ours = evaluation.baselines[name].accuracy, evaluation.model.accuracy
    if name == said or theirs <= ours:
        return ""
    compared = f"{percent(theirs)} compared with {percent(ours)}"
    return f"More of them are labelled rightly by the baseline {NAMES[name]}: {compared}. "


def tiles(evaluation: ClassEvaluation) -> list[Tile]:
    """The key facts of the holdout."""
    model, name = evaluation.model, best_baseline(evaluation)
    trainings = f"; mean of {len(evaluation.twins)} trainings" if len(evaluation.twins) > 1 else ""
    note = f"macro-F1 {model.macro_f1:.3f}, log loss {model.log_loss:.3f}{trainings}"
    sure, kind = evaluation.differences[name], ERROR[evaluation.metric]
    ours, theirs = evaluation.error(model), evaluation.error(evaluation.baselines[name])
    values = both(evaluation, name)
    compared = f"{kind} on the holdout {values[0]}; the baseline's {values[1]}"
    if ours != theirs:
        compared += f"; difference {with_error(sure.score, sure.score_se)} (standard error)"
    unclear = ours != theirs and abs(ours - theirs) <= sure.score_se
    return [
        Tile("Accuracy on the holdout", accuracy(evaluation), note),
        Tile(
            f"Compared with the best baseline ({NAMES[name]})",
            NO_CLEAR if unclear else difference(ours, theirs, "log loss"),
            compared,
        ),
    ]


def remarks(inspection: SequenceInspection, evaluation: ClassEvaluation) -> list[str]:
    """What is odd about the sequences, and which baseline was not measured."""
    return [*of_duplicates(inspection), *([evaluation.left_out] if evaluation.left_out else [])]


def data(inspection: SequenceInspection, evaluation: ClassEvaluation) -> list[str]:
    """What the sequences are, in sentences."""
    counts = ", ".join(f"{name} {count:,}" for name, count in inspection.classes.items())
    return [
        f"Before the holdout there are {inspection.sequences:,} sequences of {inspection.shortest} to "
        f"{plural(inspection.longest, 'step')}"
        + (
            f", in {inspection.groups:,} groups that stay together."
            if inspection.groups < inspection.sequences
            else "."
        ),
        f"Classes before the holdout: {counts}.",
        f"The holdout has {evaluation.sequences:,} sequences"
        + (f" in {evaluation.groups:,} groups." if evaluation.groups < evaluation.sequences else "."),
    ]


def reliability(evaluation: ClassEvaluation) -> str:
    """What to read from the reliability curve."""
    said = sum(each.count * each.probability for each in evaluation.reliability) / evaluation.sequences
    right = sum(each.count * each.right for each in evaluation.reliability) / evaluation.sequences
    return (
        "Sequences are gathered by the probability of the class that the model says; a point above the dashed line is "
        "right more often than it says. The number is how many sequences a point stands for; its bar, one standard "
        "error up and down, is what chance alone would do to probabilities that are right. On average the model gives "
        f"{percent(said)} to what it says, and is right for {percent(right)}."
    )
