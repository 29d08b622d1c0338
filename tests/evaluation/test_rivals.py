"""Challenger and champion, and the training of the champion's recipe."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cellsize.data.batches import truth
from cellsize.evaluation.rivals import Rivals, rivals
from cellsize.models.forecaster import Forecaster
from cellsize.training.records import Work
from tests.evaluation.conftest import GATE, recipe_of


def test_without_a_champion_there_are_no_rivals(
    make_work: Callable[..., Work], refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    assert rivals(None, [refitted(work)], recipe_of(), work, GATE, count=2) is None


def test_the_champions_recipe_is_trained_with_its_own_network_on_the_challengers_rows(
    make_work: Callable[..., Work], refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    of_champion = replace(work, network=work.network.model_copy(update={"cell": "gru"}))
    model, champion = refitted(work), refitted(of_champion)
    trained = against(work, [model], champion).train(recipe_of(2), champion)
    assert [(twin.network.cell, twin.size.units, twin.learned_until) for twin in trained] == [
        ("gru", 2, model.learned_until)
    ] * 2  # fmt: skip
    # And nothing of the holdout: the same twins whatever the holdout holds.
    target = work.windows.target.copy()
    after = work.windows.step > work.windows.start[work.folds.development].max() + work.windows.span
    target[after] += 7
    changed = replace(work, samples=replace(work.windows, target=target))
    again = against(changed, [model], champion).train(recipe_of(2), champion)
    holdout = np.flatnonzero(work.folds.holdout)
    for twin, other in zip(trained, again, strict=True):
        np.testing.assert_array_equal(twin.predict(work.windows, holdout), other.predict(work.windows, holdout))
    assert not np.array_equal(
        truth(work.windows, model.fitted.scaling, holdout), truth(changed.windows, model.fitted.scaling, holdout)
    )
