"""Everything the page says in words: tiles, captions, notes and the method."""

from dataclasses import dataclass

import pandas as pd

from cellsize.data.folds import Folds
from cellsize.data.windows import Windows
from cellsize.report.tables import untried
from cellsize.report.wording import (
    MODELS,
    SAMPLES,
    Artefact,
    best_baseline,
    decimals,
    entry,
    linear_map,
    number,
    percent,
    plural,
    registration,
    same,
    short,
)

RULES = {
    "one_standard_error": (
        "The answer is the smallest size within one standard error of the best, or a smaller one that scores no worse "
        "than that."
    ),
    "best": "The answer is the size with the lowest mean score, however many parameters it has (rule: best).",
    "within_percent": "The answer is the smallest size within a set percentage of the best.",
}
PROCEDURES = {
    "climb": (
        "Sizes were trained from the smallest up, until larger ones were no better or cost too much (search.cost_limit); "
        "then with one layer more."
    ),
    "grid": "Every size of the grid was trained.",
    "random": "A random sample of the grid was trained.",
    "alpha": "Only the sizes that α gives were trained.",
}


@dataclass(frozen=True)
class Tile:
    """A key fact: what it is, the figure, and what it means."""

    label: str
    value: str
    note: str


def tiles(choice: Artefact, evaluation: Artefact, record: Artefact) -> list[Tile]:
    """The key facts."""
    best, zero, row = choice["best"], choice["zero_cells"], entry(choice, choice)
    places = decimals([choice["score"], best["score"]])
    score = number(choice["score"], places)
    parts = (
        f"recurrent {number(row['recurrent'])}, head {number(row['head'])}, linear {number(row['linear'])}"
        if row
        else ""
    )
    facts = [Tile("Parameters", number(choice["parameters"]), parts)]
    if same(choice, best):
        facts.append(Tile("Among the sizes tried", "the best", f"score {score}; 0 is perfect"))
    else:
        error = f" ± {number(row['difference_se'], places)}" if row and row["difference_se"] is not None else ""
        away = f"difference {number(choice['score'] - best['score'], places)}{error} in score"
        note = f"{away}; that one has {number(best['parameters'])} parameters"
        facts.append(Tile(f"Against the best size ({short(best)})", _apart(choice["score"], best["score"]), note))
    if zero and choice["units"]:
        gain = f"score {score} against {number(zero['score'], places)} without memory cells"
        facts.append(Tile("Against zero cells", _apart(choice["score"], zero["score"]), gain))
    rival, error = best_baseline(evaluation), evaluation["model"]["nmse"]
    if rival and error is not None:
        name, places = MODELS.get(rival[0], rival[0]), decimals([error, rival[1]])
        note = f"{number(error, places)} against {number(rival[1], places)} variances on the holdout"
        facts.append(Tile(f"Against the best baseline ({name})", _apart(error, rival[1]), note))
    if choice["alpha_implied"] is not None:
        note = f"the bound of {plural(choice['bound'], 'cell')} was {'' if choice['bound_binding'] else 'not '}binding"
        facts.append(Tile("α that the choice implies", f"{choice['alpha_implied']:.3g}", note))
    value, reason = registration(record)
    return [*facts, Tile(f"Registered as {record['name']}", value, reason)]


def _apart(score: float, other: float) -> str:
    if f"{score:.4g}" == f"{other:.4g}":
        return "no difference"
    return f"{percent(score, other)} {'less' if score < other else 'more'} error"


def captions(choice: Artefact, candidates: Artefact, trials: pd.DataFrame, *, timed: bool) -> dict[str, str]:
    """What to read from each chart."""
    mine = trials[
        (trials["layers"] == choice["layers"]) & (trials["units"] == choice["units"]) & (trials["status"] == "ok")
    ]
    scores = mine.groupby("fold")["score"].mean()
    spread = f" (here from {scores.min():.3g} to {scores.max():.3g})" if len(scores) else ""
    lines = "The bound counts the cells of all layers together, so two layers get half as many each. "
    sizes = (
        "Each point is the mean score over the folds: squared error in variances of the training data, so 0 is perfect "
        f"and 1 is no better than always saying the mean. How far the folds are apart{spread} is not what the bars "
        "show. They show how sure the difference to the best size is: plus or minus one standard error of the "
        "difference on the same folds, corrected for the data that the folds share. A filled point is no worse than "
        "the best by more than that. "
        f"{lines if candidates['bound']['kind'] == 'neurons' else ''}"
    )
    folds = (
        "Each row is one fold. It learns from the train part; the stop part says when to stop; the score comes "
        "from the validation part alone. Windows that would share a row of data with another part are purged. The "
        "holdout was used once, after everything was decided."
    )
    if not timed:
        folds += " Whole series are the validation parts, so the bars show shares of the windows, not time."
    curves = (
        "One thin line for each fold and seed, at the learning rate that its stop part chose; the dot is the epoch "
        "whose weights were kept. If most lines are lowest at their end, try more epochs (search.training.epochs)."
    )
    return {"sizes": sizes.strip(), "folds": folds, "curves": curves}


