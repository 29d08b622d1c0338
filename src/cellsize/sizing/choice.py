"""The choice as a record: what was chosen, what it was compared with, what guessing would have cost."""

from typing import Any

import pandas as pd

from cellsize.errors import InputError
from cellsize.params import Choose
from cellsize.sizing import caveats
from cellsize.sizing.candidates import alpha_implied
from cellsize.sizing.rules import Choice, choose, within_one_error
from cellsize.sizing.scores import Scores, compare, from_trials
from cellsize.sizing.sensitivity import choices
from cellsize.sizing.sizes import Size


def decide(
    trials: pd.DataFrame, timings: pd.DataFrame, candidates: dict[str, Any], rule: Choose, folds: int, procedure: str
) -> dict[str, Any]:
    """The content of `choice.json`.

    Args:
        trials: Rows of `trials.csv`.
        timings: Rows of `timings.csv`; read only if the budget is in milliseconds.
        candidates: Content of `candidates.json`.
        rule: The rule and its numbers.
        folds: Number of folds that every size must have.
        procedure: How the sizes were searched, for the record.

    Raises:
        InputError: A size is incomplete, or none is within the budget.
    """
    scores = from_trials(trials, "build/trials.csv", folds)
    listed = [*candidates["alpha_ladder"], *candidates["candidates"]]
    described = {Size(one["layers"], one["units"]): one for one in listed}
    unknown = [one.size for one in scores if one.size not in described]
    if unknown:
        raise InputError(f"build/trials.csv: size {unknown[0]} is no candidate; run search again")
    costs = _costs(described, timings, rule)
    made = choose(scores, rule, costs)
    chosen, size = made.chosen, made.chosen.size
    setting = _setting(trials, size)
    by_size = {one.size: one for one in scores}
    samples = candidates["samples"][candidates["counted"]]
    bound = candidates["bound"]["units"]
    open_end = caveats.open_end(made.best.size, by_size, candidates, procedure)
    uneven = caveats.uneven(chosen, made.best) if rule.rule == "one_standard_error" else ""
    caution = " ".join(filter(None, (open_end, uneven)))
    found = caveats.overfitting(by_size, candidates) if procedure == "alpha" else ""
    return {
        "layers": size.layers,
        "units": size.units,
        "cell": candidates["network"]["cell"],
        "skip": candidates["network"]["skip"],
        "parameters": chosen.parameters,
        "recurrent": described[size]["recurrent"],
        **setting,
        **_measured(chosen),
        "best": _named(made.best),
        "zero_cells": _named(by_size[Size(0, 0)]),
        "difference": made.difference.mean,
        "difference_se": made.difference.standard_error,
        "odds": _odds(made, rule),
        "spread": choices(trials, rule, costs, folds),
        "bound": bound,
        "bound_binding": described[size]["at_bound"],
        "alpha_implied": alpha_implied(samples, size, candidates["n_inputs"], candidates["n_outputs"]),
        "rule": rule.rule,
        "budget": _budget(rule, costs[size]),
        "procedure": procedure,
        "reason": " ".join(filter(None, (made.reason, found, caution))),
        "caution": caution,
        "at_least": bool(open_end) and size == made.best.size,
        "rules_of_thumb": [_thumb(one, by_size, chosen) for one in candidates["rules_of_thumb"]],
        "sizes": [_line(trials, described, one, made) for one in scores],
    }


def recipe(choice: dict[str, Any]) -> dict[str, Any]:
    """What the refit trains, of a `choice.json`: another reason for the same size needs no other model."""
    keys = ("layers", "units", "learning_rate", "dropout", "weight_decay", "epochs", "penalty")
    return {key: choice[key] for key in keys}


def _odds(made: Choice, rule: Choose) -> dict[str, Any] | None:
    """The larger size most likely to be better by more than a share of the chosen score, and how likely."""
    if made.larger is None:
        return None
    return {**vars(made.larger.size), "tolerance": rule.tolerance, "probability": made.larger_probability}


def _budget(rule: Choose, cost: float) -> dict[str, Any] | None:
    """The limit that was set, and what the choice costs of it."""
    return {"unit": rule.budget, "limit": rule.limit, "cost": cost} if rule.rule == "budget" else None


def _costs(described: dict[Size, dict[str, Any]], timings: pd.DataFrame, rule: Choose) -> dict[Size, float]:
    if rule.rule == "budget" and rule.budget == "milliseconds":
        columns = (timings[key] for key in ("layers", "units", "milliseconds"))
        return {Size(int(layers), int(units)): float(cost) for layers, units, cost in zip(*columns, strict=True)}
    return {size: float(one["bytes" if rule.budget == "bytes" else "parameters"]) for size, one in described.items()}


def _measured(one: Scores) -> dict[str, float]:
    return {"score": one.mean, "score_se": one.standard_error}


def _named(one: Scores) -> dict[str, Any]:
    return {
        "layers": one.size.layers,
        "units": one.size.units,
        "parameters": one.parameters,
        **_measured(one),
    }


def _rows(trials: pd.DataFrame, size: Size) -> pd.DataFrame:
    here = (trials["layers"] == size.layers) & (trials["units"] == size.units) & (trials["status"] == "ok")
    return trials[here]


def _setting(trials: pd.DataFrame, size: Size) -> dict[str, Any]:
    """For the refit: the setting that most folds chose (then the lowest stop score), its median epochs."""
    rows = _rows(trials, size)
    keys = ["learning_rate", "dropout", "weight_decay"]
    table = rows.groupby(keys).agg(votes=("fold", "nunique"), stop=("early_stopping_score", "mean")).reset_index()
    best = table.sort_values(["votes", "stop"], ascending=[False, True], kind="stable").iloc[0]
    mine = rows[(rows[keys] == best[keys]).all(axis=1)]
    penalties = rows.groupby("penalty")["fold"].nunique()
    return {
        **{key: float(best[key]) for key in keys},
        "epochs": int(mine["epochs"].median()),
        "penalty": float(penalties.sort_values(ascending=False, kind="stable").index.to_numpy(float)[0]),
    }


def _thumb(rule: dict[str, Any], by_size: dict[Size, Scores], chosen: Scores) -> dict[str, Any]:
    found = by_size.get(Size(rule["layers"], rule["units"]))
    if found is None:
        return {**rule, "score": None, "difference": None, "difference_se": None}
    difference = compare(found, chosen)
    return {
        **rule, "score": found.mean, "difference": difference.mean, "difference_se": difference.standard_error
    }  # fmt: skip


def _line(trials: pd.DataFrame, described: dict[Size, dict[str, Any]], one: Scores, made: Choice) -> dict[str, Any]:
    difference = compare(one, made.best)
    return {
        **_named(one),
        **{key: described[one.size][key] for key in ("recurrent", "head", "linear")},
        "learning_rate": _setting(trials, one.size)["learning_rate"],
        "difference": difference.mean,
        "difference_se": difference.standard_error,
        "within": within_one_error(one, made.best),
    }
