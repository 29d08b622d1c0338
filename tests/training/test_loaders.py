"""Data loaders: what a step and a validation read."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cellsize.training.early_stopping import pieces

from cellsize.data.batches import gather
from cellsize.models.ridge_linear import predict
from cellsize.sizing.sizes import Size, shape
from cellsize.training import loaders
from cellsize.training.joint import JointTraining
from cellsize.training.loaders import EarlyStoppingBatches, TrainingBatches, load_batch
from cellsize.training.records import Work
from cellsize.training.state import settings
from cellsize.training.train import _fit_fold

MakeWork = Callable[..., Work]
SIZE = Size(1, 2)


def joint_training(work: Work) -> JointTraining:
    fitted = {fold: _fit_fold(work, work.folds.fold(fold), SIZE) for fold in range(len(work.folds.labels))}
    return JointTraining(work, SIZE, fitted, shape(work.windows), settings(work))


@pytest.fixture
def joint(make_work: MakeWork) -> JointTraining:
    """Two seeds of two unequal folds."""
    return joint_training(make_work(split={"scheme": "expanding"}, seeds=2, batch_size=8))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The windows of every batch that is read from now on."""
    windows: list[list[int]] = []

    def noted(*arguments: Any) -> loaders.Tensors:
        windows.append(arguments[2].tolist())
        return load_batch(*arguments)

    monkeypatch.setattr(loaders, "load_batch", noted)
    return windows


def test_the_target_is_what_the_linear_skip_connection_leaves(make_work: MakeWork) -> None:
    for skip in ("linear", "none"):
        work = make_work(network={"skip": skip})
        fitted, chosen = _fit_fold(work, work.folds.fold(0), SIZE), np.array([3, 40])
        batch = gather(work.windows, fitted.scaling, chosen)
        linear = 0.0 if fitted.linear is None else predict(work.windows, fitted.linear, batch)
        assert (fitted.linear is None) == (skip == "none")
        steps, known_future, target, scale = load_batch(work, fitted, chosen)
        np.testing.assert_array_equal(target.numpy(), batch.target - linear)
        for tensor, expected in ((steps, batch.steps), (known_future, batch.known_future), (scale, batch.scale)):
            np.testing.assert_array_equal(tensor.numpy(), expected)


def test_an_epoch_is_one_pass_over_every_active_fold_and_seed(joint: JointTraining, read: list[list[int]]) -> None:
    lengths = [len(fitted.fold.train) // 8 for fitted in joint.fitted.values()]
    assert lengths[0] < lengths[1] == len(TrainingBatches(joint))
    steps = list(TrainingBatches(joint))
    assert [sorted(step) for step in steps[: lengths[0]]] == [[(0, 0), (0, 1), (1, 0), (1, 1)]] * lengths[0]
    assert [sorted(step) for step in steps[lengths[0] :]] == [[(1, 0), (1, 1)]] * (lengths[1] - lengths[0])
    # No window twice: the longer fold's batches, of both seeds.
    windows = [window for batch in read for window in batch if window in set(joint.fitted[1].fold.train.tolist())]
    assert len(windows) >= 2 * 8 * lengths[1]
    assert all(len(set(batch)) == 8 for batch in read)


def test_each_epoch_has_an_order_of_its_own_that_does_not_depend_on_other_folds(
    joint: JointTraining, read: list[list[int]]
) -> None:
    list(TrainingBatches(joint))
    first = [list(batch) for batch in read]
    read.clear()
    list(TrainingBatches(joint))
    assert read == first
    read.clear()
    for state in joint.states:
        state.epoch = 1
    list(TrainingBatches(joint))
    assert read != first
    read.clear()
    for state in joint.states:
        state.epoch, state.status = 0, "active" if (state.fold, state.seed) == (1, 1) else "done"
    list(TrainingBatches(joint))
    assert all(batch in first for batch in read)


def test_a_fold_that_has_ended_makes_the_epoch_no_longer(joint: JointTraining) -> None:
    for state in joint.states:
        state.status = "active" if state.fold == 0 else "done"
    assert len(TrainingBatches(joint)) == len(joint.fitted[0].fold.train) // 8
    for state in joint.states:
        state.status = "done"
    assert len(TrainingBatches(joint)) == 0


def test_early_stopping_sets_are_read_whole_piece_by_piece(joint: JointTraining, read: list[list[int]]) -> None:
    batches = [(fold, piece) for fold, piece, _ in EarlyStoppingBatches(joint)]
    assert batches == [(fold, piece) for fold in (0, 1) for piece in range(5)]
    expected = [piece.tolist() for fitted in joint.fitted.values() for piece in pieces(fitted.fold.early_stopping)]
    assert read == expected


def test_the_early_stopping_set_of_a_fold_that_has_ended_is_not_read(joint: JointTraining) -> None:
    for state in joint.states:
        state.status = "active" if (state.fold, state.seed) == (1, 1) else "failed"
    assert {fold for fold, _, _ in EarlyStoppingBatches(joint)} == {1}
