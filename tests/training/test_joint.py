"""Networks trained together: which settings are dropped when, and that no network changes another one."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
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
from cellsize.training import fit, halving, joint, train
from cellsize.training.joint import JointTraining
from cellsize.training.records import Check, Result, Row, Setting, Work
from cellsize.training.refit import refit_size
from cellsize.training.state import NetworkState, beyond, derive, settings

MakeWork = Callable[..., Work]
SIZES = [Size(2, 3), Size(1, 9)]  # Two layers, of which the first gives every step; one, of which the last step counts.


def setting_of(record: Row | Check) -> Setting:
    return Setting(record.learning_rate, record.dropout, record.weight_decay, record.skip, record.head)


def curves(result: Result) -> dict[tuple[int, int, Setting], list[Check]]:
    """Learning curves by fold, seed and setting."""
    by_network: dict[tuple[int, int, Setting], list[Check]] = {}
    for check in result.checks:
        by_network.setdefault((check.fold, check.seed, setting_of(check)), []).append(check)
    return by_network


def lowest(curve: list[Check], checks: int) -> float:
    return min(check.early_stopping_score for check in curve[:checks])


@pytest.fixture(autouse=True)
def every_gain_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a few steps on a toy hardly anything is learnt, and races would be longer for it."""
    monkeypatch.setattr(halving, "GAIN", -9.0)


@pytest.fixture
def no_spares(monkeypatch: pytest.MonkeyPatch) -> None:
    """No learning rates beyond the list: which ones there are depends on the others in it."""
    monkeypatch.setattr(halving, "EXTENSIONS", 0)


MANY: dict[str, Any] = {
    "network": {"skip": ["none", "joint"]},
    "learning_rates": [1e-3, 1e-2, 3e-2],
    "dropouts": [0.0, 0.2, 0.4],
    "weight_decays": [0.1],
    "check_every": 2,
    "rungs": [2, 4, 8],
    "seeds": 2,
    "steps": 20,
    "patience": 20,
    "batch_size": 16,
}


@pytest.fixture(scope="module")
def raced(make_work: MakeWork) -> tuple[Work, Result]:
    """Two families of nine settings; of each three stay after the first check, and one after the second."""
    work = make_work(**MANY)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(halving, "GAIN", -9.0)
        return work, train.train(work, Size(1, 3))


def test_every_combination_of_settings_is_tried_in_every_fold(raced: tuple[Work, Result]) -> None:
    work, result = raced
    families = settings(work.network, work.training, Size(1, 3))
    assert [len(members) for members in families] == [9, 9]
    for fold in (1, 2):
        tried = [setting_of(row) for row in result.rows if (row.fold, row.seed) == (fold, 0)]
        listed = [setting for setting in tried if setting.learning_rate in MANY["learning_rates"]]
        assert listed == [setting for members in families for setting in members]


def test_the_race_is_the_one_worked_out_from_its_curves(raced: tuple[Work, Result]) -> None:
    work, result = raced
    by_network, spares = curves(result), 0
    for fold, left in product((1, 2), settings(work.network, work.training, Size(1, 3))):
        curve_of = {setting: by_network.get((fold, 0, setting), []) for setting in left}
        skip, rates = left[0].skip, [setting.learning_rate for setting in left]
        for rung, keep in ((1, 3), (2, 1)):
            ranked = sorted(left, key=lambda setting: (lowest(curve_of[setting], rung), left.index(setting)))
            assert all(len(curve_of[setting]) == rung for setting in ranked[keep:])
            left = [setting for setting in left if setting in ranked[:keep]]
        (winner,) = left
        # Beyond the list, compared after the four checks of the last rung.
        for _ in range(2):
            if winner.learning_rate not in (min(rates), max(rates)):
                break
            spare = beyond(winner, rates)
            spares += 1
            rates.append(spare.learning_rate)
            curve_of |= {each: by_network[fold, 0, each] for each in (winner, spare)}
            if lowest(curve_of[spare], 4) < lowest(curve_of[winner], 4):
                winner = spare
            else:
                assert len(curve_of[spare]) == 4
        finalists = [row for row in result.rows if row.fold == fold and row.skip == skip and row.score is not None]
        assert [(row.seed, setting_of(row)) for row in finalists] == [(0, winner), (1, winner)]
        assert [row.trained for row in finalists] == [20, 20]
    tried = {row.learning_rate for row in result.rows} - set(MANY["learning_rates"])
    assert spares >= len(tried) > 0


