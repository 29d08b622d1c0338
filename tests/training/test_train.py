"""One size on every fold: the same result however it came about, and nothing but what the fold may know."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.data.batches import gather, scaled, truth
from cellsize.data.folds import EARLY_STOPPING, PURGED, TRAIN, VALIDATION, Folds
from cellsize.data.scaling import fit_scaling
from cellsize.errors import InputError
from cellsize.models import ridge_linear
from cellsize.params import Metric
from cellsize.sizing.sizes import ZERO, Architecture, Size, cost, shape
from cellsize.training import halving, train
from cellsize.training.halving import Status
from cellsize.training.records import Check, Result, Row, Setting, Work
from cellsize.training.state import NetworkState
from tests.training.conftest import MANY

MakeWork = Callable[..., Work]
SMALL = Size(1, 3)


def same(first: Result, other: Result) -> bool:
    """Whether two results are the same in everything but the time they took."""
    np.testing.assert_array_equal(first.residuals, other.residuals)
    np.testing.assert_array_equal(first.residual_windows, other.residual_windows)
    return first.rows == other.rows and first.checks == other.checks


# Learnt step by step, without noise.
SQUARE = [1.0, 1.0, -1.0, -1.0] * 60


def number(score: float | None) -> float:
    """A score that is there."""
    assert score is not None
    return score


def ulam(length: int) -> list[float]:
    """Ulam's map, y ← 1 - 2 y²: no value is correlated with the one before, and yet follows from it."""
    y = [0.3]
    while len(y) < length:
        y.append(1 - 2 * y[-1] ** 2)
    return y


def curve(result: Result, row: Row) -> list[Check]:
    """The learning curve of a row."""
    keys = ("fold", "seed", "learning_rate", "dropout", "weight_decay", "skip", "head")
    return [check for check in result.checks if all(getattr(check, key) == getattr(row, key) for key in keys)]


# --- what a result holds --------------------------------------------------------------------------------------------


def test_zero_cells_are_the_ridge_linear_model_and_its_score(make_work: MakeWork) -> None:
    work = make_work()
    result = train.train(work, ZERO)
    assert result.size == ZERO
    assert result.checks == ()
    for row, fold in zip(result.rows, work.folds.all(), strict=True):
        scaling = fit_scaling(work.windows, fold.train)
        chosen = ridge_linear.fit_chosen(work.windows, scaling, fold, work.penalties, work.metric)
        assert (row.status, row.steps, row.trained, row.seed, row.penalty) == ("ok", 0, 0, 0, chosen.penalty)
        assert (row.skip, row.head, row.recurrent, row.parameters) == ("none", "plain", 0, chosen.parameters)
        assert row.score == pytest.approx(
            ridge_linear.score(work.windows, scaling, chosen, fold.validation, work.metric), rel=1e-5
        )
        assert row.early_stopping_score == pytest.approx(
            ridge_linear.score(work.windows, scaling, chosen, fold.early_stopping, "mse"), rel=1e-5
        )
        assert (row.n_train, row.n_validation) == (len(fold.train), len(fold.validation))


def kinds(result: Result, fold: int) -> list[bool]:
    """Whether a linear skip connection stands beside the networks whose residuals of a fold are kept."""
    statuses = ("ok", "runner_up")
    of_fold = sorted(
        (row for row in result.rows if row.fold == fold and row.status in statuses),
        key=lambda row: statuses.index(row.status),
    )
    return list(dict.fromkeys(row.skip != "none" for row in of_fold))


def test_residuals_are_kept_of_either_kind_of_network_in_each_fold(make_work: MakeWork) -> None:
    # Which kind counts is decided over all folds: the residuals of the other one would be another model's.
    work = make_work(network={"skip": ["none", "linear"]}, seeds=2)
    result, begin = train.train(work, SMALL), 0
    for number, fold in enumerate(work.folds.all(), start=1):
        assert sorted(kinds(result, number)) == [False, True]
        for has_skip in kinds(result, number):
            part = slice(begin, begin := begin + len(fold.validation))
            assert result.residual_windows[part].tolist() == fold.validation.tolist()
            assert (result.residual_skips[part] == has_skip).all()
            # Those of one network, as one is served, and not of the mean of two seeds.
            scored = [
                row.score for row in result.rows
                if row.fold == number and row.seed == 0 and (row.skip != "none") == has_skip and row.score is not None
            ]  # fmt: skip
            found = np.square(result.residuals[part]).mean()
            assert any(found == pytest.approx(score, rel=1e-4) for score in scored)
    assert begin == len(result.residuals)


