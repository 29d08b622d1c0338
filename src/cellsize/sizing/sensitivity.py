"""How far the choice would move with less evidence: one seed alone, and one fold left out."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cellsize.params import Choose
from cellsize.sizing.rules import choose
from cellsize.sizing.scores import Scores, from_trials
from cellsize.sizing.sizes import ZERO, Size


def choices(trials: pd.DataFrame, rule: Choose, costs: dict[Size, float], folds: int) -> list[dict[str, Any]]:
    """Applies the rule to every seed alone, without each fold in turn.

    Args:
        trials: Rows of `trials.csv`, complete.
        rule: The rule and its numbers.
        costs: What each size costs in the budget's unit.
        folds: Number of folds; of two none is left out, since one alone has no spread.

    Returns:
        For each size that was chosen how often, most frequent first; the counts add up to seeds × folds, or to the
        seeds alone if there are two folds.
    """
    # Zero cells have nothing random in them: their one row for each fold stands beside every seed.
    linear = trials["units"] == ZERO.units
    counted: Counter[Size] = Counter()
    for seed in sorted(trials["seed"].unique()):
        scores = from_trials(trials[linear | (trials["seed"] == seed)], "build/trials.csv", folds)
        for left_out in range(folds) if folds > 2 else [None]:
            here = scores if left_out is None else [_without(one, left_out) for one in scores]
            counted[choose(here, rule, costs).chosen.size] += 1
    return [
        {"layers": size.layers, "units": size.units, "count": count}
        for size, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]


def _without(one: Scores, fold: int) -> Scores:
    return replace(one, folds=np.delete(one.folds, fold), train=np.delete(one.train, fold))
