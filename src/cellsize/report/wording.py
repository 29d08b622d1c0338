"""Numbers and sizes as a reader wants them, and the sentences at the top of the page."""

import math
from collections.abc import Iterable
from typing import Any

Artefact = dict[str, Any]
NONE = "–"
MODELS = {
    "model": "this model",
    "ridge_linear": "ridge-linear",
    "seasonal_naive": "seasonal naive",
    "naive": "naive",
}
SAMPLES = {
    "targets": "target time points",
    "windows": "windows",
    "sequences": "series",
    "effective": "independent target time points, given the autocorrelation",
}


def number(value: float | None, decimals: int = 0) -> str:
    """A number with thousands separators and a true minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def decimals(values: Iterable[float | None], figures: int = 4) -> int:
    """Decimals that give the smallest of the values so many significant figures, so that a column lines up."""
    usable = [abs(value) for value in values if value is not None and math.isfinite(value) and value]
    return min(10, max(0, figures - 1 - math.floor(math.log10(min(usable))))) if usable else 0


def percent(part: float, whole: float) -> str:
    """How far apart two scores are, in per cent of the second, without a sign."""
    share = 100 * abs(part / whole - 1) if whole else 0.0
    return f"{share:.1f} %" if share < 10 else f"{share:.0f} %"


def plural(count: int, noun: str) -> str:
    """`1 layer`, `2 layers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def short(size: Artefact) -> str:
    """A size in a table: `2 × 16`, or `zero cells`."""
    return f"{size['layers']} × {size['units']}" if size["units"] else "zero cells"


def same(one: Artefact, other: Artefact) -> bool:
    """Whether two records are about one size."""
    return bool((one["layers"], one["units"]) == (other["layers"], other["units"]))


def entry(choice: Artefact, size: Artefact) -> Artefact | None:
    """What the table of sizes says of a size, or None if it was not tried."""
    return next((row for row in choice["sizes"] if same(row, size)), None)


def linear_map(choice: Artefact) -> str:
    """What zero cells are: with the skip a map of the whole window, without it of what is known ahead."""
    return f"a ridge-linear map of {'the window' if choice['skip'] == 'linear' else 'what is known ahead'}"


def answer(choice: Artefact) -> str:
    """The one sentence that the whole page is about."""
    if not choice["units"] and choice["rule"] == "budget":
        return f"Within the budget, no memory cells are best: {linear_map(choice)}."
    if not choice["units"]:
        row = entry(choice, choice)
        told = "is as good" if row is None or row["within"] else "will do"
        return f"This forecast needs no memory cells: {linear_map(choice)} {told}."
    each = " each" if choice["layers"] > 1 else ""
    size = f"{plural(choice['layers'], 'layer')} of {plural(choice['units'], 'memory cell')}{each}"
    if choice["rule"] == "budget":
        return f"Within the budget, the best {choice['cell'].upper()} has {size}."
    return f"Your {choice['cell'].upper()} needs {'at least ' if choice['at_least'] else ''}{size}."


def best_baseline(evaluation: Artefact) -> tuple[str, float] | None:
    """Name and error of the baseline that is hardest to beat, or None if none has an error."""
    errors = {name: scores["nmse"] for name, scores in evaluation["baselines"].items()}
    usable = {name: error for name, error in errors.items() if error is not None and math.isfinite(error)}
    return min(usable.items(), key=lambda item: item[1]) if usable else None


def verdict(choice: Artefact, evaluation: Artefact) -> tuple[str, bool]:
    """What the holdout says, and whether it is bad news that the reader must not overlook.

    Returns:
        The sentence, and whether the model failed to beat the best baseline.
    """
    best, error = best_baseline(evaluation), evaluation["model"]["nmse"]
    if best is None or error is None:
        return "The holdout gives no error to compare.", True
    name, other = MODELS.get(best[0], best[0]), best[1]
    places = decimals([error, other])
    figures = f"{number(error, places)} against {number(other, places)} variances"
    if not choice["units"] and math.isclose(error, other, rel_tol=1e-4):
        return f"On the holdout, which nothing had seen before, it errs as {name} does: {figures}.", False
    if error < other:
        gain = percent(error, other)
        told = f"On the holdout, which nothing had seen before, its squared error is {gain} below that of"
        return f"{told} the best baseline, {name}: {figures}.", False
    told = "But on the holdout, which nothing had seen before, it does not beat the best baseline"
    return f"{told}, {name}: {figures}. Do not use it before you know why.", True


def registration(record: Artefact) -> tuple[str, str]:
    """Whether the model can be served: in a few words, and the reason."""
    if not record["registered"]:
        return "not registered", record["reason"]
    alias = f", alias {record['alias']}" if record["alias"] else ", no alias"
    return f"version {record['version']}{alias}", record["reason"]