@pytest.mark.parametrize("size", [ZERO, SMALL])
def test_residuals_are_truth_minus_forecast_on_the_validation_windows(make_work: MakeWork, size: Size) -> None:
    work = make_work()
    result = train.train(work, size)
    begin = 0
    for row, fold in zip(result.rows, work.folds.all(), strict=True):
        part = slice(begin, begin := begin + len(fold.validation))
        assert result.residual_windows[part].tolist() == fold.validation.tolist()
        assert np.square(result.residuals[part]).mean() == pytest.approx(row.score, rel=1e-4)
    assert begin == len(result.residuals)
    assert result.residuals.shape[1:] == (2, 1)


def test_the_step_with_the_lowest_early_stopping_score_is_kept(make_work: MakeWork) -> None:
    # A large rate overshoots, so that the best check is not the last one.
    result = train.train(make_work(learning_rates=[0.3], check_every=2, steps=24, patience=6), SMALL)
    start = {row.fold: number(row.early_stopping_score) for row in train.train(make_work(), ZERO).rows}
    ended_early = 0
    for row in result.rows:
        checks = curve(result, row)
        assert [check.step for check in checks] == list(range(2, row.trained + 1, 2))
        scores = [start[row.fold], *(check.early_stopping_score for check in checks)]
        best = int(np.argmin(scores))
        assert row.steps == 2 * best
        assert row.early_stopping_score == pytest.approx(scores[best], rel=1e-6)
        assert row.trained == min(24, row.steps + 6)
        ended_early += row.trained < 24
    assert ended_early


@pytest.mark.parametrize(("rate", "trained"), [(3e-2, 12), (1e-7, 4)])
def test_a_training_is_prolonged_while_it_pays_and_ends_at_the_maximum(
    make_work: MakeWork, rate: float, trained: int
) -> None:
    work = make_work(
        SQUARE, window={"normalise": "none"}, network={"skip": ["none"]}, learning_rates=[rate], check_every=1, steps=4,
        maximum_steps=12, patience=12, ema_decay=0.0,
    )  # fmt: skip
    assert {row.trained for row in train.train(work, SMALL).rows} == {trained}


def test_the_training_score_is_that_of_the_last_step_and_the_score_that_of_the_step_kept(make_work: MakeWork) -> None:
    changes: dict[str, Any] = {
        "window": {"normalise": "none"}, "network": {"skip": ["none"]}, "learning_rates": [0.1], "check_every": 1,
        "patience": 24, "ema_decay": 0.0,
    }  # fmt: skip
    rows = train.train(make_work(SQUARE, **changes, steps=24), SMALL).rows
    # A training that ends where the other one was at its best has the same weights, kept and last.
    for row in rows:
        assert 0 < row.steps < row.trained
        shorter = make_work(SQUARE, **changes, steps=row.steps)
        (other,) = train.train(shorter, SMALL, folds=[row.fold - 1]).rows
        assert other.steps == other.trained == row.steps
        assert other.score == pytest.approx(row.score, rel=1e-5)
        assert other.train_score != pytest.approx(row.train_score, rel=1e-3)


