"""Lightning's run: interrupted and resumed without a trace, and nothing written that nobody asked for."""

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cellsize.sizing.sizes import Size, shape
from cellsize.training import fit, train
from cellsize.training.joint import JointTraining
from cellsize.training.records import Result, Work
from cellsize.training.state import racing, settings
from tests.training.conftest import MANY

MakeWork = Callable[..., Work]
SMALL = Size(1, 3)


# Folds of unequal length that end after different checks.
UNEQUAL: dict[str, Any] = {
    "split": {"scheme": "expanding", "folds": 3},
    "learning_rates": [0.1],
    "check_every": 1,
    "steps": 6,
    "patience": 1,
}


def same(first: Result, other: Result) -> bool:
    """Whether two results are the same in everything but the time they took."""
    np.testing.assert_array_equal(first.residuals, other.residuals)
    np.testing.assert_array_equal(first.residual_windows, other.residual_windows)
    return first.rows == other.rows and first.checks == other.checks


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

    # In the race, after it, and after the last check, before the result could be written.
    for killed in (1, 3, len(whole)):

        def kill(check: int, at: int = killed) -> None:
            if check == at:
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

    def kill(check: int) -> None:
        seen.append(check)
        raise KilledError

    whole: list[int] = []
    expected = train.train(work, SMALL, None, whole.append)
    # Something of everything is there: a learning rate beyond the list, two architectures, second seeds.
    assert {row.learning_rate for row in expected.rows} > set(MANY["learning_rates"])
    assert len({(row.skip, row.head) for row in expected.rows if row.seed == 1 and row.trained}) > 1
    for _ in whole:
        with pytest.raises(KilledError):
            train.train(work, SMALL, checkpoint, kill)
    assert seen == whole
    assert same(train.train(work, SMALL, checkpoint), expected)