def test_of_two_finalists_the_one_with_the_lower_mean_early_stopping_score_counts(raced: tuple[Work, Result]) -> None:
    _, result = raced
    for fold in (1, 2):
        mine = [row for row in result.rows if row.fold == fold]
        means: dict[str, float] = {}
        for status in ("ok", "runner_up"):
            rows = [row for row in mine if row.status == status]
            assert [row.seed for row in rows] == [0, 1]
            assert len({setting_of(row) for row in rows}) == 1
            means[status] = float(np.mean([row.early_stopping_score for row in rows]))
        assert means["ok"] < means["runner_up"]
        for row in mine:
            assert (row.score is not None) == (row.train_score is not None) == (row.status in ("ok", "runner_up"))
            assert row.status in ("ok", "runner_up", "dropped")


def test_a_single_family_is_left_with_two_finalists_that_run_to_the_end_with_every_seed(make_work: MakeWork) -> None:
    changes = {**MANY, "network": {"skip": ["joint"]}, "dropouts": [0.0], "seeds": 3}
    result = train.train(make_work(**changes), Size(1, 3))
    for fold in (1, 2):
        scored = [row for row in result.rows if row.fold == fold and row.score is not None]
        assert sorted((row.seed, row.status) for row in scored) == sorted(product((0, 1, 2), ("ok", "runner_up")))
        assert len({setting_of(row) for row in scored}) == 2
        assert {row.trained for row in scored} == {20}


def test_a_best_learning_rate_at_the_end_of_its_list_extends_it_twice_at_most(make_work: MakeWork) -> None:
    # Far too low ones: ten times as much is better, and again.
    work = make_work(
        network={"skip": ["none"]}, window={"normalise": "none"}, learning_rates=[1e-6, 1e-5], dropouts=[0.2],
        check_every=2, rungs=[4], steps=8, patience=8, seeds=2,
    )  # fmt: skip
    result = train.train(work, Size(1, 3))
    for fold in (1, 2):
        rows = [row for row in result.rows if row.fold == fold]
        assert [(row.seed, row.learning_rate, row.trained) for row in rows] == [
            (0, 1e-6, 8), (0, 1e-5, 8), (0, 1e-4, 8), (0, 1e-3, 8), (1, 1e-3, 8), (1, 1e-4, 8),
        ]  # fmt: skip
        assert [row.status for row in rows] == ["dropped", "dropped", "runner_up", "ok", "ok", "runner_up"]
        assert {row.dropout for row in rows} == {0.2}


def test_a_waiting_network_begins_with_the_architecture_that_won_as_if_there_had_been_no_other(
    make_work: MakeWork,
) -> None:
    changes: dict[str, Any] = {"seeds": 2, "check_every": 2, "steps": 8, "patience": 8, "dropouts": [0.3]}
    work = make_work(network={"skip": ["linear", "joint"], "head": ["plain", "mixed"]}, rungs=[2], **changes)
    result = train.train(work, Size(2, 3))
    by_network = curves(result)
    second = [row for row in result.rows if row.seed == 1]
    assert len(second) == 4
    # It waited with the first setting of its family.
    assert any((row.skip, row.head) != ("linear", "plain") for row in second)
    for row in second:
        network = {"skip": [row.skip], "head": [row.head]}
        alone = train.train(make_work(network=network, **changes), Size(2, 3))
        (expected,) = [each for each in alone.rows if (each.fold, each.seed) == (row.fold, 1)]
        assert row.parameters == expected.parameters
        assert row.score == pytest.approx(expected.score, rel=1e-4)
        curve, other = by_network[row.fold, 1, setting_of(row)], curves(alone)[row.fold, 1, setting_of(row)]
        close([list(vars(check).values()) for check in curve], [list(vars(check).values()) for check in other])


def test_learning_rate_dropout_weight_decay_skip_connection_and_head_all_change_the_training(
    make_work: MakeWork,
) -> None:
    changes = {"learning_rates": [1e-2, 3e-2], "dropouts": [0.0, 0.5], "weight_decays": [0.0, 3.0]}
    network = {"skip": ["none", "linear", "joint"], "head": ["plain", "mixed"]}
    by_network = curves(train.train(make_work(**changes, network=network, rungs=[9]), Size(1, 9)))
    first_seed = {key: curve for key, curve in by_network.items() if key[2].learning_rate in (1e-2, 3e-2)}
    assert (
        len(first_seed) == len({tuple(check.train_loss for check in curve) for curve in first_seed.values()}) == 2 * 48
    )


def test_a_batch_larger_than_a_fold_is_the_whole_fold(make_work: MakeWork) -> None:
    whole, larger = (train.train(make_work(batch_size=batch), Size(1, 3)) for batch in (41, 5000))
    assert {row.n_train for row in whole.rows} == {41}
    assert larger.checks == whole.checks