def test_a_training_that_failed_between_two_checks_has_a_curve_at_whole_checks(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = make_work(check_every=3)
    state = NetworkState(0, 0, 0, Setting(1e-2, 0.0, 0.0), "failed", steps=8, curve=[(0.1, 0.2), (0.3, 0.4)])
    assert [check.step for check in train._curve(work, SMALL, state)] == [3, 6]


@pytest.mark.parametrize("size", [ZERO, SMALL])
def test_scores_are_in_the_metric(make_work: MakeWork, size: Size) -> None:
    work = make_work(metric="mae")
    result = train.train(work, size)
    begin = 0
    for row, fold in zip(result.rows, work.folds.all(), strict=True):
        part = slice(begin, begin := begin + len(fold.validation))
        deviation = fit_scaling(work.windows, fold.train).deviation[0]
        assert np.abs(result.residuals[part]).mean() / deviation == pytest.approx(row.score, rel=1e-4)


def test_the_loss_follows_the_metric(make_work: MakeWork) -> None:
    # In a tenth of the steps the target leaps: the mean follows the leaps, the median does not.
    y = np.where(np.random.default_rng(3).random(300) < 0.1, 10.0, 0.0)
    how: dict[str, Any] = {"window": {"normalise": "none"}, "network": {"skip": ["none"]}, "learning_rates": [0.03]}
    errors = {}
    for metric in ("mse", "mae"):
        work = make_work(y, metric=metric, steps=60, maximum_steps=60, patience=60, **how)
        result = train.train(work, SMALL)
        errors[metric] = np.abs(result.residuals).mean(), np.square(result.residuals).mean()
    assert errors["mae"][0] < 0.8 * errors["mse"][0]
    assert errors["mse"][1] < errors["mae"][1]


def test_the_weights_that_are_scored_are_those_that_the_early_stopping_score_was_measured_with(
    make_work: MakeWork,
) -> None:
    # Two equal series: the early-stopping set is of one, the validation set of the same hours in the other. The
    # early-stopping score is measured with a moving average of the weights, and so must be the score.
    y = ulam(120)
    work = make_work(
        y,
        y,
        window={"normalise": "none", "horizon": 1},
        learning_rates=[0.05],
        ema_decay=0.95,
        check_every=4,
        steps=24,
        patience=24,
        batch_size=16,
    )
    start, series = work.windows.start, work.windows.series[work.windows.first]
    label = np.where(series == 1, PURGED, np.where(start < 60, TRAIN, PURGED)).astype(np.int8)
    late = (start >= 70) & (start < 90)
    label[late & (series == 0)], label[late & (series == 1)] = EARLY_STOPPING, VALIDATION
    one_fold = replace(work, folds=Folds(label[None], start >= 115, start < 115))
    (row,) = train.train(one_fold, SMALL).rows
    assert row.steps > 0
    assert row.score == pytest.approx(row.early_stopping_score, rel=1e-5)


def test_a_training_that_learns_nothing_leaves_the_ridge_linear_model(make_work: MakeWork) -> None:
    # Its best step is the one before the first.
    result = train.train(make_work(learning_rates=[1e6]), SMALL)
    for row, zero in zip(result.rows, train.train(make_work(), ZERO).rows, strict=True):
        assert row.steps == 0
        assert row.score == pytest.approx(zero.score, rel=1e-6)


def test_cells_learn_what_the_ridge_linear_model_cannot(make_work: MakeWork) -> None:
    changes: dict[str, Any] = {
        "window": {"normalise": "none", "horizon": 1},
        "check_every": 20,
        "steps": 100,
        "patience": 100,
    }
    work = make_work(ulam(500), **changes, learning_rates=[0.05], batch_size=32)
    zero, some = (train.train(work, size) for size in (ZERO, Size(1, 4)))
    assert np.mean([row.score for row in zero.rows]) > 0.9
    assert np.mean([row.score for row in some.rows]) < 0.5


@pytest.mark.parametrize(
    ("network", "size"),
    [
        ({"cell": "gru"}, Size(1, 3)),
        ({"cell": "rnn", "summary": "mean"}, Size(2, 3)),
        ({"projection": 2}, Size(2, 4)),
        ({"bidirectional": True}, Size(1, 3)),
        ({"skip": ["none"]}, Size(1, 3)),
        ({"skip": ["none"]}, ZERO),
        ({"skip": ["joint"], "head": ["mixed"]}, Size(2, 3)),
        ({"cell": "gru", "skip": ["joint"], "head": ["mixed"]}, Size(1, 3)),
        ({"skip": ["joint"], "head": ["encoder_decoder"]}, Size(2, 3)),
        ({"cell": "gru", "skip": ["none"], "head": ["encoder_decoder"]}, Size(1, 3)),
        ({"skip": ["none"], "head": ["encoder_decoder"]}, Size(0, 4)),
        ({"skip": ["none"]}, Size(0, 4)),
        ({"skip": ["linear"]}, Size(0, 4)),
        ({"skip": ["joint"], "head": ["mixed"]}, Size(0, 4)),
    ],
)
def test_every_kind_of_network_can_be_trained(make_work: MakeWork, network: dict[str, Any], size: Size) -> None:
    work = make_work(network=network)
    result = train.train(work, size)
    for row in result.rows:
        assert row.status == "ok"
        assert row.score is not None
        assert np.isfinite(row.score)
        assert row.head == (work.network.head[0] if size.layers else "plain")
        costs = cost(size, work.network, shape(work.windows), Architecture(row.skip, row.head))
        if size == ZERO:
            costs = cost(ZERO, work.network, shape(work.windows))
        assert (row.parameters, row.recurrent) == (costs.parameters, costs.recurrent)
        assert (row.penalty > 0) == (size == ZERO or work.network.has_linear_skip)


def test_a_row_names_the_architecture_and_has_a_penalty_only_beside_the_ridge_linear_model(
    make_work: MakeWork,
) -> None:
    work = make_work(network={"skip": ["none", "linear", "joint"], "head": ["plain", "mixed"]}, rungs=[3])
    rows = train.train(work, SMALL).rows
    assert len({(row.skip, row.head, row.parameters) for row in rows}) == 6
    for row in rows:
        assert (row.penalty > 0) == (row.skip != "none")
    # The same number with the ridge-linear model beside it and trained along.
    counted = {(row.skip, row.head): row.parameters for row in rows}
    assert counted["linear", "mixed"] == counted["joint", "mixed"] > counted["none", "mixed"]


def test_an_untrained_network_scores_what_its_skip_connection_does(make_work: MakeWork) -> None:
    # A rate that changes nothing: what is kept is the better of nothing and next to nothing.
    for skip, size in ((["none"], None), (["linear"], ZERO), (["joint"], ZERO)):
        work = make_work(network={"skip": skip}, learning_rates=[1e-12])
        rows = train.train(work, SMALL).rows
        if size is not None:
            expected = [number(row.score) for row in train.train(work, ZERO).rows]
        else:
            expected = []
            for fold in work.folds.all():
                right = truth(work.windows, fit_scaling(work.windows, fold.train), fold.validation)
                batch = gather(work.windows, fit_scaling(work.windows, fold.train), fold.validation)
                expected.append(float(np.square(right - scaled(batch, np.zeros_like(batch.target))).mean()))
        assert [row.score for row in rows] == pytest.approx(expected, rel=1e-4)


def test_two_targets_can_be_trained(make_work: MakeWork) -> None:
    result = train.train(make_work(window={"second": True}), SMALL)
    assert result.residuals.shape[1:] == (2, 2)
    assert {row.status for row in result.rows} == {"ok"}


# --- which training counts ------------------------------------------------------------------------------------------

GOOD, BAD, THIRD = Setting(1e-2, 0.0, 0.0), Setting(3e-2, 0.0, 0.0), Setting(1e-1, 0.0, 0.0)


def network(setting: Setting, seed: int, score: float, status: Status = "done", fold: int = 0) -> NetworkState:
    """A network that was trained to some score, or not at all."""
    trained = [(0.0, score)] if np.isfinite(score) else []
    return NetworkState(fold, seed, 0, setting, status, kept_score=score, curve=trained)


def statuses(*states: NetworkState) -> list[str]:
    joint: Any = SimpleNamespace(states=list(states), fitted=dict.fromkeys(state.fold for state in states))
    return list(train._statuses(joint))


def test_of_two_finalists_the_one_with_the_better_mean_over_all_seeds_counts() -> None:
    # The second has the better first seed.
    found = statuses(network(GOOD, 0, 0.5), network(BAD, 0, 0.4), network(GOOD, 1, 0.3), network(BAD, 1, 0.5))
    assert found == ["ok", "runner_up", "ok", "runner_up"]


def test_what_was_dropped_is_neither() -> None:
    found = statuses(network(THIRD, 0, 0.1, "dropped"), network(GOOD, 0, 0.5), network(BAD, 0, 0.6),
                     network(GOOD, 1, 0.3), network(BAD, 1, 0.5))  # fmt: skip
    assert found == ["dropped", "ok", "runner_up", "ok", "runner_up"]


def test_a_finalist_that_failed_in_a_seed_loses() -> None:
    for failed in (network(BAD, 1, 0.1, "failed"), network(BAD, 1, np.inf, "failed")):  # late, and at once
        found = statuses(network(GOOD, 0, 0.5), network(BAD, 0, 0.1), network(GOOD, 1, 0.5), failed)
        assert found == ["ok", "runner_up", "ok", "failed"]
    late = network(BAD, 0, 0.1, "failed")
    assert statuses(network(GOOD, 0, 0.5), late, network(GOOD, 1, 0.5), network(BAD, 1, 0.1)) == [
        "ok", "failed", "ok", "runner_up",
    ]  # fmt: skip


def test_a_fold_in_which_all_failed_has_failed_and_folds_are_judged_apart() -> None:
    failed = [network(GOOD, 0, 0.1, "failed"), network(BAD, 0, np.inf, "failed"), network(GOOD, 1, np.inf, "failed")]
    other = [network(GOOD, 0, 0.5, fold=1), network(BAD, 0, 0.4, fold=1)]
    assert statuses(*failed, *other) == ["failed"] * 3 + ["runner_up", "ok"]


def test_a_setting_alone_counts_with_the_seeds_that_did_not_fail() -> None:
    assert statuses(network(GOOD, 0, 0.5), network(GOOD, 1, 0.1, "failed")) == ["ok", "failed"]


def test_a_spare_that_was_not_needed_is_no_row_and_one_that_failed_at_once_is(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halving, "GAIN", -9.0)  # in a few steps hardly anything is learnt
    # By its last factor the list is continued with a rate that overflows before its first check.
    work = make_work(
        network={"skip": ["none"]}, window={"normalise": "none"}, learning_rates=[1e-34, 1e-4], rungs=[3], patience=9
    )
    rows = train.train(work, SMALL).rows
    for fold in (1, 2):
        tried = [(row.learning_rate, row.status) for row in rows if row.fold == fold]
        # Once, and not with both spares.
        assert tried == [(1e-34, "runner_up"), (1e-4, "ok"), (1e26, "failed")]


# --- the same result, however it came about -------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, Size(2, 8)])
def test_the_same_work_gives_the_same_result_whatever_was_drawn_before(make_work: MakeWork, size: Size) -> None:
    torch.manual_seed(1)
    first = train.train(make_work(**MANY), size)
    torch.manual_seed(2)
    assert same(train.train(make_work(**MANY), size), first)


def test_another_seed_is_another_training(make_work: MakeWork) -> None:
    work = make_work()
    first, other = (train.train(replace(work, seed=seed), SMALL) for seed in (1, 2))
    assert all(
        check.early_stopping_score != same_check.early_stopping_score
        for check, same_check in zip(first.checks, other.checks, strict=True)
    )


# --- engines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("size", [SMALL, Size(2, 8)], ids=str)
def test_every_figure_of_a_training_is_that_of_the_other_engine_but_for_rounding(
    make_work: MakeWork, size: Size, summary: str
) -> None:
    # Rungs, dropout and second seeds too. Measured: 2e-7 at most, here and on real data.
    fused, plain = (
        train.train(make_work(**{**MANY, "network": {**MANY["network"], "summary": summary}}, engine=engine), size)
        for engine in ("fused", "torch")
    )
    for record, other in zip((*fused.rows, *fused.checks), (*plain.rows, *plain.checks), strict=True):
        for key, value in vars(record).items():
            expected = getattr(other, key)
            assert value == (pytest.approx(expected, rel=1e-5) if isinstance(expected, float) else expected), key
    np.testing.assert_allclose(fused.residuals, plain.residuals, rtol=1e-4, atol=1e-5)


def test_auto_is_fused_where_that_can_run_and_torch_elsewhere(make_work: MakeWork) -> None:
    assert same(train.train(make_work(engine="auto"), SMALL), train.train(make_work(engine="fused"), SMALL))
    gru = {"cell": "gru"}
    auto, plain = (train.train(make_work(network=gru, engine=engine), SMALL) for engine in ("auto", "torch"))
    assert same(auto, plain)


def test_fused_kernels_that_cannot_run_are_refused_before_anything_is_trained(make_work: MakeWork) -> None:
    checks: list[int] = []
    with pytest.raises(InputError, match=r"^search.training.engine: fused .*propose.network.cell is gru"):
        train.train(make_work(network={"cell": "gru"}, engine="fused"), SMALL, None, checks.append)
    assert checks == []


# --- targets that were not observed -----------------------------------------------------------------------------------

WEEKS = 20


def without_weekends(level: float = 1.0, seed: int = 0) -> Any:
    values = level * (
        3 + np.sin(np.arange(7 * WEEKS) / 3) + 0.3 * np.random.default_rng(seed).standard_normal(7 * WEEKS)
    )
    values[np.arange(7 * WEEKS) % 7 > 4] = np.nan
    return values


@pytest.mark.parametrize("metric", ["mse", "mae"])
@pytest.mark.parametrize("scale", ["global", "series"])
def test_series_with_gaps_are_trained_and_scored_on_what_was_observed(
    make_work: MakeWork, metric: Metric, scale: str
) -> None:
    work = make_work(
        without_weekends(), without_weekends(100, 1), metric=metric,
        window={"observed": 0.4, "fill": 2, "scale": scale, "normalise": "last", "horizon": 5},
        network={"skip": ["none", "joint"], "head": ["plain", "mixed"]}, steps=30,
    )  # fmt: skip
    for size in (ZERO, Size(0, 4), Size(1, 3)):
        result = train.train(work, size)
        scores = [(row.score, row.train_score) for row in result.rows if row.status == "ok"]
        assert np.isfinite(np.array(scores, float)).all()
        right = np.concatenate([
            truth(work.windows, fit_scaling(work.windows, fold.train), fold.validation)
            for number, fold in enumerate(work.folds.all(), start=1) for _ in kinds(result, number)
        ])  # fmt: skip
        np.testing.assert_array_equal(np.isnan(result.residuals), np.isnan(right))
        first = [row for row in result.rows if row.fold == 1 and row.status == "ok"]
        if len(first) == 1:
            errors = result.residuals[: len(work.folds.fold(0).validation)].astype(float)
            deviation = fit_scaling(work.windows, work.folds.fold(0).train).error_scale(metric)
            expected = np.nanmean(np.square(errors) if metric == "mse" else np.abs(errors) * deviation)
            assert first[0].score == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("skip", ["none", "linear", "joint"])
def test_quantiles_are_trained_and_scored_by_their_pinball_loss(make_work: MakeWork, skip: str) -> None:
    plain = make_work(metric="quantile", network={"skip": [skip]}, steps=120, maximum_steps=120, patience=120)
    work = replace(plain, samples=replace(plain.windows, quantiles=(0.1, 0.5, 0.9)))
    for size in (ZERO, Size(0, 4), Size(1, 3)):
        result = train.train(work, size)
        costs = cost(size, work.network, shape(work.windows), Architecture(result.rows[0].skip, "plain"))
        for row in result.rows:
            assert row.status == "ok"
            assert row.parameters == costs.parameters
            assert row.score is not None
            assert np.isfinite(row.score)
        curves = [check.train_loss for check in result.checks if check.fold == 1 and check.seed == 0]
        assert size == ZERO or curves[-1] < curves[0]
        assert result.residuals.shape[1:] == (work.windows.horizon, 1)  # truth less the median


def test_both_engines_leave_the_same_targets_out(make_work: MakeWork) -> None:
    options: dict[str, Any] = {"window": {"observed": 0.4, "fill": 2}, "network": {"skip": ["none"]}, "steps": 9}
    fused, plain = (
        train.train(make_work(without_weekends(), engine=engine, **options), Size(2, 3))
        for engine in ("fused", "torch")
    )
    for one, other in zip(fused.checks, plain.checks, strict=True):
        assert np.isfinite(one.train_loss)
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-4)
        assert one.early_stopping_score == pytest.approx(other.early_stopping_score, rel=1e-4)


