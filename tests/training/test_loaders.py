"""Data loaders: what a step and a validation read."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.data.batches import chunks, design, gather
from cellsize.models import prediction
from cellsize.models.ridge_linear import predict
from cellsize.sizing.sizes import Size, shape
from cellsize.training import loaders
from cellsize.training.joint import JointTraining, Tensors
from cellsize.training.loaders import EarlyStoppingBatches, TrainingBatches, load_batch
from cellsize.training.records import Work
from cellsize.training.state import racing, settings
from cellsize.training.train import _fit_fold

MakeWork = Callable[..., Work]
SIZE = Size(1, 2)


def joint_training(work: Work) -> JointTraining:
    fitted = {fold: _fit_fold(work, work.folds.fold(fold), SIZE) for fold in range(len(work.folds.labels))}
    states = racing(work, list(fitted), settings(work.network, work.training, SIZE))
    return JointTraining(work, SIZE, fitted, shape(work.windows), states)


@pytest.fixture
def joint(make_work: MakeWork) -> JointTraining:
    """Two seeds of two unequal folds."""
    return joint_training(make_work(split={"scheme": "expanding"}, seeds=2, batch_size=8))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The windows of every batch that is read from now on."""
    windows: list[list[int]] = []

    def noted(*arguments: Any) -> Tensors:
        windows.append(arguments[2].tolist())
        return load_batch(*arguments)

    monkeypatch.setattr(loaders, "load_batch", noted)
    return windows


def check(joint: JointTraining, number: int) -> None:
    """Reads all batches between two checks, as if `number` checks were done."""
    for state in joint.states:
        state.curve = [(0.0, 0.0)] * number
    list(TrainingBatches(joint))


def test_a_batch_has_all_that_a_network_reads_and_what_the_ridge_linear_model_forecasts(make_work: MakeWork) -> None:
    for skip in ("linear", "none"):
        work = make_work(network={"skip": skip})
        fitted, chosen = _fit_fold(work, work.folds.fold(0), SIZE), np.array([3, 40])
        batch = gather(work.windows, fitted.scaling, chosen)
        assert (fitted.linear is None) == (skip == "none")
        linear = np.zeros_like(batch.target)
        if fitted.linear is not None:
            linear = predict(work.windows, fitted.linear, batch)
        expected = (
            batch.steps, batch.known_future, design(work.windows, batch), batch.target, linear, batch.scale,
        )  # fmt: skip
        *tensors, lengths = load_batch(work, fitted, chosen)
        assert lengths is None  # all windows are equally long
        for tensor, array in zip(tensors, expected, strict=True):
            assert isinstance(tensor, torch.Tensor)
            np.testing.assert_array_equal(tensor.numpy(), array)


def test_between_two_checks_every_active_fold_and_seed_makes_as_many_steps(
    joint: JointTraining, read: list[list[int]]
) -> None:
    steps = list(TrainingBatches(joint))
    assert len(steps) == len(TrainingBatches(joint)) == joint.work.training.check_every == 3
    assert [sorted(step) for step in steps] == [[(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0)]] * 3
    assert all(len(set(batch)) == 8 for batch in read)


def test_networks_that_began_in_different_checks_read_batches_of_their_own(joint: JointTraining) -> None:
    joint.states[0].curve = [(0.0, 0.0)]
    assert sorted(next(iter(TrainingBatches(joint)))) == [(0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 0)]


def test_only_what_is_active_is_read(joint: JointTraining) -> None:
    for state in joint.states:
        state.status = "active" if (state.fold, state.seed) == (1, 1) else "done"
    assert sorted(next(iter(TrainingBatches(joint)))) == [(1, 1, 0)]
    joint.states[-1].status = "done"
    assert len(TrainingBatches(joint)) == 0  # a training that is resumed after its last check


def test_a_pass_visits_each_window_once_over_several_checks(make_work: MakeWork, read: list[list[int]]) -> None:
    # 41 windows in batches of 8: five steps a pass, and three steps between checks.
    joint = joint_training(make_work(batch_size=8))
    for state in joint.states[1:]:
        state.status = "done"
    train = joint.fitted[0].fold.train
    assert len(train) == 41
    for number in range(5):
        check(joint, number)
    assert len(read) == 15
    passes = [[window for batch in read[begin : begin + 5] for window in batch] for begin in (0, 5, 10)]
    for of_a_pass in passes:
        assert set(Counter(of_a_pass).values()) == {1}
        assert len(of_a_pass) == 40  # what is left over is another window each time
        assert set(of_a_pass) <= set(train.tolist())
    assert passes[0] != passes[1] != passes[2]
    assert set(passes[0]) | set(passes[1]) == set(train.tolist())


def test_batches_depend_on_the_step_and_on_nothing_read_before(joint: JointTraining, read: list[list[int]]) -> None:
    check(joint, 0)
    check(joint, 1)
    check(joint, 2)
    third = read[-12:]
    read.clear()
    check(joint, 2)
    assert read == third
    # Nor on other folds.
    for state in joint.states:
        state.status = "active" if (state.fold, state.seed) == (1, 1) else "done"
    read.clear()
    check(joint, 2)
    assert len(read) == 3
    assert read == third[3::4]


def test_seeds_have_orders_of_their_own(joint: JointTraining, read: list[list[int]]) -> None:
    list(TrainingBatches(joint))
    first, second = read[0], read[1]
    assert first != second


def test_a_batch_larger_than_the_fold_is_the_whole_fold(make_work: MakeWork, read: list[list[int]]) -> None:
    joint = joint_training(make_work(batch_size=5000))
    list(TrainingBatches(joint))
    assert len(read) == 6
    for index, batch in enumerate(read):
        assert sorted(batch) == joint.fitted[index % 2].fold.train.tolist()


def test_early_stopping_sets_are_read_whole(joint: JointTraining, read: list[list[int]]) -> None:
    assert [fold for fold, _ in EarlyStoppingBatches(joint)] == [0, 1]
    assert read == [fitted.fold.early_stopping.tolist() for fitted in joint.fitted.values()]


def test_a_large_early_stopping_set_is_looked_at_here_and_there_and_in_pieces(
    joint: JointTraining, read: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "WATCHED", 5)
    monkeypatch.setattr(chunks, "__defaults__", (3,))
    list(EarlyStoppingBatches(joint))
    whole = joint.fitted[0].fold.early_stopping
    assert len(whole) > 5
    assert [len(piece) for piece in read] == [3, 2, 3, 2]
    assert read[0][0] == whole[0]
    assert read[1][-1] == whole[-1]
    assert set(read[0] + read[1]) <= set(whole.tolist())


def test_the_early_stopping_set_of_a_fold_that_has_ended_is_not_read(joint: JointTraining) -> None:
    for state in joint.states:
        state.status = "active" if (state.fold, state.seed) == (1, 1) else "failed"
    assert {fold for fold, _ in EarlyStoppingBatches(joint)} == {1}
