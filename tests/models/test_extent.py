"""How large a trained model is."""

from collections.abc import Callable

import pandas as pd
import pytest

from cellsize.models.extent import extent
from cellsize.models.forecaster import Forecaster
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit import refit


def test_the_ridge_linear_model_counts_its_weights(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> None:
    model = make_model(make_table())
    assert model.fitted.linear is not None
    assert extent(model) == (0, 0, model.fitted.linear.weights.size)


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
    recurrent = 4 * 3 * (work.windows.n_cell_inputs + 3 + 2)
    head = (3 + 1) * work.windows.n_outputs + work.windows.horizon  # and what is known of each step
    each = work.windows.n_linear * work.windows.n_outputs
    assert extent(model) == (recurrent, 0, recurrent + head + linear * each)


def test_the_order_is_by_recurrent_parameters_first(
    make_work: Callable[..., Work], make_schema: Callable[..., object], make_window: Callable[..., Window]
) -> None:
    work = make_work(network={"skip": ["none", "joint"]}, window={"linear_lookback": 12})
    schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))

    def made(layers: int, units: int, skip: str) -> tuple[int, int, int]:
        recipe = Recipe.model_validate(
            {"layers": layers, "units": units, "learning_rate": 1e-2, "dropout": 0.0, "weight_decay": 0.0,
             "skip": skip, "head": "plain", "steps": 3, "penalty": 1.0}
        )  # fmt: skip
        return extent(refit(work, recipe, schema, make_window(linear_lookback=12)))  # type: ignore[arg-type]

    linear, mlp, larger_mlp = made(0, 0, "linear"), made(0, 2, "none"), made(0, 4, "none")
    plain, beside = made(1, 2, "none"), made(1, 1, "joint")
    assert linear < mlp < larger_mlp < beside < plain
    assert beside[2] > plain[2]  # in all it has more: one cell beside a linear model, two that stand alone
    assert (linear[:2], mlp[:2], larger_mlp[:2]) == ((0, 0), (0, 2), (0, 4))