def test_the_training_loss_of_whole_passes_is_the_score_of_all_values(make_work: MakeWork) -> None:
    # Nothing is learnt with a rate of 0: the mean loss of the batches of a pass is the score of the training set.
    values = without_weekends()
    probe = make_work(values, window={"observed": 0.4, "fill": 2, "normalise": "none"})
    count = len(probe.folds.fold(0).train)
    batch = next(size for size in (3, 4, 5, 7, 2) if count % size == 0)
    steps = count // batch
    work = make_work(
        values, window={"observed": 0.4, "fill": 2, "normalise": "none"}, network={"skip": ["none"]},
        learning_rates=[1e-12], batch_size=batch, check_every=steps, steps=steps, patience=steps,
    )  # fmt: skip
    result = train.train(work, Size(1, 2), folds=[0])
    fold = work.folds.fold(0)
    right = truth(work.windows, fit_scaling(work.windows, fold.train), fold.train)
    assert np.isnan(right).any()
    assert result.checks[0].train_loss == pytest.approx(np.nanmean(np.square(right)), rel=1e-4)


def test_another_precision_reaches_the_training_and_ends_near_it(make_work: Callable[..., Work]) -> None:
    work = make_work(check_every=10, steps=40, maximum_steps=40, patience=40)
    scores = [
        np.array([row.score for row in train.train(replace(work, precision=precision), Size(1, 4)).rows], dtype=float)
        for precision in ("32-true", "bf16-mixed")
    ]
    assert not np.array_equal(scores[0], scores[1])
    assert scores[1] == pytest.approx(scores[0], rel=0.02)