@pytest.mark.parametrize("kept", [0, 4, 2000, -1], ids=["empty", "begun", "cut off", "zeros"])
def test_a_damaged_checkpoint_is_removed_and_said_and_the_training_begins_anew(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(fit, "SAVE_SECONDS", 0.0)
    work, checkpoint = make_work(), tmp_path / "state.ckpt"
    checks, again = list[int](), list[int]()
    expected = train.train(work, SMALL, checkpoint, checks.append)
    content = checkpoint.read_bytes()
    assert fit.is_whole(checkpoint)
    checkpoint.write_bytes(content[:kept] if kept >= 0 else bytes(len(content)))
    monkeypatch.setattr(fit, "SAVE_SECONDS", 1e9)
    assert same(train.train(work, SMALL, checkpoint, again.append), expected)
    assert again == [0, *checks]
    assert not checkpoint.exists()


# --- every network from its own step ----------------------------------------------------------------------------------


Steps = list[list[tuple[int, int, int]]]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """For each step from now on, of each network in training: its index, its checks and its steps before."""
    made: Steps = []
    step = JointTraining.training_step

    def noted(joint: JointTraining, batch: Any, index: int) -> None:
        made.append([(at, len(joint.states[at].curve), joint.states[at].steps) for at in joint.active()])
        step(joint, batch, index)

    monkeypatch.setattr(JointTraining, "training_step", noted)
    return made


def content(result: Result) -> bytes:
    """What a result is as a file, without the times it took."""
    return replace(result, seconds=0.0, milliseconds=0.0).to_bytes()


def killed_after(work: Work, size: Size, checkpoint: Path, check: int) -> None:
    """Trains until a check, as if it ended the process."""

    def kill(done: int) -> None:
        if done == check:
            raise KilledError

    with pytest.raises(KilledError):
        train.train(work, size, checkpoint, kill)


@pytest.mark.parametrize("engine", ["fused", "torch"])
def test_every_network_resumes_at_its_own_step_and_the_result_is_the_same_bytes(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: Steps, engine: str
) -> None:
    monkeypatch.setattr(fit, "SAVE_SECONDS", 0.0)
    work, checks = make_work(**MANY, engine=engine), list[int]()
    expected = train.train(work, Size(2, 3), None, checks.append)
    whole = steps.copy()
    # In the race, where some networks are younger than others, and in the final stretch.
    mixed = next(check for check in range(len(checks)) if len({checked for _, checked, _ in whole[2 * check]}) > 1)
    assert 1 < mixed < len(checks) - 1
    for killed in (1, mixed, len(checks) - 1):
        checkpoint = tmp_path / f"{killed}.ckpt"
        killed_after(work, Size(2, 3), checkpoint, killed)
        steps.clear()
        resumed = train.train(work, Size(2, 3), checkpoint)
        assert steps == whole[2 * killed :]
        assert content(resumed) == content(expected)


def leave_checkpoints(jobs: list[tuple[Work, Path, int]]) -> None:
    """What another process does: trains until a check, again and again."""
    fit.SAVE_SECONDS = 0.0
    for work, checkpoint, check in jobs:
        killed_after(work, Size(2, 3), checkpoint, check)


@pytest.mark.slow
def test_what_one_process_has_saved_another_one_resumes_to_the_same_bytes(
    make_work: MakeWork, tmp_path: Path, steps: Steps
) -> None:
    works = [make_work(**MANY, engine=engine) for engine in ("fused", "torch")]
    expected, wholes, jobs = list[bytes](), list[Steps](), list[tuple[Work, Path, int]]()
    for at, work in enumerate(works):
        checks: list[int] = []
        steps.clear()
        expected.append(content(train.train(work, Size(2, 3), None, checks.append)))
        wholes.append(steps.copy())
        # In the race, and in the final stretch.
        jobs += [(work, tmp_path / f"{at}-{killed}.ckpt", killed) for killed in (1, len(checks) - 1)]
    other = multiprocessing.get_context("spawn").Process(target=leave_checkpoints, args=(jobs,))
    other.start()
    other.join(300)
    assert other.exitcode == 0
    for work, checkpoint, killed in jobs:
        at = next(index for index, each in enumerate(works) if each is work)
        steps.clear()
        assert content(train.train(work, Size(2, 3), checkpoint)) == expected[at]
        assert steps == wholes[at][2 * killed :]


def test_nothing_is_written_unless_asked_for(
    make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Lightning likes to leave a folder of logs and of checkpoints.
    monkeypatch.chdir(tmp_path)
    train.train(make_work(), SMALL)
    assert list(tmp_path.iterdir()) == []


def joint_training(work: Work, size: Size) -> JointTraining:
    fitted = {fold: train._fit_fold(work, work.folds.fold(fold), size) for fold in (0, 1)}
    states = racing(work, list(fitted), settings(work.network, work.training, size))
    return JointTraining(work, size, fitted, shape(work.windows), states)


def test_the_kept_and_the_last_weights_are_put_in_place_ready_to_forecast(make_work: MakeWork) -> None:
    joint = joint_training(make_work(), SMALL)
    for index, state in enumerate(joint.states):
        state.kept = torch.full_like(state.kept, float(index))
        state.last = torch.full_like(state.kept, 5.0 + index)
    for make, expected in ((fit.kept_networks, [{0.0}, {1.0}]), (fit.last_networks, [{5.0}, {6.0}])):
        networks = make(joint)
        assert [set(net.head.bias.tolist()) for net in networks] == expected
        assert not any(net.training for net in networks)


def test_every_architecture_is_put_in_place_from_a_row_as_long_as_the_largest(make_work: MakeWork) -> None:
    joint = joint_training(make_work(network={"skip": ["none", "joint"], "head": ["plain", "mixed"]}, rungs=[3]), SMALL)
    for state in joint.states:
        state.kept = torch.arange(len(state.kept), dtype=torch.float32)
    networks = fit.kept_networks(joint)
    assert len({net.architecture for net in networks}) == 4
    for net, state in zip(networks, joint.states, strict=True):
        assert net.architecture == state.setting.architecture
        vector = torch.nn.utils.parameters_to_vector(net.parameters())
        assert vector.tolist() == list(range(len(vector)))


def test_padded_rows_stay_zero_behind_their_parameters(make_work: MakeWork) -> None:
    joint = joint_training(make_work(**{**MANY, "weight_decays": [0.1]}), SMALL)
    fit.fit(joint)
    lengths = {sum(weight.numel() for weight in net.parameters()) for net in joint.networks}
    assert len(lengths) == 4
    for index, state in enumerate(joint.states):
        length = sum(weight.numel() for weight in joint.network(index).parameters())
        for row in (joint.flat.values[index], joint.flat.averages[index], state.kept, state.last):
            assert not row[length:].any()
        assert torch.equal(torch.nn.utils.parameters_to_vector(joint.network(index).parameters()).detach(),
                           joint.flat.values[index, :length])  # fmt: skip
