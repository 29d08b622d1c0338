"""The last training: on every window before the holdout."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.data.batches import truth
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, forecast
from cellsize.params import Head, Skip
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training import refit as refits
from cellsize.training.joint import JointTraining
from cellsize.training.records import Setting, Work
from cellsize.training.refit import cut_of, fell_short, refit, refit_on_all, refit_size, training_error, twins

MakeWork = Callable[..., Work]
SMALL = Size(1, 3)
SETTING = Setting(1e-2, 0.0, 0.0, "linear", "plain")


def test_a_refit_learns_from_every_window_before_the_holdout(make_work: MakeWork) -> None:
    work = make_work()
    notes: list[str] = []
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=9, note=notes.append)
    every = work.training.check_every
    assert notes == [
        "scaling and ridge-linear model", "1 layer of 3 memory cells, 9 steps to train",
        *(f"1 layer of 3 memory cells, {steps} of 9 steps" for steps in range(every, 10, every)),
    ]  # fmt: skip
    assert fitted.fold.train.tolist() == np.flatnonzero(work.folds.development).tolist()
    assert not fitted.fold.early_stopping.size
    assert fitted.linear is not None
    assert fitted.linear.penalty == 10.0
    assert net is not None
    assert not net.training


def test_a_refit_is_better_than_an_untrained_network_where_it_was_trained(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=45)
    assert net is not None
    right = truth(work.windows, fitted.scaling, fitted.fold.train)
    with_net = forecast(work.windows, fitted, [net], fitted.fold.train)[0]
    alone = forecast(work.windows, fitted, [], fitted.fold.train)[0]
    assert np.square(right - with_net).mean() < np.square(right - alone).mean()


def test_a_refit_of_zero_cells_is_the_ridge_linear_model(make_work: MakeWork) -> None:
    fitted, net = refit_size(make_work(network={"skip": "none"}), ZERO, SETTING, 10.0, steps=9)
    assert net is None
    assert fitted.linear is not None


def test_a_refit_of_no_steps_leaves_the_ridge_linear_model(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=0)
    assert net is not None
    whole, linear = (forecast(work.windows, fitted, nets, fitted.fold.train)[0] for nets in ([net], []))
    np.testing.assert_array_equal(whole, linear)


def test_the_same_refit_gives_the_same_weights(make_work: MakeWork) -> None:
    nets = [refit_size(make_work(), SMALL, SETTING, 10.0, steps=9)[1] for _ in range(2)]
    assert nets[0] is not None
    assert nets[1] is not None
    for weight, other in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(weight, other)


def weights(net: Net | None) -> list[float]:
    assert net is not None
    return [value for weight in net.parameters() for value in weight.detach().flatten().tolist()]


def attempts(
    work: Work, reached: float | None, steps: int = 9, start: float | None = None
) -> tuple[list[str], Net | None]:
    notes: list[str] = []
    named = recipe().model_copy(update={"early_stopping_score": reached, "start_score": start, "steps": steps})
    _, net = refit_size(work, SMALL, SETTING, 10.0, steps, notes.append, named)
    return [note for note in notes if "attempt" in note], net


def measured(*errors: float, untrained: float = 1.0) -> Callable[[Work, FittedFold, Net | None], float]:
    """Training errors by the order of the attempts."""
    left = iter(errors)
    return lambda _, __, network: untrained if network is None else next(left)


def test_a_refit_that_learns_much_less_than_the_search_has_seen_is_begun_anew_and_the_best_stays(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The fourth one is enough for 0.85 of what was gained, which was 0.9.
    monkeypatch.setattr(refits, "training_error", measured(0.9, 0.4, 0.7, 0.235, 0.1))
    work = make_work()
    said, net = attempts(work, 0.1)
    assert [note.split(",")[0] for note in said if "to train" in note] == [
        f"attempt {number} of 6" for number in (2, 3, 4)
    ]
    assert weights(net) == weights(attempts(replace(work, seed=work.seed + 3000), None)[1])
    # Nor does one whose error is no number take the place of another.
    monkeypatch.setattr(refits, "training_error", measured(0.9, 0.4, 0.7, float("nan"), 0.5, float("nan")))
    said, net = attempts(work, 0.1)
    assert len([note for note in said if "to train" in note]) == 5
    assert weights(net) == weights(attempts(replace(work, seed=work.seed + 1000), None)[1])


def test_what_counts_is_what_was_gained_on_an_untrained_network(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Cells took the ridge-linear model's 0.2 to 0.05: three quarters. Beside it on all rows, 0.16, a refit has to gain
    # 0.85 of that, and so to reach 0.058; 0.15 would be much on the best constant.
    for second, begun in ((0.057, 2), (0.059, 6)):
        monkeypatch.setattr(refits, "training_error", measured(0.15, second, *[0.15] * 4, untrained=0.16))
        said, _ = attempts(make_work(), 0.05, start=0.2)
        assert len([note for note in said if "to train" in note]) == begun - 1
    # Cells beside nothing begin with what the window's normalisation knows, here 0.16 too: they gained 69 %.
    monkeypatch.setattr(refits, "training_error", measured(0.15, 0.066, untrained=0.16))
    assert len([note for note in attempts(make_work(), 0.05)[0] if "to train" in note]) == 1


@pytest.mark.parametrize(
    ("reached", "start", "steps"), [(None, None, 9), (0.71, None, 9), (1.4, None, 9), (0.0, None, 0), (0.22, 0.3, 9)]
)
def test_a_refit_is_taken_as_it_is_where_there_was_little_to_learn_or_nothing_is_known(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, reached: float | None, start: float | None, steps: int
) -> None:
    monkeypatch.setattr(refits, "training_error", measured())  # of an untrained network alone
    assert attempts(make_work(), reached, steps, start)[0] == []


@pytest.mark.parametrize("which", [0, 1])
def test_an_attempt_that_diverges_loses_nothing(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    work, train = make_work(), refits._trained

    def diverges(again: Work, *others: Any) -> Net:
        if again.seed == work.seed + which * refits.APART:
            raise InputError("refit: the loss is not a number")
        return train(again, *others)

    expected = weights(attempts(replace(work, seed=work.seed + 2000), None)[1])
    monkeypatch.setattr(refits, "_trained", diverges)
    monkeypatch.setattr(refits, "training_error", measured(0.9, 0.2))
    assert weights(attempts(work, 0.1)[1]) == expected


def test_if_all_attempts_diverge_it_is_said_what_to_do(make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JointTraining, "_add_losses", _fail)
    with pytest.raises(InputError, match=r"after step 0 with learning rate 0\.01; set another refit\.seed"):
        attempts(make_work(), 0.1)
    monkeypatch.undo()
    # Losses may be numbers to the last step, and the weights after it none.
    monkeypatch.setattr(refits, "training_error", measured(*[float("nan")] * 6))
    with pytest.raises(InputError, match=r"after step 9 with learning rate 0\.01; set another refit\.seed"):
        attempts(make_work(), 0.1)


def test_it_is_known_whether_a_refit_fell_short_after_all(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=45)
    much, little = (recipe().model_copy(update={"early_stopping_score": score, "start_score": 1.0, "steps": 45})
                    for score in (1e-9, 0.9))  # fmt: skip
    assert fell_short(work, much, fitted, net)
    assert not fell_short(work, little, fitted, net)
    assert not fell_short(work, much, fitted, None)
    assert not fell_short(work, much.model_copy(update={"steps": 0}), fitted, net)


def test_what_a_refit_learnt_is_measured_as_the_search_measures_training_errors(make_work: MakeWork) -> None:
    work = make_work()
    fitted, net = refit_size(work, SMALL, SETTING, 10.0, steps=45)
    assert net is not None
    right = truth(work.windows, fitted.scaling, fitted.fold.train)
    squares = np.square(right - forecast(work.windows, fitted, [net], fitted.fold.train)[0])
    assert training_error(work, fitted, net) == pytest.approx(squares.mean(), rel=1e-5)
    squares = np.square(right - forecast(work.windows, fitted, [], fitted.fold.train)[0])
    assert training_error(work, fitted, None) == pytest.approx(squares.mean(), rel=1e-5)


def test_a_refit_whose_loss_is_not_a_number_is_refused_with_a_rate_that_is_lower(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = make_work()
    work = replace(work, training=work.training.model_copy(update={"max_gradient_norm": 1e30}))
    # The rate may be one by which the search has extended the list: to remove the highest listed would change nothing.
    listed = work.training.model_copy(update={"learning_rates": (1e-3, 3e-3)})
    for rate, lower in ((1e30, "0.003"), (3e-3, "0.001"), (1e-3, "0.0003")):
        joint = replace(work, training=listed.model_copy(update={"max_gradient_norm": 1e30}))
        if rate < 1:  # it would not diverge by itself
            monkeypatch.setattr(JointTraining, "_add_losses", _fail)
        with pytest.raises(InputError) as refused:
            refit_size(joint, SMALL, Setting(rate, 0.0, 0.0), 10.0, steps=9)
        assert re.fullmatch(
            rf"refit: the loss of 1 layer of 3 memory cells is not a number after step \d+ "
            rf"with learning rate {re.escape(f'{rate:g}')}; set "
            r"another refit\.seed, or one lower rate alone, which the search does not extend: "
            rf"search\.training\.learning_rates: \[{lower}\]",
            str(refused.value),
        )


def _fail(joint: JointTraining, indices: list[int], _: list[float]) -> None:
    for index in indices:
        joint.states[index].status = "failed"


def test_a_refit_trains_what_the_recipe_names(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> None:
    work = make_work()
    schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
    recipe = Recipe(
        layers=1, units=3, learning_rate=1e-2, dropout=0.0, weight_decay=0.0, skip="linear", head="plain", steps=9,
        penalty=10.0,
    )  # fmt: skip
    model, (fitted, net) = refit(work, recipe, schema, make_window()), refit_size(work, SMALL, SETTING, 10.0, steps=9)
    assert (model.size, model.schema, model.network) == (SMALL, schema, work.network)
    # 160 hours, a holdout of a fifth.
    assert model.learned_until == "2026-01-06T07:00:00"
    assert model.learned_of == {"a": "2026-01-06T07:00:00"}
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
        refit_size(make_work(network={"bidirectional": True}, engine="fused"), SMALL, SETTING, 10.0, steps=3)


def parameters(net: Net | None) -> torch.Tensor:
    assert net is not None
    return torch.nn.utils.parameters_to_vector(net.parameters())


@pytest.mark.parametrize("size", [SMALL, Size(0, 4)], ids=str)
@pytest.mark.parametrize("skip", ["none", "linear", "joint"])
@pytest.mark.parametrize("head", ["plain", "mixed"])
def test_a_refit_of_every_architecture_forecasts_what_its_network_does(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window], size: Size,
    skip: Skip, head: Head,
) -> None:  # fmt: skip
    if not size.layers and head == "mixed":
        return  # an MLP has a plain head
    work = make_work(network={"skip": ["none", "linear", "joint"], "head": ["plain", "mixed"]}, rungs=[3])
    setting = Setting(1e-2, 0.0, 0.0, skip, head)
    fitted, net = refit_size(work, size, setting, 10.0, steps=9)
    assert net is not None
    assert net.architecture == setting.architecture
    assert (fitted.linear is None) == (skip == "none")
    recipe = Recipe(
        layers=size.layers, units=size.units, learning_rate=1e-2, dropout=0.0, weight_decay=0.0, skip=skip, head=head,
        steps=9, penalty=10.0,
    )  # fmt: skip
    model = refit(work, recipe, make_schema(past_covariates=("x",), known_future_covariates=("k",)), make_window())
    expected = forecast(work.windows, fitted, [net], np.arange(20))[0]
    np.testing.assert_array_equal(model.predict(work.windows, np.arange(20)), expected)
    assert (expected != forecast(work.windows, fitted, [], np.arange(20))[0]).any()


def test_a_refit_makes_the_steps_it_is_told_to_and_no_race(make_work: MakeWork) -> None:
    # The settings of the search are there, and no learning rate beyond them is tried.
    work = make_work(learning_rates=[1e-3, 1e-2], rungs=[3], steps=9)
    alone = make_work(learning_rates=[1e-2])
    vectors = [parameters(refit_size(each, SMALL, SETTING, 10.0, steps=15)[1]) for each in (work, alone)]
    assert torch.equal(vectors[0], vectors[1])
    shorter = parameters(refit_size(work, SMALL, SETTING, 10.0, steps=12)[1])
    assert not torch.equal(vectors[0], shorter)


def test_a_refit_of_an_mlp_is_refused_like_any_other_if_its_loss_is_not_a_number(make_work: MakeWork) -> None:
    work = make_work(max_gradient_norm=1e30)
    with pytest.raises(InputError, match=r"^refit: the loss of an MLP of 4 hidden units is not a number after "):
        refit_size(work, Size(0, 4), Setting(1e30, 0.0, 0.0, "linear"), 10.0, steps=9)


def test_a_model_says_until_when_it_has_learned_from_each_series(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> None:
    random = np.random.default_rng(0)
    # Hours 0 to 99, of which 20 are held out, and 10 to 59, of which 10 are; c is too short to be learnt from.
    values = random.standard_normal(100), random.standard_normal(50), random.standard_normal(5)
    work = make_work(*values, window={"normalise": "none"}, split={"holdout_of": "series"})
    recipe = Recipe(
        layers=0, units=0, learning_rate=0.0, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=0,
        penalty=1.0,
    )  # fmt: skip
    schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
    model = refit(work, recipe, schema, make_window())
    assert model.learned_of == {"a": "2026-01-04T07:00:00", "b": "2026-01-02T15:00:00"}
    assert model.learned_until == "2026-01-04T07:00:00"


def recipe(units: int = 3) -> Recipe:
    return Recipe(
        layers=min(units, 1), units=units, learning_rate=1e-2, dropout=0.0, weight_decay=0.0, skip="linear",
        head="plain", steps=9, penalty=10.0,
    )  # fmt: skip


def test_twins_differ_by_their_seed_alone_and_the_first_has_the_seed_of_the_work(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> None:
    work, notes = make_work(), list[str]()
    schema, window = make_schema(past_covariates=("x",), known_future_covariates=("k",)), make_window()
    made = twins(work, recipe(), schema, window, 3, notes.append)
    alone = [refit(replace(work, seed=work.seed + number), recipe(), schema, window) for number in range(3)]
    holdout = np.flatnonzero(work.folds.holdout)
    forecasts = [model.predict(work.windows, holdout) for model in made]
    for ours, other in zip(forecasts, alone, strict=True):
        np.testing.assert_array_equal(ours, other.predict(work.windows, holdout))
    assert not np.array_equal(forecasts[0], forecasts[1])
    assert notes[0] == "twin 1 of 3: scaling and ridge-linear model"
    assert notes[-1].startswith("twin 3 of 3: ")
    # Without memory cells seeds change nothing.
    assert len(twins(work, recipe(0), schema, window, 3)) == 1


@pytest.mark.parametrize("units", [0, 3])
def test_what_is_served_has_learned_from_every_row_and_its_twins_from_none_of_the_holdout(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window], units: int
) -> None:
    schema, window = make_schema(past_covariates=("x",), known_future_covariates=("k",)), make_window()
    work = make_work()
    last = work.windows.said(len(work.windows.step) - 1)
    target = work.windows.target.copy()
    target[-10:] += 5  # in the holdout
    other = replace(work, samples=replace(work.windows, target=target))
    early = np.arange(5)
    forecasts = []
    for each in (work, other):
        served, twin = (
            refit_on_all(each, recipe(units), schema, window),
            twins(each, recipe(units), schema, window, 2)[0],
        )
        assert served.learned_until == last > twin.learned_until
        forecasts.append((served.predict(work.windows, early), twin.predict(work.windows, early)))
    assert not np.array_equal(forecasts[0][0], forecasts[1][0])
    np.testing.assert_array_equal(forecasts[0][1], forecasts[1][1])


def test_what_is_served_takes_as_many_steps_as_its_twins(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> None:
    notes: list[str] = []
    schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
    refit_on_all(make_work(), recipe(), schema, make_window(), notes.append)
    assert notes[-1] == "on all rows: 1 layer of 3 memory cells, 9 of 9 steps"


def test_a_cut_is_named_by_its_rows_and_its_holdout(make_work: MakeWork) -> None:
    work, again, other = make_work(), make_work(), make_work(split={"holdout": 0.3})
    assert cut_of(work.windows, work.folds) == cut_of(again.windows, again.folds)
    assert cut_of(work.windows, work.folds) != cut_of(other.windows, other.folds)
    target = work.windows.target.copy()
    target[0] += 1e-6
    changed = replace(work.windows, target=target)
    assert cut_of(changed, work.folds) != cut_of(work.windows, work.folds)
    # What is remembered beside the arrays says nothing of them.
    work.windows.clipped[b"x"] = 1
    assert cut_of(work.windows, work.folds) == cut_of(again.windows, again.folds)
