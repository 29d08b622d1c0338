"""Numbers and sizes as a reader wants them, and the sentences at the top of the page."""

import math
from collections.abc import Iterable

from cellsize.data.names import BOOSTED_TREES, season_of
from cellsize.evaluation.gate import compared_with_trees
from cellsize.params import Metric
from cellsize.report.words import Words, of_forecast
from cellsize.sizing import figures
from cellsize.sizing.choice_records import Choice, TriedSize
from cellsize.sizing.evaluation_records import Evaluation, Registration
from cellsize.sizing.rules import alone
from cellsize.sizing.sizes import ZERO, Size

NONE = "–"
ERROR: dict[Metric, str] = {
    "mse": "normalised MSE", "mae": "normalised MAE", "quantile": "normalised pinball loss",
    "log_loss": "normalised log loss",
}  # fmt: skip
EXPLAINED: dict[Metric, str] = {
    "mse": "Scores are normalised MSE (nmse) too: the MSE divided by the variance of the training targets, that is "
    "1 − R².",
    "mae": "Scores are normalised MAE (nmae) too: the MAE divided by the mean absolute deviation of the training "
    "targets from their median.",
    "quantile": "Scores are normalised pinball losses (npinball) too: the mean pinball loss over the levels, divided "
    "by that of the same quantiles of the training targets.",
    "log_loss": "Scores are normalised log loss too: the log loss divided by that of always giving the class "
    "frequencies of the training sequences.",
}
# The best constant forecast, which scores 1.
CONSTANT: dict[Metric, str] = {
    "mse": "mean",
    "mae": "median",
    "quantile": "quantiles of the training targets",
    "log_loss": "class frequencies",
}
MODELS = {
    "model": "this model",
    "ridge_linear": "ridge-linear",
    "boosted_trees": "boosted trees",
    "naive": "naive",
}
SAMPLES = {
    "targets": "target time points",
    "windows": "windows",
    "sequences": "series",
    "effective": "independent target time points, given the autocorrelation",
}


LINEAR = "a linear model"  # what a forecast without memory cells is called in short


