"""Networks trained together: which settings are dropped when, and that no network changes another one."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from cellsize.data.folds import Folds
from cellsize.models import stacked
from cellsize.models.network import Net
from cellsize.sizing.sizes import Size
from cellsize.training import fit, joint, train
from cellsize.training.joint import JointTraining
from cellsize.training.records import Epoch, Result, Row, Setting, Work
from cellsize.training.refit import refit_size
from cellsize.training.state import NetworkState, derive, settings

MakeWork = Callable[..., Work]
SIZES = [Size(2, 3), Size(1, 9)]  # Two layers, of which the first gives every step; one, of which the last step counts.


def curves(result: Result) -> dict[tuple[int, int, Setting], list[Epoch]]:
    """Learning curves by fold, seed and setting."""
    by_network: dict[tuple[int, int, Setting], list[Epoch]] = {}
    for epoch in result.epochs:
        setting = Setting(epoch.learning_rate, epoch.dropout, epoch.weight_decay)
        by_network.setdefault((epoch.fold, epoch.seed, setting), []).append(epoch)
    return by_network


def setting_of(row: Row) -> Setting:
    return Setting(row.learning_rate, row.dropout, row.weight_decay)


MANY: dict[str, Any] = {
    "learning_rates": [1e-3, 1e-2, 3e-2],
    "dropouts": [0.0, 0.2],
    "weight_decays": [0.1],
    "rungs": [1, 2, 4],
    "seeds": 2,
    "epochs": 6,
    "patience": 6,
    "batch_size": 16,
}


@pytest.fixture(scope="module")
def halved(make_work: MakeWork) -> tuple[Work, Result]:
    """Six settings; three stay after epoch 1, two after epoch 2, one after epoch 4."""
    work = make_work(**MANY)
    return work, train.train(work, Size(1, 3))


def test_every_combination_of_settings_is_tried_in_every_fold(halved: tuple[Work, Result]) -> None:
    work, result = halved
    assert len(settings(work)) == 6
    for fold in (1, 2):
        assert [setting_of(row) for row in result.rows if (row.fold, row.seed) == (fold, 0)] == settings(work)


def test_at_each_rung_the_better_half_by_the_early_stopping_score_stays(halved: tuple[Work, Result]) -> None:
    work, result = halved
    by_network = curves(result)
    for fold in (1, 2):
        left = settings(work)
        for rung, keep in ((1, 3), (2, 2), (4, 1)):
            lowest = {
                setting: min(epoch.early_stopping_score for epoch in by_network[fold, 0, setting][:rung])
                for setting in left
            }
            ranked = sorted(left, key=lambda setting: (lowest[setting], left.index(setting)))
            for dropped in ranked[keep:]:
                assert len(by_network[fold, 0, dropped]) == rung
            left = [setting for setting in left if setting in ranked[:keep]]
        assert [setting_of(row) for row in result.rows if (row.fold, row.seed, row.status) == (fold, 0, "ok")] == left


def test_one_setting_of_a_fold_is_scored_and_the_dropped_have_no_score(halved: tuple[Work, Result]) -> None:
    _, result = halved
    for fold in (1, 2):
        mine = [row for row in result.rows if row.fold == fold]
        for seed in (0, 1):
            assert [row.status for row in mine if row.seed == seed].count("ok") == 1
        for row in mine:
            assert (row.score is not None) == (row.train_score is not None) == (row.status == "ok")
            assert row.status in ("ok", "dropped")


def test_further_seeds_are_trained_with_the_setting_that_won(halved: tuple[Work, Result]) -> None:
    _, result = halved
    by_network = curves(result)
    for fold in (1, 2):
        first, second = (row for row in result.rows if row.fold == fold and row.status == "ok")
        assert (first.seed, second.seed) == (0, 1)
        assert setting_of(first) == setting_of(second)
        # They have as long a life as the first, although they begin after it.
        assert len(by_network[fold, 1, setting_of(second)]) == 6
        assert first.early_stopping_score != second.early_stopping_score


def test_learning_rate_dropout_and_weight_decay_all_change_the_training(make_work: MakeWork) -> None:
    changes = {"learning_rates": [1e-2, 3e-2], "dropouts": [0.0, 0.5], "weight_decays": [0.0, 3.0]}
    by_network = curves(train.train(make_work(**changes, rungs=[2], epochs=2), Size(1, 9)))
    assert len({tuple(epoch.train_loss for epoch in curve) for curve in by_network.values()}) == 2 * 8


def test_a_batch_larger_than_a_fold_is_the_whole_fold(make_work: MakeWork) -> None:
    whole, larger = (train.train(make_work(batch_size=batch), Size(1, 3)) for batch in (41, 5000))
    assert {row.n_train for row in whole.rows} == {41}
    assert larger.epochs == whole.epochs


def test_settings_that_end_before_a_rung_are_compared_then(make_work: MakeWork) -> None:
    # Patience ends all of them in epoch 2; the rung would have come in epoch 5.
    work = make_work(learning_rates=[100.0, 1000.0], rungs=[5], epochs=6, patience=2, seeds=2)
    result = train.train(work, Size(1, 3))
    for fold in (1, 2):
        assert sorted(row.status for row in result.rows if row.fold == fold) == ["dropped", "ok", "ok"]


# --- learning rates -------------------------------------------------------------------------------------------------


OptimizerStep = tuple[NetworkState, int, float, float]


def optimizer_steps(learn: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[OptimizerStep]:
    """For each step the network, its epoch, and the learning rate and weight decay of the step."""
    steps: list[OptimizerStep] = []
    configure = JointTraining.configure_optimizers

    def watched(mine: JointTraining) -> torch.optim.Optimizer:
        def note(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            for group in optimizer.param_groups:
                for vector in group["params"]:
                    index = next(index for index, each in enumerate(mine.flat.vectors) if each is vector)
                    if vector.grad is not None:
                        state = mine.states[index]
                        steps.append((state, state.epoch, group["lr"], group["weight_decay"]))

        optimizer = configure(mine)
        optimizer.register_step_pre_hook(note)
        return optimizer

    with monkeypatch.context() as patch:
        patch.setattr(JointTraining, "configure_optimizers", watched)
        learn()
    return steps


def train_killed_after_each_epoch(work: Work, size: Size, checkpoint: Path) -> None:
    """Trains a size as if each epoch ran in a process of its own."""

    def kill(epoch: int) -> None:
        raise InterruptedError(epoch)

    for _ in range(100):
        with suppress(InterruptedError):
            train.train(work, size, checkpoint, kill)
            return
    raise AssertionError("not done after a hundred epochs")


@pytest.mark.parametrize(("schedule", "falls"), [("linear", 1), ("constant", 0)])
@pytest.mark.parametrize("interrupted", [False, True])
def test_the_learning_rate_of_each_network_falls_over_its_own_epochs(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, schedule: str, falls: int, interrupted: bool
) -> None:
    # A patience of one ends all settings of some folds before the rung: second seeds begin in different epochs.
    changes = {"learning_rates": [1e-2, 3e-2], "weight_decays": [0.0, 0.1], "rungs": [3], "seeds": 2, "epochs": 4}
    work = make_work(split={"folds": 4}, patience=1, schedule=schedule, **changes)
    if interrupted:
        monkeypatch.setattr(fit, "SAVE_SECONDS", 0.0)
        steps = optimizer_steps(
            lambda: train_killed_after_each_epoch(work, Size(1, 3), tmp_path / "state.ckpt"), monkeypatch
        )
    else:
        steps = optimizer_steps(lambda: train.train(work, Size(1, 3)), monkeypatch)
    assert {epoch for _, epoch, _, _ in steps} >= {0, 1, 2}
    assert len({state.first_epoch for state, *_ in steps}) >= 3
    for state, epoch, rate, decay in steps:
        assert rate == pytest.approx(state.setting.learning_rate * (1 - falls * epoch / 4))
        assert decay == state.setting.weight_decay


def test_a_refit_has_the_same_schedule_and_ends_earlier(make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    work, setting = make_work(epochs=4), Setting(1e-2, 0.0, 0.0)
    steps = optimizer_steps(lambda: refit_size(work, Size(1, 3), setting, 1.0, 3), monkeypatch)
    rates = {epoch: rate for _, epoch, rate, _ in steps}
    assert sorted({epoch for _, epoch, _, _ in steps}) == [0, 1, 2]
    assert len({(epoch, rate) for _, epoch, rate, _ in steps}) == 3
    assert rates == pytest.approx({0: 1e-2, 1: 7.5e-3, 2: 5e-3})


def test_a_refit_of_more_epochs_than_the_schedule_has_gets_a_longer_one(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, setting = make_work(epochs=2), Setting(1e-2, 0.0, 0.0)
    steps = optimizer_steps(lambda: refit_size(work, Size(1, 3), setting, 1.0, 4), monkeypatch)
    assert sorted({epoch for _, epoch, _, _ in steps}) == [0, 1, 2, 3]
    assert min(rate for _, _, rate, _ in steps) == pytest.approx(2.5e-3)


# --- no network changes another one -----------------------------------------------------------------------------------


def of_fold(result: Result, fold: int) -> list[Any]:
    """Every number of a fold's rows and curves."""
    rows = [row for row in result.rows if row.fold == fold]
    epochs = [epoch for epoch in result.epochs if epoch.fold == fold]
    return [list(vars(record).values()) for record in (*rows, *epochs)]


