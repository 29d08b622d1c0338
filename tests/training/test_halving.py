"""Successive halving: what each network does next, worked out by hand from scores."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize.training.halving import Plan, Progress, Status, decide, first_status

PLAN = Plan(rungs=(2, 4), epochs=8, patience=3)


def settings(*scores: float, epoch: int, fold: int = 0, status: Status = "active") -> list[Progress]:
    """The settings of a fold's first seed with their lowest scores, all after the same epoch, which is kept."""
    return [Progress(fold, 0, status, epoch, epoch, score, score) for score in scores]


def waiting(count: int = 1, fold: int = 0) -> list[Progress]:
    """Further seeds of a fold."""
    return [Progress(fold, seed, "waiting") for seed in range(1, count + 1)]


def test_the_first_seed_begins_with_every_setting_and_the_others_wait_for_one() -> None:
    assert [first_status(seed, settings=3) for seed in (0, 1, 2)] == ["active", "waiting", "waiting"]
    assert [first_status(seed, settings=1) for seed in (0, 1, 2)] == ["active"] * 3


# --- each network by itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epoch", "kept_epoch", "score", "expected"),
    [
        (1, 1, 0.5, "active"),
        (8, 8, 0.5, "done"),  # its last epoch
        (5, 3, 0.5, "active"),  # two epochs were not kept
        (6, 3, 0.5, "done"),  # three were not
        (3, 0, 0.5, "done"),  # none was kept since training began
        (1, 1, float("nan"), "failed"),
        (8, 8, float("inf"), "failed"),
    ],
)
def test_a_network_ends_with_its_epochs_its_patience_or_its_score(
    epoch: int, kept_epoch: int, score: float, expected: str
) -> None:
    network = Progress(0, 0, "active", epoch, kept_epoch, score, 0.5)
    assert decide([network], PLAN).statuses == (expected,)


@pytest.mark.parametrize("status", ["done", "dropped", "failed"])
def test_what_has_ended_stays_as_it_is(status: Status) -> None:
    networks = [*settings(0.5, epoch=1), Progress(1, 0, status, 2, 2, float("nan"), 0.1)]
    assert decide(networks, PLAN).statuses == ("active", status)


# --- rungs ----------------------------------------------------------------------------------------------------------


def test_nothing_is_dropped_between_rungs() -> None:
    for epoch in (1, 3):
        assert decide(settings(0.9, 0.1, 0.5, epoch=epoch), PLAN).statuses == ("active",) * 3


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.9, 0.1, 0.5, 0.7), "daad"),
        ((0.9, 0.1, 0.5), "daa"),  # of three two stay
        ((0.9, 0.1), "da"),
        ((0.1,), "a"),
        ((0.5, 0.5, 0.5), "aad"),  # of equal ones the first ones
    ],
)
def test_at_a_rung_the_better_half_stays(scores: tuple[float, ...], expected: str) -> None:
    statuses = decide(settings(*scores, epoch=2), PLAN).statuses
    assert "".join(status[0] for status in statuses) == expected


def test_at_the_last_rung_the_best_alone_stays() -> None:
    assert decide(settings(0.9, 0.1, 0.5, 0.7, epoch=4), PLAN).statuses == ("dropped", "active", "dropped", "dropped")


def test_the_lowest_score_so_far_counts_and_not_the_last_one() -> None:
    first, second = settings(0.3, 0.2, epoch=4)
    assert decide([replace(first, score=0.1), replace(second, score=0.9)], PLAN).statuses == ("dropped", "active")


def test_a_failed_setting_takes_no_place_of_the_better_half() -> None:
    failed = Progress(0, 0, "failed", 1, 0, float("nan"), 0.1)
    assert decide([failed, *settings(0.9, 0.5, 0.7, epoch=2)], PLAN).statuses == (
        "failed", "dropped", "active", "active"
    )  # fmt: skip