def number(value: float | None, decimals: int = 0) -> str:
    """A number with thousands separators and a true minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def measured(score: float | None, standard_error: float | None) -> str:
    """A score, or a difference of two, with the digits that its standard error justifies; four decimals without one."""
    decimals = figures.places(standard_error)
    return number(score, figures.PLAIN if decimals is None else decimals)


def with_error(value: float, standard_error: float) -> str:
    """A score or a difference of two, and its standard error, as `0.0012 ± 0.0054`."""
    return f"{measured(value, standard_error)} ± {measured(standard_error, standard_error)}"


def decimals(values: Iterable[float | None], figures: int = 4) -> int:
    """Decimals that give the smallest of the values so many significant figures, so that a column lines up."""
    usable = [abs(value) for value in values if value is not None and math.isfinite(value) and value]
    return min(10, max(0, figures - 1 - math.floor(math.log10(min(usable))))) if usable else 0


def percent(part: float, whole: float) -> str:
    """How far apart two scores are, in per cent of the second, without a sign."""
    difference = 100 * abs(part / whole - 1) if whole else 0.0
    return f"{difference:.1f} %" if difference < 10 else f"{difference:.0f} %"


def plural(count: int, noun: str) -> str:
    """`1 layer`, `2 layers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def worst(count: int, most: int) -> str:
    """Which of some series a table shows: `The 7 series`, `The worst 20 of 500 series`."""
    return f"The {count:,} series" if count <= most else f"The worst {most} of {count:,} series"


def tried(choice: Choice) -> dict[Size, TriedSize]:
    """Every size that was tried; the choice, the best and zero cells are always among them."""
    return {entry.size: entry for entry in choice.sizes}


def words_of(choice: Choice) -> Words:
    """How a choice is spoken of where no task says otherwise: as a forecast."""
    return of_forecast(choice.zero_cells_see)


def beside(choice: Choice) -> str:
    """What the memory cells, or the hidden units of an MLP, stand beside, in words."""
    kind = {"none": "plain", "linear": "beside a fixed", "joint": "beside a"}[choice.skip]
    return kind if choice.skip == "none" else f"{kind} linear model of {choice.linear:,} weights"


def has_company(choice: Choice) -> bool:
    """Whether it has to be said what the choice stands beside; an MLP that stands beside nothing is just an MLP."""
    return choice.size.has_memory or (choice.size != ZERO and choice.skip != "none")


def between(choice: Choice, linear: str = LINEAR) -> str:
    """The undecided sizes and the choice: `1 × 32 and 1 × 64`."""
    *others, last = (
        linear if entry.size == ZERO and not choice.size.has_memory else alone(entry.size)
        for entry in choice.undecided_sizes
    )
    before = f"{', '.join(others)}, {last}" if others else last
    return f"{before} and {'at least ' * (choice.at_least and choice.size.has_memory)}{alone(choice.size)}"


def past_bound(choice: Choice) -> str:
    """Says so if the choice is as large as the rule of thumb allows, or larger; empty if it is smaller."""
    return f"the size is at or past the bound of {plural(choice.bound, 'cell')}" if choice.bound_binding else ""


def refitted(choice: Choice, linear: str = LINEAR) -> str:
    """What is served where memory cells were left open."""
    model = linear if choice.size == ZERO else alone(choice.size)
    return f"Until more trainings decide it, {model} was refitted"


def answer(choice: Choice, words: Words | None = None) -> str:
    """The one sentence that the whole page is about.

    Args:
        choice: The choice.
        words: Of the task; None: of a forecast.
    """
    linear = LINEAR if words is None else f"a {words.linear}"
    words = words or words_of(choice)
    if choice.cells_left_open:
        helped = " Larger sizes still helped when the search ended." * choice.at_least
        open_cells = "Undecided: memory cells failed in some trainings and not in others."
        return f"{open_cells}{helped} {refitted(choice, linear)}."
    company = f", {beside(choice)}" * has_company(choice)
    if choice.at_least and not choice.size.has_memory:
        helped = "but larger sizes still helped when the search ended."
        if not choice.undecided_sizes:
            return f"So far {alone(choice.size)} will do, {helped}"
        open_ones = f"undecided is between {between(choice, linear)}, which was refitted{company}"
        return f"So far no memory cells are needed, {helped[:-1]}; {open_ones}."
    if choice.undecided_sizes and not choice.size.has_memory:
        open_ones = between(choice, linear)
        return f"{words.needs} no memory cells; undecided is between {open_ones}, which was refitted{company}."
    larger = " The work limit ended the search before larger sizes were ruled out." * bool(choice.not_ruled_out)
    if choice.undecided_sizes:
        return f"Undecided between {between(choice)}; {alone(choice.size)} was refitted{company}.{larger}"
    mlp = f"an MLP of {plural(choice.units, 'hidden unit')}{f' {beside(choice)}' * has_company(choice)}"
    if not choice.size.has_memory and choice.rule == "budget":
        model = words.zero_cells if choice.size == ZERO else mlp
        return f"Within the budget, no memory cells are best: {model}."
    if choice.size != ZERO and not choice.size.has_memory:
        return f"{words.needs} no memory cells: {mlp} will do."
    if choice.size == ZERO:
        judgement = "is as good" if choice.rule == "adequate" or tried(choice)[ZERO].within else "will do"
        return f"{words.needs} no memory cells: {words.zero_cells} {judgement}."
    each = " each" if choice.layers > 1 else ""
    size = f"{plural(choice.layers, 'layer')} of {plural(choice.units, 'memory cell')}{each}"
    at_least = "at least " * choice.at_least
    if choice.rule == "budget":
        return f"Within the budget, the best {choice.cell.upper()} has {at_least}{size}, {beside(choice)}.{larger}"
    return f"Your {choice.cell.upper()} needs {at_least}{size}, {beside(choice)}.{larger}"


def model_name(name: str) -> str:
    """A model's name as a reader wants it."""
    season = season_of(name)
    return MODELS.get(name, name) if season is None else f"seasonal naive, {plural(season, 'step')}"


def best_baseline(evaluation: Evaluation) -> tuple[str, float]:
    """Name, as a reader wants it, and error of the baseline hardest to beat, apart from trees; see `with_trees`."""
    baselines = {
        name: evaluation.error(errors) for name, errors in evaluation.baselines.items() if name != BOOSTED_TREES
    }
    name = min(baselines, key=baselines.__getitem__)
    return model_name(name), baselines[name]


def hardest_difference(evaluation: Evaluation) -> tuple[float, float, int] | None:
    """How sure the difference from that baseline is: it, its standard error, and at how many origins of the holdout.

    Returns:
        Baseline's error minus the model's at the origins of the classical model; None without one.
    """
    hardest, _ = best_baseline(evaluation)
    subset = evaluation.subset
    name = next((name for name in subset.difference_se if model_name(name) == hardest), None) if subset else None
    if subset is None or name is None or "model" not in subset.models:
        return None
    difference = evaluation.error(subset.models[name]) - evaluation.error(subset.models["model"])
    return difference, subset.difference_se[name], subset.origins


def with_trees(evaluation: Evaluation) -> tuple[str, bool]:
    """What boosted trees are worth on the holdout, and whether they are better than the model."""
    theirs, ours = evaluation.error(evaluation.baselines[BOOSTED_TREES]), evaluation.error(evaluation.model)
    sure = None if evaluation.subset is None else evaluation.subset.difference_se.get(BOOSTED_TREES)
    both = " compared with ".join(figures.apart(theirs, ours, sure))
    better, _ = compared_with_trees(evaluation)
    if better:
        return f"Boosted trees on the same inputs are better by {percent(theirs, ours)} there: {both}.", True
    return f"Boosted trees on the same inputs are no better there: {both}.", False


def verdict(choice: Choice, evaluation: Evaluation) -> tuple[str, bool]:
    """What the holdout says, and whether it is bad news that the reader must not overlook.

    Returns:
        The sentences, and whether the model failed to beat the best baseline or boosted trees.
    """
    trees, trees_better = with_trees(evaluation)
    (name, other), error = best_baseline(evaluation), evaluation.error(evaluation.model)
    kind, explained = ERROR[evaluation.metric], EXPLAINED[evaluation.metric]
    sure = hardest_difference(evaluation)
    both = " compared with ".join(figures.apart(error, other, None if sure is None else sure[1]))
    if choice.size == ZERO and math.isclose(error, other, rel_tol=1e-4):
        equal = f"On the holdout, which was not used before, its {kind} is that of the baseline {name}"
        same = " compared with ".join(figures.rounded(each, None) for each in (error, other))
        return f"{equal}: {same}. {trees} {explained}", trees_better
    if error < other and sure is not None and other - error <= sure[1]:
        clear = f"On the holdout, which was not used before, its {kind} is not clearly lower than"
        at = f"the difference at {plural(sure[2], 'origin')} is {with_error(*sure[:2])} (standard error)"
        return f"{clear} that of the best baseline, {name}: {both}; {at}. {trees} {explained}", trees_better
    if error < other:
        lower = f"On the holdout, which was not used before, its {kind} is {percent(error, other)} lower than"
        return f"{lower} that of the best baseline, {name}: {both}. {trees} {explained}", trees_better
    not_lower = f"But on the holdout, which was not used before, it does not beat the best baseline, {name}"
    return f"{not_lower}: its {kind} is {both}. Do not use it before you know why. {trees} {explained}", True


def clipped(evaluation: Evaluation) -> str:
    """Says which columns went beyond what training has shown; empty if none did."""
    if not evaluation.clipped:
        return ""
    counts = ", ".join(f"{column} {number(count)}" for column, count in evaluation.clipped.items())
    return (
        "Values of the holdout beyond what the training data have shown were clipped before the model saw them, by "
        f"column: {counts}."
    )


def coverage(evaluation: Evaluation) -> str:
    """Says how many of the holdout's targets the prediction intervals held; empty if there were too few residuals."""
    if not evaluation.coverage:
        return ""
    held = ", ".join(f"{100 * part:.1f} % ({level} %)" for level, part in evaluation.coverage.items())
    return (
        f"Of the holdout's targets the prediction intervals held, by their level: {held}. They are made of the errors "
        "on the folds, and nothing is adjusted to this."
    )


def registration(record: Registration) -> tuple[str, str]:
    """Whether the model can be served: in a few words, and the reason."""
    if not record.registered:
        return "not registered", record.reason
    alias = f", alias {record.alias}" if record.alias else ", no alias"
    return f"version {record.version}{alias}", record.reason
