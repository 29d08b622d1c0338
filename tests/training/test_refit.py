"""The last training: on every window before the holdout."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from cellsize.data.batches import truth
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.models.prediction import forecast
from cellsize.params import Window
from cellsize.sizing.artefacts import Recipe
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Setting, Work
from cellsize.training.refit import refit, refit_size

MakeWork = Callable[..., Work]
SMALL = Size(1, 3)
SETTING = Setting(1e-2, 0.0, 0.0)


def test_a_refit_learns_from_every_window_before_the_holdout(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, epochs=3)
    assert fitted.fold.train.tolist() == np.flatnonzero(work.folds.development).tolist()
    assert not fitted.fold.early_stopping.size
    assert fitted.linear is not None
    assert fitted.linear.penalty == 10.0
    assert net is not None
    assert not net.training


def test_a_refit_is_better_than_an_untrained_network_where_it_was_trained(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, epochs=15)
    assert net is not None
    right = truth(work.windows, fitted.scaling, fitted.fold.train)
    with_net = forecast(work.windows, fitted, [net], fitted.fold.train)[0]
    alone = forecast(work.windows, fitted, [], fitted.fold.train)[0]
    assert np.square(right - with_net).mean() < np.square(right - alone).mean()


def test_a_refit_of_zero_cells_is_the_ridge_linear_model(make_work: MakeWork) -> None:
    fitted, net = refit_size(make_work(network={"skip": "none"}), ZERO, SETTING, 10.0, epochs=3)
    assert net is None
    assert fitted.linear is not None


def test_a_refit_of_no_epochs_leaves_the_ridge_linear_model(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, epochs=0)
    assert net is not None
    whole, linear = (forecast(work.windows, fitted, nets, fitted.fold.train)[0] for nets in ([net], []))
    np.testing.assert_array_equal(whole, linear)


def test_the_same_refit_gives_the_same_weights(make_work: MakeWork) -> None:
    nets = [refit_size(make_work(), SMALL, SETTING, 10.0, epochs=3)[1] for _ in range(2)]
    assert nets[0] is not None
    assert nets[1] is not None
    for weight, other in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(weight, other)


def test_a_refit_whose_loss_is_not_a_number_is_refused(make_work: MakeWork) -> None:
    work = make_work()
    work = replace(work, training=work.training.model_copy(update={"max_gradient_norm": 1e30}))
    with pytest.raises(
        InputError, match=r"^refit: the loss of 1x3 is not a number after epoch \d+; set another refit.seed"
    ):
        refit_size(work, SMALL, Setting(1e30, 0.0, 0.0), 10.0, epochs=3)


def test_a_refit_trains_what_the_recipe_names(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> None:
    work = make_work()
    schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
    recipe = Recipe(layers=1, units=3, learning_rate=1e-2, dropout=0.0, weight_decay=0.0, epochs=3, penalty=10.0)
    model, (fitted, net) = refit(work, recipe, schema, make_window()), refit_size(work, SMALL, SETTING, 10.0, epochs=3)
    assert (model.size, model.schema, model.network) == (SMALL, schema, work.network)
    # 160 hours, a holdout of a fifth.
    assert model.learned_until == "2026-01-06T07:00:00"
    assert model.fitted.linear is not None
    assert fitted.linear is not None
    np.testing.assert_array_equal(model.fitted.linear.weights, fitted.linear.weights)
    assert model.net is not None
    assert net is not None
    assert all(
        torch.equal(weight, other) for weight, other in zip(model.net.parameters(), net.parameters(), strict=True)
    )


def test_fused_kernels_that_cannot_run_are_refused(make_work: MakeWork) -> None:
    with pytest.raises(InputError, match=r"^search.training.engine: fused"):
        refit_size(make_work(network={"bidirectional": True}, engine="fused"), SMALL, SETTING, 10.0, epochs=1)