def test_a_setting_that_is_done_is_compared_at_the_rung_too() -> None:
    done = Progress(0, 0, "done", 3, 1, 0.2, 0.2)
    assert decide([done, *settings(0.5, epoch=4)], PLAN).statuses == ("done", "dropped")
    assert decide([done, *settings(0.1, epoch=4)], PLAN).statuses == ("dropped", "active")


def test_settings_that_end_before_a_rung_are_compared_at_once() -> None:
    plan = replace(PLAN, rungs=(5,), patience=2)
    networks = [replace(network, kept_epoch=0) for network in settings(0.4, 0.3, 0.9, epoch=2)]
    assert decide(networks, plan).statuses == ("dropped", "done", "dropped")


def test_folds_decide_for_themselves() -> None:
    networks = [*settings(0.2, 0.1, epoch=4, fold=0), *settings(0.1, 0.2, epoch=3, fold=1)]
    assert decide(networks, PLAN).statuses == ("dropped", "active", "active", "active")


# --- further seeds --------------------------------------------------------------------------------------------------


def test_the_last_setting_left_starts_the_other_seeds() -> None:
    other_fold = [*settings(0.3, 0.4, epoch=1, fold=1), *waiting(1, fold=1)]
    decision = decide([*settings(0.9, 0.1, epoch=4), *waiting(2), *other_fold], PLAN)
    assert decision.statuses == ("dropped", "active", "active", "active", "active", "active", "waiting")
    assert decision.begins == ((2, 1), (3, 1))


def test_other_seeds_wait_while_several_settings_are_left() -> None:
    decision = decide([*settings(0.9, 0.1, 0.2, 0.8, epoch=2), *waiting()], PLAN)
    assert decision.statuses == ("dropped", "active", "active", "dropped", "waiting")
    assert decision.begins == ()


def test_other_seeds_begin_too_if_the_last_setting_left_is_done() -> None:
    networks = [*settings(0.9, epoch=1, status="failed"), *settings(0.1, epoch=8), *waiting()]
    decision = decide(networks, PLAN)
    assert decision.statuses == ("failed", "done", "active")
    assert decision.begins == ((2, 1),)


def test_other_seeds_have_failed_if_every_setting_has() -> None:
    networks = [*settings(0.1, 0.2, epoch=1, status="failed"), *waiting(2)]
    assert decide(networks, PLAN).statuses == ("failed",) * 4


def test_a_seed_that_trains_is_not_begun_again() -> None:
    winner, other = settings(0.1, epoch=4)[0], Progress(0, 1, "active", 1, 1, 0.5, 0.5)
    assert decide([winner, other], PLAN).begins == ()


# --- whatever the scores --------------------------------------------------------------------------------------------

SCORES = st.lists(st.floats(0.0, 10.0), min_size=1, max_size=9)


@given(scores=SCORES, epoch=st.integers(1, 8), seeds=st.integers(0, 2))
def test_half_of_the_settings_stay_at_least_and_the_best_always_does(
    scores: list[float], epoch: int, seeds: int
) -> None:
    networks = [*settings(*scores, epoch=epoch), *waiting(seeds)]
    statuses = decide(networks, PLAN).statuses[: len(scores)]
    left = [index for index, status in enumerate(statuses) if status != "dropped"]
    assert scores.index(min(scores)) in left
    dropped = [score for index, score in enumerate(scores) if index not in left]
    assert all(score >= max(scores[index] for index in left) for score in dropped)
    if epoch < 4:
        assert len(dropped) <= len(scores) // 2
    if epoch not in (2, 4, 8):
        assert not dropped


@given(
    scores=st.lists(st.floats(0.0, 10.0), min_size=1, max_size=9, unique=True),
    epoch=st.integers(1, 8),
    data=st.data(),
)
def test_the_order_of_networks_does_not_matter(scores: list[float], epoch: int, data: st.DataObject) -> None:
    networks = settings(*scores, epoch=epoch)
    order = data.draw(st.permutations(range(len(scores))))
    statuses, shuffled = decide(networks, PLAN).statuses, decide([networks[index] for index in order], PLAN).statuses
    assert [statuses[index] for index in order] == list(shuffled)
