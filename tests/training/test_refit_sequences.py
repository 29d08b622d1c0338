"""The chosen size trained again on labelled sequences."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_sequences import refit_on_all, twins

RECIPE = Recipe(
    layers=1, units=2, learning_rate=0.05, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=6,
    penalty=0.0,
)  # fmt: skip


def test_twins_do_not_see_the_holdout_and_the_served_model_does(
    make_class_work: Callable[..., Work], sequence_schema: SequenceSchema, make_window: Callable[..., Window]
) -> None:
    work, window = make_class_work(), make_window(horizon=1)
    assert isinstance(work.samples, Sequences)
    inputs = work.samples.inputs.copy()
    inputs[work.samples.rows(np.flatnonzero(work.folds.holdout))] += 3
    poisoned = replace(work, samples=replace(work.samples, inputs=inputs))
    first, second = twins(work, RECIPE, sequence_schema, window, 2)
    again = twins(poisoned, RECIPE, sequence_schema, window, 2)[0]
    assert first.net is not None
    assert second.net is not None
    assert again.net is not None
    pairs = zip(first.net.parameters(), again.net.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    np.testing.assert_array_equal(first.fitted.scaling.mean, again.fitted.scaling.mean)
    assert not torch.equal(first.net.head.weight, second.net.head.weight)
    served = [refit_on_all(each, RECIPE, sequence_schema, window) for each in (work, poisoned)]
    assert (served[0].fitted.scaling.mean != served[1].fitted.scaling.mean).any()