@pytest.mark.usefixtures("no_spares")
def test_settings_that_end_before_a_rung_are_compared_then(make_work: MakeWork) -> None:
    # Patience ends all of them after the second check; the rung would have come after the fifth.
    work = make_work(
        learning_rates=[100.0, 1000.0], check_every=1, rungs=[5], steps=6, patience=2, seeds=2, dropouts=[0.0, 0.1]
    )
    result = train.train(work, Size(1, 3))
    for fold in (1, 2):
        rows = [row for row in result.rows if row.fold == fold]
        assert {row.trained for row in rows} == {2}
        # Both finalists have two seeds.
        assert sorted((row.seed, row.status) for row in rows if row.status != "dropped") == [
            (0, "ok"), (0, "runner_up"), (1, "ok"), (1, "runner_up"),
        ]  # fmt: skip


# --- learning rates -------------------------------------------------------------------------------------------------


OptimizerStep = tuple[NetworkState, int, float, float]


def optimizer_steps(learn: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[OptimizerStep]:
    """For each step the network, how often it was checked, and the learning rate and weight decay of the step."""
    steps: list[OptimizerStep] = []
    configure = JointTraining.configure_optimizers

    def watched(mine: JointTraining) -> torch.optim.Optimizer:
        def note(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            for group in optimizer.param_groups:
                for vector in group["params"]:
                    index = next(index for index, each in enumerate(mine.flat.vectors) if each is vector)
                    if vector.grad is not None:
                        state = mine.states[index]
                        steps.append((state, len(state.curve), group["lr"], group["weight_decay"]))

        optimizer = configure(mine)
        optimizer.register_step_pre_hook(note)
        return optimizer

    with monkeypatch.context() as patch:
        patch.setattr(JointTraining, "configure_optimizers", watched)
        learn()
    return steps


def train_killed_after_each_check(work: Work, size: Size, checkpoint: Path) -> None:
    """Trains a size as if each check ended a process."""

    def kill(check: int) -> None:
        raise InterruptedError(check)

    for _ in range(100):
        with suppress(InterruptedError):
            train.train(work, size, checkpoint, kill)
            return
    raise AssertionError("not done after a hundred checks")


@pytest.mark.parametrize("interrupted", [False, True])
def test_every_step_of_a_network_is_made_with_the_learning_rate_and_weight_decay_of_its_setting(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interrupted: bool
) -> None:
    # A patience of one ends all settings of some folds before the rung: second seeds begin after different checks.
    changes = {"learning_rates": [1e-2, 3e-2], "weight_decays": [0.0, 0.1], "rungs": [3], "seeds": 2, "steps": 4}
    work = make_work(split={"folds": 4}, patience=1, check_every=1, **changes)
    if interrupted:
        monkeypatch.setattr(fit, "SAVE_SECONDS", 0.0)
        steps = optimizer_steps(
            lambda: train_killed_after_each_check(work, Size(1, 3), tmp_path / "state.ckpt"), monkeypatch
        )
    else:
        steps = optimizer_steps(lambda: train.train(work, Size(1, 3)), monkeypatch)
    assert {checks for _, checks, _, _ in steps} >= {0, 1, 2}
    assert len({state.first_check for state, *_ in steps}) >= 3
    assert {rate for _, _, rate, _ in steps} > {1e-2, 3e-2}
    for state, _, rate, decay in steps:
        assert (rate, decay) == (state.setting.learning_rate, state.setting.weight_decay)


def test_a_refit_makes_as_many_steps_as_it_is_told_to(make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    work, setting = make_work(steps=6, check_every=3), Setting(1e-2, 0.0, 0.0)
    for asked in (3, 6, 12):
        steps = optimizer_steps(partial(refit_size, work, Size(1, 3), setting, 1.0, asked), monkeypatch)
        assert len(steps) == asked
        assert {rate for _, _, rate, _ in steps} == {1e-2}


# --- no network changes another one -----------------------------------------------------------------------------------


def of_fold(result: Result, fold: int) -> list[Any]:
    """Every number of a fold's rows and curves."""
    rows = [row for row in result.rows if row.fold == fold]
    checks = [check for check in result.checks if check.fold == fold]
    return [list(vars(record).values()) for record in (*rows, *checks)]


def close(records: list[Any], others: list[Any]) -> None:
    """The same but for the last digits: a stack of another height rounds otherwise."""
    assert len(records) == len(others) > 0
    for record, expected in zip(records, others, strict=True):
        for value, right in zip(record, expected, strict=True):
            assert value == (pytest.approx(right, rel=1e-4) if isinstance(right, float) else right)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("scheme", ["contiguous", "expanding"])
def test_a_fold_alone_is_trained_as_it_is_with_others(make_work: MakeWork, size: Size, scheme: str) -> None:
    # Folds of an expanding past are unequally long. Settings, spares and second seeds too.
    work = make_work(
        split={"folds": 3, "scheme": scheme}, dropouts=[0.3], network={"skip": ["none", "joint"]}, seeds=2,
        learning_rates=[1e-3, 1e-2], rungs=[3],
    )  # fmt: skip
    alone = replace(work, folds=Folds(work.folds.labels[:1], work.folds.holdout, work.folds.development))
    together, single = train.train(work, size), train.train(alone, size)
    close(of_fold(together, 1), of_fold(single, 1))


@pytest.mark.parametrize("fold", [1, 2, 3])
def test_a_fold_alone_ends_where_it_ends_with_others(make_work: MakeWork, fold: int) -> None:
    work = make_work(
        split={"folds": 3, "scheme": "expanding"}, check_every=1, steps=6, patience=1, learning_rates=[0.1]
    )
    together = train.train(work, Size(1, 3))
    assert len({len(curve) for curve in curves(together).values()}) > 1
    close(of_fold(together, fold), of_fold(train.train(work, Size(1, 3), folds=[fold - 1]), fold))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_setting_alone_is_trained_as_it_is_with_others(make_work: MakeWork, size: Size) -> None:
    alone = curves(train.train(make_work(network={"skip": ["joint"]}), size))
    network = {"skip": ["none", "linear", "joint"], "head": ["plain", "mixed"]}
    with_others = curves(train.train(make_work(network=network, learning_rates=[3e-2, 1e-2, 1.0], rungs=[9]), size))
    for key, expected in alone.items():
        close(
            [list(vars(check).values()) for check in with_others[key]],
            [list(vars(check).values()) for check in expected],
        )


@pytest.mark.usefixtures("no_spares")
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("wild", [1e6, 1e30])
def test_a_learning_rate_that_diverges_has_no_score_and_changes_no_other_network(
    make_work: MakeWork, size: Size, wild: float
) -> None:
    calm = make_work(learning_rates=[1e-2, 1e-3], rungs=[6], steps=12)
    with_wild = make_work(learning_rates=[1e-2, wild, 1e-3], rungs=[6], steps=12)
    expected, result = train.train(calm, size), train.train(with_wild, size)
    diverged = [row for row in result.rows if row.learning_rate == wild]
    assert len(diverged) == 2
    for row in diverged:
        assert row.status in ("dropped", "failed")
        assert (row.score, row.train_score) == (None, None)
    rest = [list(vars(row).values()) for row in result.rows if row.learning_rate != wild]
    close(rest, [list(vars(row).values()) for row in expected.rows])
    assert all(np.isfinite([check.train_loss, check.early_stopping_score]).all() for check in result.checks)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_fold_in_which_every_training_fails_has_failed_rows_and_no_score(make_work: MakeWork, size: Size) -> None:
    result = train.train(make_work(learning_rates=[1e30, 1e32], rungs=[6], seeds=2), size)
    assert len(result.rows) == 2 * 4
    for row in result.rows:
        assert (row.status, row.score, row.train_score) == ("failed", None, None)


def test_a_gradient_is_clipped_by_its_own_norm_alone(make_work: MakeWork) -> None:
    # Series a thousand times as large in one fold: their gradients must not shrink the other fold's.
    quiet = 0.3 * np.random.default_rng(0).standard_normal(200)
    loud = np.concatenate([quiet[:100], 1000 * np.random.default_rng(1).standard_normal(100)])
    changes: dict[str, Any] = {
        "max_gradient_norm": 1e-3,
        "window": {"normalise": "none"},
        "network": {"skip": ["none"]},
    }
    plain, other = make_work(quiet, **changes), make_work(loud, **changes)
    # Fold 2 of two trains on the first half, where both are the same.
    assert other.windows.target[: max(other.windows.first[other.folds.fold(1).train])].max() < 10
    first, second = (curves(train.train(work, Size(1, 3)))[2, 0, Setting(1e-2, 0.0, 0.0)] for work in (plain, other))
    assert [check.train_loss for check in first] == pytest.approx([check.train_loss for check in second], rel=1e-5)


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
    changes: dict[str, Any] = {"check_every": 2, "steps": 4, "patience": 4, "batch_size": 16}
    free, clipped = (norms(make_work(max_gradient_norm=clip, **changes), size, monkeypatch) for clip in (1e9, 1e-3))
    assert len(free) == len(clipped) > 2
    assert all(length > 1e-2 for step in free for length in step)
    # Each to the whole norm, and not all of them together.
    assert [length for step in clipped for length in step] == pytest.approx([1e-3] * 2 * len(clipped), rel=1e-2)


@pytest.mark.usefixtures("no_spares")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_networks_that_run_in_several_groups_are_trained_as_in_one(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch, size: Size
) -> None:
    # Three folds of different lengths, three settings, and of two of them a second seed, which begins late.
    changes: dict[str, Any] = {
        "learning_rates": [1e-3, 1e-2, 3e-2],
        "dropouts": [0.3],
        "rungs": [3],
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
    # All that train at a time: the settings of each fold, and later two of them with two seeds.
    assert {9, 12} <= set(together)
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
