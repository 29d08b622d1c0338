"""Lightning's run: interrupted and resumed without a trace, and nothing written that nobody asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.sizing.sizes import Size, shape
from cellsize.training import fit, train
from cellsize.training.joint import JointTraining
from cellsize.training.records import Result, Work
from cellsize.training.state import settings

MakeWork = Callable[..., Work]
SMALL = Size(1, 3)

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


def same(first: Result, other: Result) -> bool:
    """Whether two results are the same in everything but the time they took."""
    np.testing.assert_array_equal(first.residuals, other.residuals)
    np.testing.assert_array_equal(first.residual_windows, other.residual_windows)
    return first.rows == other.rows and first.epochs == other.epochs


class KilledError(Exception):
    """Stands for whatever ends a process."""


@pytest.mark.parametrize(("size", "changes"), [(SMALL, UNEQUAL), (Size(2, 8), MANY)])
def test_an_interrupted_training_resumes_where_it_was_and_ends_as_if_nothing_had_happened(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: Size, changes: dict[str, Any]
) -> None:
    monkeypatch.setattr(fit, "SAVE_SECONDS", 0.0)
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
    monkeypatch.setattr(fit, "SAVE_SECONDS", 0.0)
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


def test_nothing_is_written_unless_asked_for(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Lightning likes to leave a folder of logs and of checkpoints.
    monkeypatch.chdir(tmp_path)
    train.train(make_work(), SMALL)
    assert list(tmp_path.iterdir()) == []


def test_the_kept_weights_are_put_in_place_ready_to_forecast(make_work: MakeWork) -> None:
    work = make_work()
    fitted = {fold: train._fit_fold(work, work.folds.fold(fold), SMALL) for fold in (0, 1)}
    joint = JointTraining(work, SMALL, fitted, shape(work.windows), settings(work))
    for index, state in enumerate(joint.states):
        state.kept = torch.full_like(state.kept, float(index))
    networks = fit.kept_networks(joint)
    assert [set(net.head.bias.tolist()) for net in networks] == [{0.0}, {1.0}]
    assert not any(net.training for net in networks)
