"""Twins as files, and what a model counts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cellsize.models.forecaster import Forecaster
from cellsize.models.twins import load, parameters, save
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit import refit


def test_twins_come_back_in_their_order(
    tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> None:
    model = make_model(make_table())
    twins = [replace(model, learned_until=f"2026-01-{day:02}") for day in range(1, 12)]  # 10 comes after 9
    save(twins, tmp_path / "twins")
    assert [twin.learned_until for twin in load(tmp_path / "twins")] == [twin.learned_until for twin in twins]


def test_the_ridge_linear_model_counts_its_weights(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> None:
    model = make_model(make_table())
    assert model.fitted.linear is not None
    assert parameters(model) == model.fitted.linear.weights.size


@pytest.mark.parametrize(("skip", "linear"), [("none", 0), ("linear", 1), ("joint", 1)])
def test_a_linear_skip_connection_counts_once(
    make_work: Callable[..., Work], make_schema: Callable[..., object], make_window: Callable[..., Window], skip: str,
    linear: int,
) -> None:  # fmt: skip
    work = make_work(network={"skip": [skip]})
    recipe = Recipe.model_validate(
        {"layers": 1, "units": 3, "learning_rate": 1e-2, "dropout": 0.0, "weight_decay": 0.0, "skip": skip,
         "head": "plain", "steps": 3, "penalty": 1.0}
    )  # fmt: skip
    schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
    model = refit(work, recipe, schema, make_window())  # type: ignore[arg-type]
    assert model.net is not None
    recurrent = sum(
        weight.numel() for name, weight in model.net.named_parameters() if not name.startswith("correction")
    )
    each = work.windows.n_linear * work.windows.n_outputs
    assert parameters(model) == recurrent + linear * each
