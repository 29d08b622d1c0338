"""One size on every fold: the same result however it came about, and nothing but what the fold may know."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.data.batches import fit_scaling, truth
from cellsize.data.folds import EARLY_STOPPING, PURGED, TRAIN, VALIDATION, Folds
from cellsize.errors import InputError
from cellsize.models import ridge_linear
from cellsize.models.prediction import forecast
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training import early_stopping, train
from cellsize.training.records import Epoch, Result, Row, Setting, Work

MakeWork = Callable[..., Work]
SMALL = Size(1, 3)


def same(one: Result, other: Result) -> bool:
    """Whether two results are the same in everything but the time they took."""
    np.testing.assert_array_equal(one.residuals, other.residuals)
    np.testing.assert_array_equal(one.residual_windows, other.residual_windows)
    return one.rows == other.rows and one.epochs == other.epochs


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


def test_zero_cells_are_the_linear_map_and_its_score(make_work: MakeWork) -> None:
    work = make_work()
    result = train.train(work, ZERO)
    assert result.size == ZERO
    assert result.epochs == ()
    for row, fold in zip(result.rows, work.folds.all(), strict=True):
        scaling = fit_scaling(work.windows, fold.train)
        chosen = ridge_linear.fit_chosen(work.windows, scaling, fold, work.penalties)
        assert (row.status, row.epochs, row.seed, row.penalty) == ("ok", 0, 0, chosen.penalty)
        assert row.score == pytest.approx(ridge_linear.score(work.windows, scaling, chosen, fold.validation), rel=1e-5)
        assert row.early_stopping_score == pytest.approx(
            ridge_linear.score(work.windows, scaling, chosen, fold.early_stopping), rel=1e-5
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
    start = {row.fold: row.early_stopping_score for row in train.train(make_work(), ZERO).rows}
    ended_early = 0
    for row in result.rows:
        early_stopping_scores = [start[row.fold], *(epoch.early_stopping_score for epoch in curve(result, row))]
        best = int(np.argmin(early_stopping_scores))
        assert best <= row.epochs <= (12 if best else 0)
        assert row.early_stopping_score == pytest.approx(early_stopping_scores[row.epochs], rel=1e-6)
        assert row.early_stopping_score <= start[row.fold]
        assert len(early_stopping_scores) - 1 == min(12, row.epochs + 3)
        ended_early += len(early_stopping_scores) - 1 < 12
    assert ended_early


@pytest.mark.parametrize(("significant", "later"), [(-1e9, False), (1e9, True)])
def test_a_later_epoch_is_kept_unless_it_is_significantly_worse(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, significant: float, later: bool
) -> None:
    monkeypatch.setattr(early_stopping, "SIGNIFICANT", significant)
    result = train.train(make_work(learning_rates=[0.1], epochs=12, patience=12), SMALL)
    start = {row.fold: row.early_stopping_score for row in train.train(make_work(), ZERO).rows}
    seen = set()
    for row in result.rows:
        scores = [start[row.fold], *(epoch.early_stopping_score for epoch in curve(result, row))]
        better = [epoch for epoch, score in enumerate(scores) if score < start[row.fold]] or [0]
        assert row.epochs == (better[-1] if later else int(np.argmin(scores)))
        seen.add(better[-1] > int(np.argmin(scores)))
    assert True in seen


def test_the_weights_that_are_scored_are_those_that_the_early_stopping_score_was_measured_with(
    make_work: MakeWork,
) -> None:
    # Two series that are the same: the stop part lies in one, the validation part at the same hours in the other.
    # The stop score is measured with a running average of the weights, and so must be the score.
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
    twin = replace(work, folds=Folds(label[None], start >= 115, start < 115))
    (row,) = train.train(twin, SMALL).rows
    assert row.epochs > 0
    assert row.score == pytest.approx(row.early_stopping_score, rel=1e-5)


def test_a_training_that_learns_nothing_leaves_the_linear_map(make_work: MakeWork) -> None:
    # Its best epoch is the one before the first.
    result = train.train(make_work(learning_rates=[1e6]), SMALL)
    for row, zero in zip(result.rows, train.train(make_work(), ZERO).rows, strict=True):
        assert row.epochs == 0
        assert row.score == pytest.approx(zero.score, rel=1e-6)


def test_cells_learn_what_the_linear_map_cannot(make_work: MakeWork) -> None:
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


# Folds that make different numbers of steps and end in different epochs.
UNEQUAL: dict[str, Any] = {
    "split": {"scheme": "expanding", "folds": 3},
    "learning_rates": [0.1],
    "epochs": 6,
    "patience": 1,
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
        one.early_stopping_score != two.early_stopping_score
        for one, two in zip(first.epochs, other.epochs, strict=True)
    )


class KilledError(Exception):
    """Stands for whatever ends a process."""


@pytest.mark.parametrize(("size", "changes"), [(SMALL, UNEQUAL), (Size(2, 8), MANY)])
def test_an_interrupted_training_goes_on_where_it_was_and_ends_as_if_nothing_had_been(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: Size, changes: dict[str, Any]
) -> None:
    monkeypatch.setattr(train, "SAVE_SECONDS", 0.0)
    work, checkpoint = make_work(**changes), tmp_path / "state.ckpt"
    whole: list[int] = []
    expected = train.train(work, size, None, whole.append)
    assert whole == list(range(1, len(whole) + 1))

    # Also after the last epoch, before the result could be written.
    for killed in (2, len(whole)):

        def kill(epoch: int, at: int = killed) -> None:
            if epoch == at:
                raise KilledError

        with pytest.raises(KilledError):
            train.train(work, size, checkpoint, kill)
        assert [path.name for path in tmp_path.iterdir()] == ["state.ckpt"]
        rest: list[int] = []
        resumed = train.train(work, size, checkpoint, rest.append)
        assert rest == whole[killed:]
        assert same(resumed, expected)
        checkpoint.unlink()


def test_a_training_may_be_interrupted_again_and_again(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "SAVE_SECONDS", 0.0)
    work, checkpoint = make_work(**MANY), tmp_path / "state.ckpt"
    seen: list[int] = []

    def kill(epoch: int) -> None:
        seen.append(epoch)
        raise KilledError

    whole: list[int] = []
    expected = train.train(work, SMALL, None, whole.append)
    for _ in whole:
        with pytest.raises(KilledError):
            train.train(work, SMALL, checkpoint, kill)
    assert seen == whole
    assert same(train.train(work, SMALL, checkpoint), expected)


def test_nothing_is_written_where_nobody_asked_for_it(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Lightning likes to leave a folder of logs and of checkpoints.
    monkeypatch.chdir(tmp_path)
    train.train(make_work(), SMALL)
    assert list(tmp_path.iterdir()) == []


# --- the last training ----------------------------------------------------------------------------------------------

SETTING = Setting(1e-2, 0.0, 0.0)


def test_a_refit_learns_from_every_window_before_the_holdout(make_work: MakeWork) -> None:
    work = make_work()
    part, net = train.refit(work, SMALL, SETTING, 10.0, epochs=3)
    assert part.fold.train.tolist() == np.flatnonzero(work.folds.development).tolist()
    assert not part.fold.early_stopping.size
    assert part.linear is not None
    assert part.linear.penalty == 10.0
    assert net is not None
    assert not net.training


def test_a_refit_is_better_than_an_untrained_network_where_it_was_trained(make_work: MakeWork) -> None:
    work = make_work()
    part, net = train.refit(work, SMALL, SETTING, 10.0, epochs=15)
    assert net is not None
    right = truth(work.windows, part.scaling, part.fold.train)
    with_net = forecast(work.windows, part, [net], part.fold.train)[0]
    alone = forecast(work.windows, part, [], part.fold.train)[0]
    assert np.square(right - with_net).mean() < np.square(right - alone).mean()


def test_a_refit_of_zero_cells_is_the_linear_map(make_work: MakeWork) -> None:
    part, net = train.refit(make_work(network={"skip": "none"}), ZERO, SETTING, 10.0, epochs=3)
    assert net is None
    assert part.linear is not None


def test_a_refit_of_no_epochs_leaves_the_linear_map(make_work: MakeWork) -> None:
    work = make_work()
    part, net = train.refit(work, SMALL, SETTING, 10.0, epochs=0)
    assert net is not None
    made, base = (forecast(work.windows, part, nets, part.fold.train)[0] for nets in ([net], []))
    np.testing.assert_array_equal(made, base)


def test_the_same_refit_gives_the_same_weights(make_work: MakeWork) -> None:
    nets = [train.refit(make_work(), SMALL, SETTING, 10.0, epochs=3)[1] for _ in range(2)]
    assert nets[0] is not None
    assert nets[1] is not None
    for one, other in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_refit_whose_loss_is_no_number_is_refused(make_work: MakeWork) -> None:
    work = make_work()
    work = replace(work, training=work.training.model_copy(update={"max_gradient_norm": 1e30}))
    with pytest.raises(
        InputError, match=r"^refit: the loss of 1x3 is no number after epoch \d+; set another refit.seed"
    ):
        train.refit(work, SMALL, Setting(1e30, 0.0, 0.0), 10.0, epochs=3)
