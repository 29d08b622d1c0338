"""The chosen size trained again on sequences with numbers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_numbers import refit_on_all, twins

RECIPE = Recipe(
    layers=1, units=2, learning_rate=0.05, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=6,
    penalty=0.0,
)  # fmt: skip


def test_neither_sequences_nor_numbers_of_the_holdout_reach_the_twins_and_both_reach_the_served_model(
    make_number_work: Callable[..., Work], number_schema: SequenceSchema, make_window: Callable[..., Window]
) -> None:
    work, window = make_number_work(), make_window(horizon=1)
    assert isinstance(work.samples, Sequences)
    inputs, target = work.samples.inputs.copy(), work.samples.target.copy()
    inputs[work.samples.rows(np.flatnonzero(work.folds.holdout))] += 3
    target[work.folds.holdout] += 100
    poisoned = replace(work, samples=replace(work.samples, inputs=inputs, target=target))
    first, second = twins(work, RECIPE, number_schema, window, 2, None)
    again = twins(poisoned, RECIPE, number_schema, window, 2, None)[0]
    assert first.net is not None
    assert second.net is not None
    assert again.net is not None
    pairs = zip(first.net.parameters(), again.net.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert first.fitted.scaling.label_mean == again.fitted.scaling.label_mean
    assert not torch.equal(first.net.head.weight, second.net.head.weight)
    served = [refit_on_all(each, RECIPE, number_schema, window, None) for each in (work, poisoned)]
    assert served[0].fitted.scaling.label_mean != served[1].fitted.scaling.label_mean
