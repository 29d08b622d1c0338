"""One size on every fold: the same result however it came about, and nothing but what the fold may know."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.data.batches import fit_scaling
from cellsize.data.folds import EARLY_STOPPING, PURGED, TRAIN, VALIDATION, Folds
from cellsize.errors import InputError
from cellsize.models import ridge_linear
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training import early_stopping, fit, train
from cellsize.training.records import Epoch, Result, Row, Work

MakeWork = Callable[..., Work]
SMALL = Size(1, 3)


def same(first: Result, other: Result) -> bool:
    """Whether two results are the same in everything but the time they took."""
    np.testing.assert_array_equal(first.residuals, other.residuals)
    np.testing.assert_array_equal(first.residual_windows, other.residual_windows)
    return first.rows == other.rows and first.epochs == other.epochs


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


def curve(result: Result, row: Row) -> list[Epoch]:
    """The learning curve of a row."""
    keys = ("fold", "seed", "learning_rate", "dropout", "weight_decay")
    return [epoch for epoch in result.epochs if all(getattr(epoch, key) == getattr(row, key) for key in keys)]


# --- what a result holds --------------------------------------------------------------------------------------------


def test_zero_cells_are_the_ridge_linear_model_and_its_score(make_work: MakeWork) -> None:
    work = make_work()
    result = train.train(work, ZERO)
    assert result.size == ZERO
    assert result.epochs == ()
    for row, fold in zip(result.rows, work.folds.all(), strict=True):
        scaling = fit_scaling(work.windows, fold.train)
        chosen = ridge_linear.fit_chosen(work.windows, scaling, fold, work.penalties, work.metric)
        assert (row.status, row.epochs, row.seed, row.penalty) == ("ok", 0, 0, chosen.penalty)
        assert row.score == pytest.approx(
            ridge_linear.score(work.windows, scaling, chosen, fold.validation, "mse"), rel=1e-5
        )
        assert row.early_stopping_score == pytest.approx(
            ridge_linear.score(work.windows, scaling, chosen, fold.early_stopping, "mse"), rel=1e-5
        )
        assert (row.n_train, row.n_validation) == (len(fold.train), len(fold.validation))


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


def test_the_latest_epoch_that_is_better_than_none_and_no_worse_than_the_best_is_kept(make_work: MakeWork) -> None:
    # A large rate overshoots, so that the best epoch is not the last one.
    result = train.train(make_work(learning_rates=[0.3], epochs=12, patience=3), SMALL)
    start = {row.fold: number(row.early_stopping_score) for row in train.train(make_work(), ZERO).rows}
    ended_early = 0
    for row in result.rows:
        early_stopping_scores = [start[row.fold], *(epoch.early_stopping_score for epoch in curve(result, row))]
        best = int(np.argmin(early_stopping_scores))
        assert best <= row.epochs <= (12 if best else 0)
        assert row.early_stopping_score == pytest.approx(early_stopping_scores[row.epochs], rel=1e-6)
        assert number(row.early_stopping_score) <= start[row.fold]
        assert len(early_stopping_scores) - 1 == min(12, row.epochs + 3)
        ended_early += len(early_stopping_scores) - 1 < 12
    assert ended_early


@pytest.mark.parametrize(("significant", "later"), [(-1e9, False), (1e9, True)])
def test_a_later_epoch_is_kept_unless_it_is_significantly_worse(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, significant: float, later: bool
) -> None:
    monkeypatch.setattr(early_stopping, "SIGNIFICANT", significant)
    result = train.train(make_work(learning_rates=[0.1], epochs=12, patience=12), SMALL)
    start = {row.fold: number(row.early_stopping_score) for row in train.train(make_work(), ZERO).rows}
    seen = set()
    for row in result.rows:
        scores = [start[row.fold], *(epoch.early_stopping_score for epoch in curve(result, row))]
        better = [epoch for epoch, score in enumerate(scores) if score < start[row.fold]] or [0]
        assert row.epochs == (better[-1] if later else int(np.argmin(scores)))
        seen.add(better[-1] > int(np.argmin(scores)))
    assert True in seen


def test_the_training_score_is_that_of_the_last_epoch_trained(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Early stopping hides overfitting: what is kept is from before it.
    work = make_work(learning_rates=[0.1], epochs=12, patience=12)
    kept = {}
    for significant in (-1e9, 1e9):
        monkeypatch.setattr(early_stopping, "SIGNIFICANT", significant)
        kept[significant] = train.train(work, SMALL).rows
    assert [row.epochs for row in kept[-1e9]] != [row.epochs for row in kept[1e9]]
    for best, latest in zip(kept[-1e9], kept[1e9], strict=True):
        assert best.train_score == latest.train_score
        assert (best.score != latest.score) == (best.epochs != latest.epochs)


@pytest.mark.parametrize("learning_rate", [1e-3, 3e-2])
def test_the_training_score_is_that_of_the_kept_weights_where_these_are_the_last(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, learning_rate: float
) -> None:
    scored = {}

    def kept(joint: Any) -> Any:
        networks = fit.kept_networks(joint)
        for state, network in zip(joint.states, networks, strict=True):
            scored[state.fold] = train._train_score(joint.work, joint.fitted[state.fold], [network])
        return networks

    monkeypatch.setattr(train, "kept_networks", kept)
    rows = train.train(make_work(learning_rates=[learning_rate], epochs=3), SMALL).rows
    last = [row for row in rows if row.epochs == 3]
    assert last
    assert all(row.train_score == scored[row.fold - 1] for row in last)


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
    how: dict[str, Any] = {"window": {"normalise": "none"}, "network": {"skip": "none"}, "learning_rates": [0.03]}
    errors = {}
    for metric in ("mse", "mae"):
        result = train.train(make_work(y, metric=metric, epochs=20, patience=20, **how), SMALL)
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
        epochs=8,
        patience=8,
        batch_size=16,
    )
    start, series = work.windows.start, work.windows.series[work.windows.first]
    label = np.where(series == 1, PURGED, np.where(start < 60, TRAIN, PURGED)).astype(np.int8)
    late = (start >= 70) & (start < 90)
    label[late & (series == 0)], label[late & (series == 1)] = EARLY_STOPPING, VALIDATION
    one_fold = replace(work, folds=Folds(label[None], start >= 115, start < 115))
    (row,) = train.train(one_fold, SMALL).rows
    assert row.epochs > 0
    assert row.score == pytest.approx(row.early_stopping_score, rel=1e-5)


def test_a_training_that_learns_nothing_leaves_the_ridge_linear_model(make_work: MakeWork) -> None:
    # Its best epoch is the one before the first.
    result = train.train(make_work(learning_rates=[1e6]), SMALL)
    for row, zero in zip(result.rows, train.train(make_work(), ZERO).rows, strict=True):
        assert row.epochs == 0
        assert row.score == pytest.approx(zero.score, rel=1e-6)


def test_cells_learn_what_the_ridge_linear_model_cannot(make_work: MakeWork) -> None:
    changes: dict[str, Any] = {"window": {"normalise": "none", "horizon": 1}, "epochs": 20, "patience": 20}
    work = make_work(ulam(500), **changes, learning_rates=[0.05], batch_size=32)
    zero, some = (train.train(work, size) for size in (ZERO, Size(1, 4)))
    assert np.mean([row.score for row in zero.rows]) > 0.9
    assert np.mean([row.score for row in some.rows]) < 0.5


@pytest.mark.parametrize(
    ("network", "size"),
    [
        ({"cell": "gru"}, Size(1, 3)),
        ({"cell": "rnn", "head": "mean"}, Size(2, 3)),
        ({"projection": 2}, Size(2, 4)),
        ({"bidirectional": True}, Size(1, 3)),
        ({"skip": "none"}, Size(1, 3)),
        ({"skip": "none"}, ZERO),
    ],
)
def test_every_kind_of_network_can_be_trained(make_work: MakeWork, network: dict[str, Any], size: Size) -> None:
    work = make_work(network=network, epochs=2)
    result = train.train(work, size)
    for row in result.rows:
        assert row.status == "ok"
        assert row.score is not None
        assert np.isfinite(row.score)
        assert row.parameters == cost(size, work.network, shape(work.windows)).parameters
        assert (row.penalty > 0) == (size == ZERO or work.network.skip == "linear")


def test_two_targets_can_be_trained(make_work: MakeWork) -> None:
    result = train.train(make_work(window={"second": True}, epochs=2), SMALL)
    assert result.residuals.shape[1:] == (2, 2)
    assert {row.status for row in result.rows} == {"ok"}


# --- the same result, however it came about -------------------------------------------------------------------------

# Rungs, dropout and second seeds that begin late: everything that a state has to hold. Six epochs in all.
MANY: dict[str, Any] = {
    "learning_rates": [1e-2, 3e-2],
    "dropouts": [0.0, 0.3],
    "rungs": [1, 2],
    "seeds": 2,
    "epochs": 4,
    "batch_size": 32,
}


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
        epoch.early_stopping_score != same_epoch.early_stopping_score
        for epoch, same_epoch in zip(first.epochs, other.epochs, strict=True)
    )


# --- engines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["last", "mean"])
@pytest.mark.parametrize("size", [SMALL, Size(2, 8)], ids=str)
def test_every_figure_of_a_training_is_that_of_the_other_engine_but_for_rounding(
    make_work: MakeWork, size: Size, head: str
) -> None:
    # Rungs, dropout and second seeds too. Measured: 2e-7 at most, here and on real data.
    fused, plain = (
        train.train(make_work(network={"head": head}, **MANY, engine=engine), size) for engine in ("fused", "torch")
    )
    for record, other in zip((*fused.rows, *fused.epochs), (*plain.rows, *plain.epochs), strict=True):
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
    epochs: list[int] = []
    with pytest.raises(InputError, match=r"^search.training.engine: fused .*propose.network.cell is gru"):
        train.train(make_work(network={"cell": "gru"}, engine="fused"), SMALL, None, epochs.append)
    assert epochs == []
