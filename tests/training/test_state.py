"""Where a network's training stands, worked out by hand from the errors of a check."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.folds import Fold
from cellsize.data.forecast import Forecast
from cellsize.data.scaling import Scaling
from cellsize.models.prediction import FittedFold
from cellsize.sizing.sizes import Architecture, Size
from cellsize.training.records import Setting, Work
from cellsize.training.state import NetworkState, beyond, derive, of_seeds, progress, racing, settings

TASK = Forecast(lookback=3, horizon=2, n_targets=1)
UNIT = Scaling(np.zeros(1, np.float32), np.ones(1, np.float32), np.ones(1, np.float32))
SLOW, FAST = Setting(1e-2, 0.0, 0.0), Setting(3e-2, 0.0, 0.0)
SMALL, MLP = Size(1, 2), Size(0, 2)


def fitted(windows: int = 2) -> FittedFold:
    """A fold with some windows in its early-stopping set."""
    nothing = np.empty(0, np.int64)
    return FittedFold(Fold(nothing, np.arange(windows), nothing), UNIT, None, 1.0, 1.0)


def state(start: float = 1.0, steps: int = 0) -> NetworkState:
    return NetworkState(0, 0, 0, SLOW, "active", steps=steps, kept_score=start)


# --- checks ---------------------------------------------------------------------------------------------------------


def test_a_check_with_a_lower_score_is_kept_with_its_step() -> None:
    network = state(start=2.0, steps=4)
    network.loss_sum, network.loss_count = 3.0, 2
    # Two windows of two outputs each: a sum of 4 over 4 outputs.
    assert network.end_check(4.0, 4, TASK)
    assert (network.kept_check, network.kept_step, network.kept_score) == (1, 4, 1.0)
    assert network.curve == [(1.5, 1.0)]


@pytest.mark.parametrize("score", [1.0, 3.0, float("nan"), float("inf")])
def test_a_check_with_no_lower_score_is_in_the_curve_alone(score: float) -> None:
    network = state(start=1.0, steps=4)
    assert not network.end_check(4 * score, 4, TASK)
    assert (network.kept_check, network.kept_step, network.kept_score) == (0, 0, 1.0)
    np.testing.assert_equal(network.curve, [(0.0, score)])


def test_the_lowest_of_several_checks_is_kept() -> None:
    network = state(start=9.0)
    kept = []
    for check, score in enumerate([3.0, 2.0, 2.5, 2.0, 1.0, 4.0], start=1):
        network.steps = 10 * check
        kept.append(network.end_check(4 * score, 4, TASK))
    assert kept == [True, True, False, False, True, False]
    assert (network.kept_check, network.kept_step, network.kept_score) == (5, 50, 1.0)


def test_a_refit_keeps_its_last_check() -> None:
    network = state(start=float("inf"))
    for check in (1, 2, 3):
        network.steps = 4 * check
        assert network.end_check(None, 0, TASK)
    assert (network.kept_check, network.kept_step) == (3, 12)


def test_a_network_reads_the_batches_of_its_fold_and_seed_as_far_as_it_is() -> None:
    network = NetworkState(2, 1, 0, SLOW, "active", curve=[(0.1, 0.2)] * 3)
    assert network.key == (2, 1, 3)


# --- settings and families ------------------------------------------------------------------------------------------


def test_more_seeds_are_trained_at_once_each_with_the_setting_of_its_fold() -> None:
    added = of_seeds({1: SLOW, 4: FAST}, (2, 3))
    assert [(each.fold, each.seed, each.setting, each.status) for each in added] == [
        (1, 2, SLOW, "active"), (1, 3, SLOW, "active"), (4, 2, FAST, "active"), (4, 3, FAST, "active"),
    ]  # fmt: skip


def test_every_combination_is_a_setting_of_its_family(make_work: Callable[..., Work]) -> None:
    work = make_work(
        network={"skip": ["none", "joint", "linear"], "head": ["plain", "mixed"]},
        learning_rates=[1e-3, 1e-2], dropouts=[0.0, 0.2], rungs=[3],
    )  # fmt: skip
    plain, linear = settings(work.network, work.training, SMALL)
    assert plain == [
        Setting(rate, dropout, 0.0, "none", head)
        for head in ("plain", "mixed")
        for rate in (1e-3, 1e-2)
        for dropout in (0.0, 0.2)
    ]
    assert len(linear) == len(set(linear)) == 16
    assert {setting.skip for setting in linear} == {"joint", "linear"}
    assert linear[-1].architecture == Architecture("linear", "mixed")


def test_an_mlp_has_a_plain_head(make_work: Callable[..., Work]) -> None:
    # Its hidden units read what is known in future already.
    work = make_work(network={"skip": ["none"], "head": ["mixed"]})
    assert settings(work.network, work.training, MLP) == [[Setting(1e-2, 0.0, 0.0, "none", "plain")]]


# --- states ---------------------------------------------------------------------------------------------------------


def listed(work: Work, size: Size = SMALL) -> list[tuple[int, int, int, bool, str]]:
    tuned = settings(work.network, work.training, size)
    return [(each.fold, each.seed, each.family, each.is_spare, each.status) for each in racing(work, [0, 3], tuned)]


def test_two_families_have_settings_and_spares_each_and_a_network_of_every_other_seed(
    make_work: Callable[..., Work],
) -> None:
    work = make_work(
        network={"skip": ["none", "joint"]}, learning_rates=[1e-3, 1e-2], rungs=[3], seeds=3,
    )  # fmt: skip
    of_a_fold = [
        *[
            (0, family, spare, "waiting" if spare else "active")
            for family in (0, 1)
            for spare in (False, False, True, True)
        ],
        *[(seed, family, False, "waiting") for seed in (1, 2) for family in (0, 1)],
    ]
    assert listed(work) == [(fold, *rest) for fold in (0, 3) for rest in of_a_fold]


def test_one_family_has_two_networks_of_every_other_seed(make_work: Callable[..., Work]) -> None:
    work = make_work(learning_rates=[1e-3, 1e-2, 3e-2], rungs=[3], seeds=2)
    of_a_fold = [(0, 0, False, "active")] * 3 + [(0, 0, True, "waiting")] * 2
    of_a_fold += [(1, 0, False, "waiting"), (1, 1, False, "waiting")]
    assert listed(work) == [(fold, *rest) for fold in (0, 3) for rest in of_a_fold]


def test_with_one_setting_every_seed_is_active_from_the_beginning(make_work: Callable[..., Work]) -> None:
    assert listed(make_work(seeds=3)) == [(fold, seed, 0, False, "active") for fold in (0, 3) for seed in (0, 1, 2)]


def test_one_learning_rate_has_no_end_to_go_beyond(make_work: Callable[..., Work]) -> None:
    work = make_work(dropouts=[0.0, 0.2], rungs=[3])
    assert not any(is_spare for _, _, _, is_spare, _ in listed(work))


# --- what the race decides by ---------------------------------------------------------------------------------------


def test_progress_is_what_the_race_decides_by() -> None:
    network = NetworkState(
        2, 1, 1, SLOW, "waiting", kept_check=3, curve=[(9.0, 0.5), (8.0, 0.4), (7.0, 0.3)], start=2.0
    )
    (told,) = progress([network])
    assert vars(told) == {
        "fold": 2, "seed": 1, "family": 1, "status": "waiting", "is_spare": False, "at_end": False, "kept": 3,
        "scores": (0.5, 0.4, 0.3), "start": 2.0, "rate": 1e-2, "is_patient": True,
    }  # fmt: skip


def of_rates(*rates: float, **changes: object) -> list[NetworkState]:
    return [NetworkState(0, 0, 0, Setting(rate, 0.0, 0.0), "active", **changes) for rate in rates]  # type: ignore[arg-type]


def ends(all_states: list[NetworkState]) -> list[bool]:
    return [each.at_end for each in progress(all_states)]


def test_the_lowest_and_the_highest_of_several_learning_rates_are_at_the_end() -> None:
    assert ends(of_rates(1e-2, 1e-3, 3e-2, 1e-2)) == [False, True, True, False]
    assert ends(of_rates(1e-2, 1e-2)) == [False, False]


def test_a_spare_that_began_moves_the_end_and_one_that_waits_does_not() -> None:
    listed = of_rates(1e-3, 1e-2)
    (spare,) = of_rates(1e-1, is_spare=True)
    for status, expected in (
        ("waiting", [True, True, True]),
        ("active", [True, False, True]),
        ("dropped", [True, False, True]),
        ("failed", [True, False, True]),  # also before its first check: the same rate is not tried twice
    ):
        spare.status = status  # type: ignore[assignment]
        assert ends([*listed, spare])[:2] == expected[:2]


def test_folds_families_and_seeds_have_ends_of_their_own() -> None:
    here, other_fold, other_family = of_rates(1e-3, 1e-2), of_rates(1e-2, 1e-1), of_rates(1e-4, 1e-1)
    for each in other_fold:
        each.fold = 1
    for each in other_family:
        each.family = 1
    other_seed = NetworkState(0, 1, 0, Setting(1e-3, 0.0, 0.0), "active")
    assert ends([*here, *other_fold, *other_family, other_seed]) == [True] * 6 + [False]


@pytest.mark.parametrize(
    ("rate", "tried", "expected"),
    [
        (3e-2, [3e-3, 1e-2, 3e-2], 9e-2),
        (3e-3, [1e-2, 3e-3, 3e-2], 9e-4),
        (9e-2, [3e-3, 1e-2, 3e-2, 9e-2], 0.27),
        (3e-3, [3e-3, 1e-2], 9e-4),
    ],
)
def test_beyond_continues_the_learning_rates_by_their_last_factor(
    rate: float, tried: list[float], expected: float
) -> None:
    winner = Setting(rate, 0.2, 0.1, "joint", "mixed")
    assert beyond(winner, tried) == Setting(expected, 0.2, 0.1, "joint", "mixed")


def test_a_derived_seed_depends_on_every_number_and_on_their_order() -> None:
    seeds = [derive(0, Size(1, 2), 3), derive(0, Size(2, 1), 3), derive(3, Size(1, 2), 0), derive(0, Size(1, 2), 4)]
    assert len(set(seeds)) == 4
    assert derive(0, Size(1, 2), 3) == derive(0, 1, 2, 3)
