"""How far the choice would change with less evidence: one seed alone, and one fold left out."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd

from cellsize.params import Choose
from cellsize.sizing.artefacts import Repeat
from cellsize.sizing.rules import choose
from cellsize.sizing.scores import Scores, from_trials
from cellsize.sizing.sizes import ZERO, Size


def choices(trials: pd.DataFrame, rule: Choose, costs: dict[Size, float], folds: int) -> tuple[Repeat, ...]:
    """Applies the rule to every seed alone, without each fold in turn.

    Args:
        trials: Rows of `trials.csv`, complete.
        rule: The rule and its numbers.
        costs: What each size costs in the budget's unit.
        folds: Number of folds; of two none is left out, since a single fold has no standard error.

    Returns:
        For each size that was chosen how often, most frequent first; the counts add up to seeds × folds, or to the
        seeds alone if there are two folds.
    """
    # Zero cells have nothing random in them: their one row for each fold counts for every seed.
    without_cells = trials["units"] == ZERO.units
    counts: Counter[Size] = Counter()
    for seed in sorted(trials["seed"].unique()):
        scores = from_trials(trials[without_cells | (trials["seed"] == seed)], "build/trials.csv", folds)
        for left_out in range(folds) if folds > 2 else [None]:
            remaining = scores if left_out is None else [_without(candidate, left_out) for candidate in scores]
            counts[choose(remaining, rule, costs).chosen.size] += 1
    return tuple(
        Repeat(layers=size.layers, units=size.units, count=count)
        for size, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _without(scores: Scores, fold: int) -> Scores:
    """The same size without one fold."""
    return replace(scores, trainings=np.delete(scores.trainings, fold, axis=0), train=np.delete(scores.train, fold))
