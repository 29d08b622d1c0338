"""What the report says of sequences with numbers in words."""

import math

from cellsize.data.names import BOOSTED_TREES, NEAREST_NEIGHBOUR, RIDGE_LINEAR
from cellsize.report.tiles import NO_CLEAR, Tile, difference
from cellsize.report.wording import ERROR, EXPLAINED, plural, with_error
from cellsize.report.wording import percent as apart_by
from cellsize.sizing import figures
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.number_records import NumberEvaluation, NumberInspection
from cellsize.sizing.sizes import ZERO

NAMES = {
    "model": "this model",
    "mean": "mean",
    "median": "median",
    RIDGE_LINEAR: "ridge regression on summaries",
    BOOSTED_TREES: "boosted trees on summaries",
    NEAREST_NEIGHBOUR: "nearest neighbour by dynamic time warping",
}


def best_baseline(evaluation: NumberEvaluation) -> str:
    """The baseline with the lowest score."""
    return min(evaluation.baselines, key=lambda name: (evaluation.baselines[name].score, name))


def both(evaluation: NumberEvaluation, name: str) -> tuple[str, str]:
    """The model's score and a baseline's, with the digits that their difference justifies."""
    ours, theirs = evaluation.model.score, evaluation.baselines[name].score
    return figures.apart(ours, theirs, evaluation.differences[name].score_se)


def verdict(choice: Choice, evaluation: NumberEvaluation, unit: str) -> tuple[str, bool]:
    """What the holdout says, and whether it is bad news that the reader must not overlook."""
    name, kind = best_baseline(evaluation), ERROR[evaluation.metric]
    ours, theirs, sure = evaluation.model.score, evaluation.baselines[name].score, evaluation.differences[name]
    values = " compared with ".join(both(evaluation, name))
    off = (
        f"On the {evaluation.sequences:,} sequences of the holdout, which were not used before, it is off by "
        f"{evaluation.model.mae:.4g} {unit} on average (R² {evaluation.model.r2:.3f})"
    )
    unclear = abs(theirs - ours) <= sure.score_se
    error_of = f"the difference is {with_error(sure.score, sure.score_se)} (standard error)"
    bad = False
    if choice.size == ZERO and name == RIDGE_LINEAR and math.isclose(ours, theirs, rel_tol=1e-4):
        said = f"{off}. Its {kind} is that of the baseline {NAMES[name]}: {values}."
    elif ours < theirs and unclear:
        said = f"{off}, but its {kind} is not clearly lower than that of the best baseline, {NAMES[name]}: {values}; "
        said += f"{error_of}."
    elif ours < theirs:
        lower = f"{apart_by(ours, theirs)} lower than that of the best baseline, {NAMES[name]}"
        said = f"{off}. Its {kind} is {lower}: {values}."
    else:
        bad = True
        clear = f"{'though not clearly' if unclear else 'and clearly'}: {error_of}"
        said = (
            f"But on the holdout, which was not used before, the baseline {NAMES[name]} is better, {clear}. The "
            f"{kind} of this model is {values}; it is off by {evaluation.model.mae:.4g} {unit} on average, the "
            f"baseline by {evaluation.baselines[name].mae:.4g}. Do not use it before you know why."
        )
    return f"{said} {EXPLAINED[evaluation.metric]}", bad


def tiles(evaluation: NumberEvaluation, unit: str) -> list[Tile]:
    """The key facts of the holdout."""
    model, name, kind = evaluation.model, best_baseline(evaluation), ERROR[evaluation.metric]
    trainings = f"; mean of {len(evaluation.twins)} trainings" if len(evaluation.twins) > 1 else ""
    ours, theirs, sure = model.score, evaluation.baselines[name].score, evaluation.differences[name]
    values = both(evaluation, name)
    compared = f"{kind} on the holdout {values[0]}; the baseline's {values[1]}"
    if ours != theirs:
        compared += f"; difference {with_error(sure.score, sure.score_se)} (standard error)"
    unclear = ours != theirs and abs(ours - theirs) <= sure.score_se
    return [
        Tile("Off on the holdout by", f"{model.mae:.4g} {unit}", f"mean absolute error; R² {model.r2:.3f}{trainings}"),
        Tile(
            f"Compared with the best baseline ({NAMES[name]})",
            NO_CLEAR if unclear else difference(ours, theirs, kind),
            compared,
        ),
    ]


def remarks(inspection: NumberInspection, evaluation: NumberEvaluation) -> list[str]:
    """What is odd about the sequences, and which baseline was not measured."""
    said = [evaluation.left_out] if evaluation.left_out else []
    if not inspection.duplicates:
        return said
    return [
        f"{inspection.duplicates:,} sequences are equal to an earlier one: with split.duplicates: group they stay "
        "together, with spread all scores are too good",
        *said,
    ]


def data(inspection: NumberInspection, evaluation: NumberEvaluation, unit: str) -> list[str]:
    """What the sequences are, in sentences."""
    lowest, low, middle, high, highest = (inspection.quantiles[key] for key in ("0", "25", "50", "75", "100"))
    grouped = inspection.groups < inspection.sequences
    return [
        f"Before the holdout there are {inspection.sequences:,} sequences of {inspection.shortest} to "
        f"{plural(inspection.longest, 'step')}"
        + (f", in {inspection.groups:,} groups that stay together." if grouped else "."),
        f"Numbers before the holdout: from {lowest:.4g} to {highest:.4g} {unit}, half of them up to {middle:.4g}, the "
        f"middle half from {low:.4g} to {high:.4g}.",
        f"The holdout has {evaluation.sequences:,} sequences"
        + (f" in {evaluation.groups:,} groups." if evaluation.groups < evaluation.sequences else "."),
    ]


def coverage(evaluation: NumberEvaluation) -> str:
    """How many numbers of the holdout lie in the model's intervals."""
    if not evaluation.coverage:
        return "There are too few residuals of the folds for prediction intervals."
    parts = [f"{100 * inside:.0f} % in that of {level} %" for level, inside in evaluation.coverage.items()]
    return (
        "Prediction intervals are made of what was left over on the folds. Of the numbers of the holdout "
        f"{', '.join(parts)}: measured, never tuned."
    )