def close(records: list[Any], others: list[Any]) -> None:
    """The same but for the last digits: a stack of another height rounds otherwise."""
    assert len(records) == len(others) > 0
    for record, expected in zip(records, others, strict=True):
        for value, right in zip(record, expected, strict=True):
            assert value == (pytest.approx(right, rel=1e-4) if isinstance(right, float) else right)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("scheme", ["contiguous", "expanding"])
def test_a_fold_alone_is_trained_as_it_is_with_others(make_work: MakeWork, size: Size, scheme: str) -> None:
    # Folds of an expanding past are unequally long, and the first one has made its steps before the others.
    work = make_work(split={"folds": 3, "scheme": scheme}, epochs=3, dropouts=[0.3])
    alone = replace(work, folds=Folds(work.folds.labels[:1], work.folds.holdout, work.folds.development))
    together, single = train.train(work, size), train.train(alone, size)
    close(of_fold(together, 1), of_fold(single, 1))


@pytest.mark.parametrize("fold", [1, 2, 3])
def test_a_fold_alone_ends_where_it_ends_with_others(make_work: MakeWork, fold: int) -> None:
    # Once the longest fold has ended, an epoch has fewer steps; its early-stopping sets are scored all the same.
    work = make_work(split={"folds": 3, "scheme": "expanding"}, epochs=6, patience=1, learning_rates=[0.1])
    together = train.train(work, Size(1, 3))
    assert len({len(curve) for curve in curves(together).values()}) > 1
    close(of_fold(together, fold), of_fold(train.train(work, Size(1, 3), folds=[fold - 1]), fold))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_setting_alone_is_trained_as_it_is_with_others(make_work: MakeWork, size: Size) -> None:
    alone = curves(train.train(make_work(learning_rates=[1e-2], epochs=4), size))
    with_others = curves(train.train(make_work(learning_rates=[3e-2, 1e-2, 1.0], rungs=[4], epochs=4), size))
    for key, expected in alone.items():
        close(
            [list(vars(epoch).values()) for epoch in with_others[key]],
            [list(vars(epoch).values()) for epoch in expected],
        )


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("wild", [1e6, 1e30])
def test_a_learning_rate_that_diverges_has_no_score_and_changes_no_other_network(
    make_work: MakeWork, size: Size, wild: float
) -> None:
    calm = make_work(learning_rates=[1e-2, 1e-3], rungs=[2], epochs=4)
    with_wild = make_work(learning_rates=[1e-2, wild, 1e-3], rungs=[2], epochs=4)
    expected, result = train.train(calm, size), train.train(with_wild, size)
    diverged = [row for row in result.rows if row.learning_rate == wild]
    assert len(diverged) == 2
    for row in diverged:
        assert row.status in ("dropped", "failed")
        assert (row.score, row.train_score) == (None, None)
    rest = [list(vars(row).values()) for row in result.rows if row.learning_rate != wild]
    close(rest, [list(vars(row).values()) for row in expected.rows])
    assert all(np.isfinite([epoch.train_loss, epoch.early_stopping_score]).all() for epoch in result.epochs)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_fold_in_which_every_training_fails_has_failed_rows_and_no_score(make_work: MakeWork, size: Size) -> None:
    result = train.train(make_work(learning_rates=[1e30, 1e32], rungs=[2], seeds=2), size)
    assert len(result.rows) == 2 * 3
    for row in result.rows:
        assert (row.status, row.score, row.train_score) == ("failed", None, None)


