"""Which windows are fair to challenger and champion, and what is compared on them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cellsize.evaluation.blocks import block_of
from cellsize.evaluation.comparison import Fair, compare, fair
from cellsize.evaluation.rivals import Rivals
from cellsize.models.forecaster import Forecaster
from cellsize.params_data import Window
from cellsize.sizing.evaluation_records import Comparison
from cellsize.training.records import Work
from cellsize.training.refit import cut_of, refit_on_all
from tests.evaluation.conftest import recipe_of

MakeWork = Callable[..., Work]
SEASON = 3  # a block is three steps: longer than the horizon


def found(work: Work, both: Rivals[Forecaster]) -> Fair | str:
    return fair(work.windows, work.folds, both, SEASON)


def until(work: Work, model: Forecaster, window: int) -> Forecaster:
    """The model, as if it had learned the first target of a window of the holdout."""
    first = work.windows.first[work.folds.holdout][window]
    return replace(model, learned_until=work.windows.said(first + work.windows.lookback))


def test_a_champion_is_compared_as_it_is_served_where_enough_of_the_holdout_is_newer(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    model, holdout = refitted(work), np.flatnonzero(work.folds.holdout)
    chosen = found(work, against(work, [model], until(work, model, 9)))
    assert isinstance(chosen, Fair)
    assert chosen.is_served
    # The tenth window predicts what it has learned first of all; the eleventh nothing of it, though it sees it.
    assert chosen.windows.tolist() == holdout[10:].tolist()
    blocks = block_of(work.windows, work.folds, chosen.windows, SEASON)
    assert blocks.tolist() == [(start + work.windows.lookback) // 3 for start in work.windows.start[holdout[10:]]]


def test_where_too_few_rows_are_newer_both_recipes_are_trained_on_the_same_cut(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    twins, served = [refitted(work)], refit_on_all(work, recipe_of(2), *_described(refitted(work)))
    assert served.learned_until == work.windows.said(len(work.windows.step) - 1)
    both = against(work, twins, served, recipe_of(2))
    chosen = found(work, both)
    assert isinstance(chosen, Fair)
    assert not chosen.is_served
    assert chosen.windows.tolist() == np.flatnonzero(work.folds.holdout).tolist()
    assert [(model.size.units, model.learned_until) for model in chosen.models] == [(2, twins[0].learned_until)] * 2
    # Twins that the registry has of this very cut are not trained again.
    kept = (refitted(work, units=2),)
    again = found(work, replace(both, champion=replace(both.champion, twins=kept, cut=both.challenger.cut)))
    assert isinstance(again, Fair)
    assert again.models[0] is kept[0]
    # Those of another cut would know other rows.
    other = found(work, replace(both, champion=replace(both.champion, twins=kept, cut="another")))
    assert isinstance(other, Fair)
    assert other.models[0] is not kept[0]
    # A version of before has no recipe.
    assert found(work, against(work, twins, served)) == (
        f"has learned from rows of this holdout (until {served.learned_until}), and the registry does not have its "
        "recipe"
    )


def test_a_champion_that_reads_other_columns_is_not_compared(
    make_work: MakeWork, make_window: Callable[..., Window], refitted: Callable[..., Forecaster],
    against: Callable[..., Rivals[Forecaster]],
) -> None:  # fmt: skip
    work = make_work()
    model = refitted(work)
    for champion in (
        replace(model, schema=replace(model.schema, flagged=("x",))),
        replace(model, window=make_window(lookback=4)),
    ):
        assert found(work, against(work, [model], champion)) == "reads other columns, or has another window"
    assert isinstance(found(work, against(work, [model], replace(model, schema=replace(model.schema, gap=7)))), Fair)


def test_a_champion_that_forecasts_other_quantiles_is_not_compared(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    model = refitted(work)
    both = against(work, [model], replace(model, quantiles=(0.1, 0.5)))
    assert found(work, both) == "forecasts the quantiles 0.1, 0.5, and this project values alone"
    levels = replace(work, samples=replace(work.windows, quantiles=(0.5,)))
    assert found(levels, both) == "forecasts the quantiles 0.1, 0.5, and this project the quantiles 0.5"


def test_a_holdout_of_few_blocks_compares_nothing(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    model = refitted(work)
    why = fair(work.windows, work.folds, against(work, [model], model), 24)
    assert why == "the holdout holds 2 blocks of 24 steps, but a comparison needs 4 (register.blocks)"


def ragged(make_work: MakeWork, scale: str = "global") -> Work:
    """Two series, each with a holdout of its own; the second one ends earlier."""
    random, days = np.random.default_rng(0), np.arange(210)
    values = [5 + np.sin(days[:end] / 3) + 0.3 * random.standard_normal(end) for end in (210, 150)]
    return make_work(*values, window={"scale": scale}, split={"holdout_of": "series"})


def test_where_series_have_holdouts_of_their_own_each_is_newer_from_its_own_time_on(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = ragged(make_work)
    model, holdout = refitted(work), np.flatnonzero(work.folds.holdout)
    chosen = found(work, against(work, [model], model))
    assert isinstance(chosen, Fair)
    assert chosen.windows.tolist() == holdout.tolist()  # it ended with a before b's holdout was over
    series = work.windows.series[work.windows.first[holdout]]
    last = work.windows.said(int(np.flatnonzero(work.windows.series == 1)[-1]))
    chosen = found(work, against(work, [model], replace(model, learned_of=model.learned_of | {"b": last})))
    assert isinstance(chosen, Fair)
    assert chosen.windows.tolist() == holdout[series == 0].tolist()


def test_a_champion_without_the_scale_of_a_series_is_not_compared(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = ragged(make_work, "series")
    model = refitted(work)
    scaling = replace(model.fitted.scaling, names=("a", "other"))
    champion = replace(model, fitted=replace(model.fitted, scaling=scaling))
    assert found(work, against(work, [model], champion)) == "has no scale for series 'b'"


def test_independent_sequences_are_newer_if_the_champion_has_not_learned_from_them(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    waves = [np.sin(np.arange(12) / (2 + number)) for number in range(26)]
    work = make_work(*waves, split={"scheme": "shuffled", "holdout": 0.3})
    model = refitted(work)
    chosen = found(work, against(work, [model], model))
    assert isinstance(chosen, Fair)
    assert chosen.is_served
    assert len(chosen.windows) == work.folds.holdout.sum()
    blocks = block_of(work.windows, work.folds, chosen.windows, SEASON)
    assert sorted(set(blocks)) == sorted(set(work.windows.series[work.windows.first[work.folds.holdout]]))
    everything = refit_on_all(work, recipe_of(), *_described(model))
    assert isinstance(found(work, against(work, [model], everything)), str)  # no recipe


@pytest.mark.parametrize(
    ("champion", "known", "expected"),
    [
        ({"units": 3}, {}, {"smaller": False, "same_network": True, "newer_rows": True, "rerun": False}),
        ({"units": 4}, {}, {"smaller": True, "same_network": False, "newer_rows": True, "rerun": False}),
        # Fewer cells are smaller, whatever they stand beside.
        ({"units": 4, "skip": "none"}, {}, {"smaller": True, "same_network": False}),
        ({"units": 0}, {}, {"smaller": False, "same_network": False}),
        ({"units": 2}, {}, {"smaller": False, "same_network": False, "newer_rows": True, "rerun": False}),
        ({"units": 3}, {"recipe": recipe_of(), "cut": "same"},
         {"smaller": False, "same_network": True, "newer_rows": True, "rerun": True}),
        ({"units": 3}, {"recipe": recipe_of(steps=6), "cut": "same"},
         {"smaller": False, "same_network": True, "newer_rows": True, "rerun": False}),
        ({"units": 3}, {"recipe": recipe_of(), "cut": "other"},
         {"smaller": False, "same_network": True, "newer_rows": True, "rerun": False}),
    ],
)  # fmt: skip
def test_it_is_said_what_the_challenger_is_beside_the_champion(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]],
    champion: dict[str, Any], known: dict[str, Any], expected: dict[str, bool],
) -> None:  # fmt: skip
    work = make_work()
    if known.get("cut") == "same":
        known = known | {"cut": cut_of(work.windows, work.folds)}
    result = compared(work, against(work, [refitted(work)], refitted(work, **champion), **known))
    assert {key: getattr(result, key) for key in expected} == expected


def test_a_model_of_all_rows_leaves_no_newer_ones(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    model = refitted(work)
    served = refit_on_all(work, recipe_of(), *_described(model))
    result = compared(work, against(work, [model], served, recipe_of()))
    assert (result.how, result.newer_rows) == ("same_cut", False)
    assert (result.blocks, result.windows) == (10, work.folds.holdout.sum())
    assert result.rows_until == served.learned_until


def compared(work: Work, both: Rivals[Forecaster]) -> Comparison:
    chosen = found(work, both)
    assert isinstance(chosen, Fair)
    ones = lambda models, windows: np.ones((len(models), len(windows)))  # noqa: E731
    return compare(work.windows, work.folds, both, chosen, SEASON, ones)


def _described(model: Forecaster) -> tuple[Any, Window]:
    return model.schema, model.window
