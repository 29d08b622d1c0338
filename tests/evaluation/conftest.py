"""Models of a noisy wave, and a champion of it, that the tests of the holdout share."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from cellsize.data.schema import Schema
from cellsize.evaluation.rivals import Champion, Rivals, rivals
from cellsize.models.forecaster import Forecaster
from cellsize.params import Register
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit import cut_of, refit

GATE = Register(name="toy", beat=("naive",), margin=1.0, probability=0.9, not_worse=0.8, blocks=4)


def recipe_of(units: int = 3, **changes: Any) -> Recipe:
    """Three cells trained for three steps, or as many as asked."""
    plain = {
        "layers": min(units, 1), "units": units, "learning_rate": 1e-2, "dropout": 0.0, "weight_decay": 0.0,
        "skip": "linear", "head": "plain", "steps": 3, "penalty": 1.0,
    }  # fmt: skip
    return Recipe.model_validate(plain | changes)


@pytest.fixture(scope="session")
def described(make_schema: Callable[..., Schema], make_window: Callable[..., Window]) -> Callable[..., Any]:
    """Schema and window of some work."""

    def make(work: Work) -> tuple[Schema, Window]:
        schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
        scale = "series" if work.windows.n_own else "global"
        return schema, make_window(normalise=work.windows.normalise, scale=scale)

    return make


@pytest.fixture(scope="session")
def refitted(described: Callable[..., Any]) -> Callable[..., Forecaster]:
    """The model of some work, without its holdout; see `recipe_of`."""
    return lambda work, units=3, **changes: refit(work, recipe_of(units, **changes), *described(work))


@pytest.fixture(scope="session")
def against() -> Callable[..., Rivals[Forecaster]]:
    """Rivals: the challenger's twins and a champion, which has no twins unless some are given."""

    def make(
        work: Work, trained: Sequence[Forecaster], champion: Forecaster, recipe: Recipe | None = None, **known: Any
    ) -> Rivals[Forecaster]:
        """`recipe` is the champion's, `known` what else the registry has of it."""
        champions = {"recipe": recipe, "twins": (), "cut": None} | known
        made = rivals(Champion("4", champion, **champions), trained, recipe_of(), work, GATE, count=2)
        assert made is not None
        assert made.challenger.cut == cut_of(work.windows, work.folds)
        return made

    return make


@pytest.fixture(scope="session")
def ragged(make_work: Callable[..., Work]) -> Callable[..., Work]:
    """Two series without weekends, of other levels, the second one ends earlier."""

    def make(scale: str = "global", **split: Any) -> Work:
        random, days = np.random.default_rng(0), np.arange(210)
        values = []
        for level, end in ((1, 210), (100, 150)):
            each = level * (5 + np.sin(days / 3) + 0.3 * random.standard_normal(210))
            each[days % 7 > 4] = np.nan
            values.append(each[:end])
        return make_work(*values, window={"observed": 0.4, "fill": 2, "scale": scale}, split=split)

    return make