def test_a_gradient_is_clipped_by_its_own_norm_alone(make_work: MakeWork) -> None:
    # Series a thousand times as large in one fold: their gradients must not shrink the other fold's.
    quiet = 0.3 * np.random.default_rng(0).standard_normal(200)
    loud = np.concatenate([quiet[:100], 1000 * np.random.default_rng(1).standard_normal(100)])
    changes: dict[str, Any] = {
        "max_gradient_norm": 1e-3,
        "epochs": 2,
        "window": {"normalise": "none"},
        "network": {"skip": "none"},
    }
    plain, other = make_work(quiet, **changes), make_work(loud, **changes)
    # Fold 2 of two trains on the first half, where both are the same.
    assert other.windows.target[: max(other.windows.first[other.folds.fold(1).train])].max() < 10
    first, second = (curves(train.train(work, Size(1, 3)))[2, 0, Setting(1e-2, 0.0, 0.0)] for work in (plain, other))
    assert [epoch.train_loss for epoch in first] == pytest.approx([epoch.train_loss for epoch in second], rel=1e-5)


def norms(work: Work, size: Size, monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    """For each step of the optimizer the norm of each network's gradient."""
    lengths: list[list[float]] = []
    configure = JointTraining.configure_optimizers

    def watched(mine: JointTraining) -> torch.optim.Optimizer:
        def note(*_: Any) -> None:
            lengths.append([float(row.norm()) for row in mine.flat.gradients])

        optimizer = configure(mine)
        optimizer.register_step_pre_hook(note)
        return optimizer

    with monkeypatch.context() as patch:
        patch.setattr(JointTraining, "configure_optimizers", watched)
        train.train(work, size)
    return lengths


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_network_makes_a_step_with_a_gradient_above_the_maximum_norm(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, size: Size
) -> None:
    # AdamW hardly depends on how long a gradient is: losses do not show whether it was clipped.
    changes: dict[str, Any] = {"epochs": 2, "batch_size": 16}
    free, clipped = (norms(make_work(max_gradient_norm=clip, **changes), size, monkeypatch) for clip in (1e9, 1e-3))
    assert len(free) == len(clipped) > 2
    assert all(length > 1e-2 for step in free for length in step)
    # Each to the whole norm, and not all of them together.
    assert [length for step in clipped for length in step] == pytest.approx([1e-3] * 2 * len(clipped), rel=1e-2)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_networks_that_run_in_several_groups_are_trained_as_in_one(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, size: Size
) -> None:
    # Three folds of different lengths, three settings and a second seed, which begins late.
    changes: dict[str, Any] = {
        "learning_rates": [1e-3, 1e-2, 3e-2],
        "dropouts": [0.3],
        "rungs": [2],
        "seeds": 2,
        "batch_size": 8,
    }
    work = make_work(split={"folds": 3, "scheme": "expanding"}, **changes)
    together: list[int] = []

    def forward(nets: list[Net], *inputs: Any, **options: Any) -> Tensor:
        together.append(len(nets))
        return stacked.forward(nets, *inputs, **options)

    monkeypatch.setattr(joint, "forward", forward)
    whole = train.train(work, size)
    # All that train at a time: the settings of each fold, and later its second seed.
    assert max(together) == 9
    together.clear()
    monkeypatch.setattr(stacked, "UNITS_TOGETHER", 2 * size.units)
    pieces = train.train(work, size)
    # Nine are four pairs and one alone; the three settings that are scored on one early-stopping set, a pair and one.
    assert set(together) == {1, 2}
    for fold in (1, 2, 3):
        close(of_fold(pieces, fold), of_fold(whole, fold))


# --- seeds ----------------------------------------------------------------------------------------------------------


def test_a_derived_seed_depends_on_every_number_and_on_its_place() -> None:
    seeds = [derive(*numbers) for numbers in product((0, 1, 2, 1 << 16), repeat=4)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert derive(7, Size(2, 16), 3) == derive(7, 2, 16, 3) == derive(7, Size(2, 16), 3)