def spread(choice: Artefact) -> str:
    """How far the choice moves with less evidence."""
    found = choice["spread"]
    repeats = sum(one["count"] for one in found)
    listed = ", ".join(f"{short(one)} in {one['count']}" for one in found)
    return (
        "The same rule on less evidence, each seed alone and (with more than two folds) without each fold in turn, "
        f"chooses, of {plural(repeats, 'time')}: {listed}. These share most of their data, so that they are no odds: "
        "a whole search with other seeds may move further (docs/sizing.md has figures)."
    )


def notes(choice: Artefact, candidates: Artefact, trials: pd.DataFrame) -> list[str]:
    """What the table of sizes leaves out."""
    told = []
    failed = trials[trials["status"] == "failed"]
    if len(failed):
        names = sorted({(int(row["layers"]), int(row["units"])) for row in failed.to_dict("records")})
        listed = ", ".join(short({"layers": layers, "units": units}) for layers, units in names)
        told.append(
            f"{plural(len(failed), 'training')} failed, in: {listed}. "
            "A size is ranked only if every fold and seed has a training that did not."
        )
    left = untried(candidates, choice)
    if left:
        told.append(f"In the grid, without a score: {', '.join(left)}.")
    return told


def bound(choice: Artefact, candidates: Artefact) -> str:
    """What the bound did here."""
    used = candidates["bound"]
    counted = SAMPLES[candidates["counted"]]
    told = (
        f"With {candidates['n_inputs']} inputs a step (N_i), {candidates['n_outputs']} outputs (N_o) and "
        f"{number(candidates['samples'][candidates['counted']])} {counted} (N_s) in the smallest fold's training part, "
        f"α = {used['alpha']:g} allows {plural(used['units'], 'memory cell')}"
        f"{' in all layers together, N_s/(α(N_i + N_o))' if used['kind'] == 'neurons' else ' in one layer'}. "
    )
    told += "The bound was binding here. " if choice["bound_binding"] else "The bound was not binding here. "
    if choice["alpha_implied"] is not None:
        told += f"The chosen size corresponds to α = {choice['alpha_implied']:.3g}. "
    return told + (
        "The rule comes from feed-forward nets, where cells and parameters say the same; an LSTM's parameters "
        "grow with the square of its cells, so the bounds on parameters are far tighter (after the arrow: the cells "
        "of one layer)."
    )


def method(windows: Windows, folds: Folds, choice: Artefact, trials: pd.DataFrame) -> list[str]:
    """How it decided, in plain lines."""
    count, seeds = len(folds.labels), trials.loc[trials["units"] > 0, "seed"].nunique()
    start = windows.start
    last = start[folds.holdout].min() > start[folds.development].max()
    repeats = f", with {plural(seeds, 'seed')} each" if seeds > 1 else ""
    epochs = f" for {plural(choice['epochs'], 'epoch')}" if choice["units"] and choice["epochs"] else ""
    return [
        f"A window sees {plural(windows.lookback, 'step')} and predicts {windows.horizon}; there are {len(start):,}. "
        f"The holdout, {'the last part in time, ' if last else ''}{int(folds.holdout.sum()):,} of them, had no say in "
        "the choice of the size.",
        f"Each size was trained on {count} folds{repeats}. No window of one part shares a row of data with another.",
        "In each fold the stop part, not the validation part, decides the number of epochs and the learning rate; the "
        "validation part only gives the score. Scales come from the training part alone.",
        PROCEDURES.get(choice["procedure"], f"Procedure: {choice['procedure']}."),
        "Sizes are compared fold by fold, each with the best one, so that an easy or a hard fold favours none. The "
        "standard error is the one of Nadeau and Bengio, which allows for training parts that overlap.",
        _rule(choice),
        f"Zero cells is a size too: {linear_map(choice)}. Memory cells have to earn their place.",
        f"The chosen size was trained again{epochs} on everything but the holdout, and then met the holdout once.",
    ]


def _rule(choice: Artefact) -> str:
    if choice["budget"] is None:
        return RULES.get(choice["rule"], f"Rule: {choice['rule']}.")
    limit, cost, unit = (choice["budget"][key] for key in ("limit", "cost", "unit"))
    return f"The answer is the best size at no more than {limit:,g} {unit} (rule: budget); it has {cost:,.6g}."


def crossed(baselines: Artefact) -> str:
    """The baselines' scores on the folds, comparable with the scores of the sizes."""
    means = {MODELS.get(name, name): sum(by_fold) / len(by_fold) for name, by_fold in baselines["all"].items()}
    listed = ", ".join(f"{name} {mean:.4f}" for name, mean in means.items())
    return f"On the folds, where the sizes are scored, the baselines have: {listed}."
