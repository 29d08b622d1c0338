"""The race of a size's settings: what each network does next, worked out by hand from scores."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cellsize.sizing.race import finalists
from cellsize.training.halving import Plan, Progress, Status, decide, first_status, length

PLAN = Plan(rungs=(2, 4), checks=8, most=8, patience=3)


def setting(score: float, checks: int, family: int = 0, fold: int = 0, status: Status = "active") -> Progress:
    """A setting of a fold's first seed: a score that falls by 1 at each check down to this one, which is kept."""
    scores = tuple(score + later for later in reversed(range(checks)))
    return Progress(fold, 0, family, status, kept=checks, scores=scores)


def settings(*scores: float, checks: int, family: int = 0, fold: int = 0) -> list[Progress]:
    """Settings of one family that are all after the same check."""
    return [setting(score, checks, family, fold) for score in scores]


def spares(count: int = 2, family: int = 0) -> list[Progress]:
    """What waits for learning rates beyond the list."""
    return [Progress(0, 0, family, "waiting", is_spare=True) for _ in range(count)]


def waiting(*places: int, seed: int = 1, fold: int = 0) -> list[Progress]:
    """Networks of a further seed, each for one winner."""
    return [Progress(fold, seed, place, "waiting") for place in places]


def at_end(network: Progress) -> Progress:
    return replace(network, at_end=True)


def initials(networks: list[Progress], plan: Plan = PLAN) -> str:
    return "".join(status[0] if status != "done" else "D" for status in decide(networks, plan).statuses)


def test_the_first_seed_begins_with_every_setting_and_the_others_wait_for_one() -> None:
    assert [first_status(seed, settings=3) for seed in (0, 1, 2)] == ["active", "waiting", "waiting"]
    assert [first_status(seed, settings=1) for seed in (0, 1, 2)] == ["active"] * 3


# --- each network by itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checks", "kept", "score", "expected"),
    [
        (1, 1, 0.5, "active"),
        (8, 8, 0.5, "done"),  # its last check
        (5, 3, 0.5, "active"),  # two checks were not lower
        (6, 3, 0.5, "done"),  # three were not
        (3, 0, 0.5, "done"),  # none was since training began
        (1, 1, float("nan"), "failed"),
        (8, 8, float("inf"), "failed"),
    ],
)
def test_a_network_ends_with_its_checks_its_patience_or_its_score(
    checks: int, kept: int, score: float, expected: str
) -> None:
    network = Progress(0, 0, 0, "active", kept=kept, scores=(0.5,) * (checks - 1) + (score,))
    assert decide([network], PLAN).statuses == (expected,)


@pytest.mark.parametrize("status", ["done", "dropped", "failed"])
def test_what_has_ended_stays_as_it_is(status: Status) -> None:
    networks = [setting(0.5, 1), Progress(1, 0, 0, status, scores=(0.5, float("nan")))]
    assert decide(networks, PLAN).statuses == ("active", status)


# --- how long a training is -----------------------------------------------------------------------------------------

LONG = Plan(rungs=(), checks=8, most=13, patience=100)


def test_a_training_is_as_long_as_planned_while_it_has_not_come_there() -> None:
    assert length([], LONG) == length([1.0] * 7, LONG) == 8


@pytest.mark.parametrize(("last", "expected"), [(0.985, 10), (0.995, 8), (1.5, 8)])
def test_it_is_prolonged_by_a_quarter_if_the_last_quarter_gained_over_one_percent(last: float, expected: int) -> None:
    assert length([1.0] * 7 + [last], LONG) == expected


def test_the_lowest_score_before_is_what_a_quarter_has_to_beat() -> None:
    assert length([0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.8], LONG) == 8
    assert length([0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.4, 0.8], LONG) == 10


def test_each_quarter_is_judged_anew_and_nothing_goes_beyond_the_most() -> None:
    falling = [0.9**check for check in range(20)]
    assert [length(falling[:checks], LONG) for checks in (7, 8, 10, 12, 13)] == [8, 10, 12, 13, 13]
    assert length([*falling[:8], 0.476, 0.48], LONG) == 10  # 0.478 before


def test_a_plan_that_prolongs_nothing_and_one_of_a_single_check_end_as_planned() -> None:
    falling = [0.5**check for check in range(20)]
    assert length(falling, PLAN) == 8
    assert length(falling, Plan(rungs=(), checks=1, most=4, patience=9)) == 1  # nothing was before its last quarter


# --- rungs ----------------------------------------------------------------------------------------------------------


def test_nothing_is_dropped_between_rungs() -> None:
    for checks in (1, 3):
        assert initials(settings(0.9, 0.1, 0.5, checks=checks)) == "aaa"


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.9, 0.1, 0.5, 0.7, 0.2, 0.6, 0.3, 0.8, 0.4), "dadda" + "dadd"),  # of nine three
        ((0.9, 0.1, 0.5, 0.7), "dadda"[:2] + "ad"),  # the quarter is one, and two are wanted in the end
        ((0.5, 0.5, 0.5), "aad"),  # of equal ones the first ones
        ((0.9, 0.1), "aa"),
        ((0.1,), "a"),
    ],
)
def test_at_a_rung_the_best_quarter_stays_and_never_fewer_than_are_wanted(
    scores: tuple[float, ...], expected: str
) -> None:
    assert initials(settings(*scores, checks=2)) == expected


def test_at_the_last_rung_a_single_family_is_left_with_two_finalists() -> None:
    assert initials(settings(0.9, 0.1, 0.5, 0.7, 0.2, checks=4)) == "dadda"


def test_two_families_race_apart_and_each_is_left_with_its_best() -> None:
    # Every setting of the second is worse than all of the first.
    networks = [*settings(0.3, 0.1, 0.2, checks=4), *settings(5.0, 6.0, checks=4, family=1)]
    assert initials(networks) == "dadad"
    five = [*settings(0.5, 0.1, 0.2, 0.3, 0.4, checks=2), *settings(5.0, 6.0, checks=2, family=1)]
    assert initials(five) == "daadd" + "ad"  # two of five, one of two


def test_the_lowest_score_so_far_counts_and_not_the_last_one() -> None:
    first, second = Progress(0, 0, 0, "active", kept=4, scores=(9, 9, 9, 0.2)), setting(0.0, 4)
    second = replace(second, kept=2, scores=(0.9, 0.1, 0.9, 0.9))
    other = setting(1.0, 4, family=1)
    assert initials([first, second, other]) == "daa"


def test_what_a_setting_scores_after_the_last_rung_does_not_count_in_the_race() -> None:
    # The winner continues while a learning rate beyond the list catches up.
    winner = Progress(0, 0, 0, "active", kept=7, scores=(0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.1))
    spare = Progress(0, 0, 0, "active", is_spare=True, kept=4, scores=(0.9, 0.8, 0.7, 0.5))
    assert initials([winner, spare, setting(1.0, 7, family=1)]) == "daa"


def test_a_failed_setting_takes_no_place_of_those_that_stay() -> None:
    failed = Progress(0, 0, 0, "failed", scores=(0.1, float("nan")))
    assert initials([failed, *settings(0.9, 0.5, 0.7, checks=2)]) == "fdaa"


def test_a_setting_that_is_done_is_compared_at_the_rung_too() -> None:
    done, other = setting(0.2, 3, status="done"), setting(1.0, 4, family=1)
    assert initials([done, setting(0.5, 4), other]) == "Dda"
    assert initials([done, setting(0.1, 4), other]) == "daa"


def test_settings_that_end_before_a_rung_are_compared_at_once() -> None:
    plan = replace(PLAN, rungs=(5,), patience=2)
    networks = [replace(network, kept=0) for network in settings(0.4, 0.3, 0.9, checks=2)]
    assert initials(networks, plan) == "DDd"


def test_folds_decide_for_themselves() -> None:
    networks = [*settings(0.2, 0.1, 0.3, checks=4, fold=0), *settings(0.1, 0.2, 0.3, checks=3, fold=1)]
    assert initials(networks) == "aadaaa"


# --- learning rates beyond the list ---------------------------------------------------------------------------------


def test_a_winner_at_the_end_of_the_learning_rates_begins_a_spare() -> None:
    decision = decide([*settings(0.9, 0.5, checks=4)[:1], at_end(setting(0.1, 4)), *spares(), *waiting(0, 1)], PLAN)
    assert decision.statuses == ("active", "active", "active", "waiting", "waiting", "waiting")
    assert decision.begins == ((2, 1),)


@pytest.mark.parametrize("checks", [2, 3])
def test_no_spare_begins_before_the_last_rung(checks: int) -> None:
    decision = decide([at_end(setting(0.1, checks)), *spares(), *waiting(0)], PLAN)
    assert (decision.begins, decision.statuses[-1]) == ((), "waiting")


def test_a_winner_within_the_list_or_the_second_best_at_its_end_begins_none() -> None:
    networks = [setting(0.1, 4), at_end(setting(0.2, 4)), *spares(), *waiting(0, 1)]
    assert decide(networks, PLAN).begins == ((4, 0), (5, 1))


def family_of(winner: float, spare: float, checks: int, second: bool = True) -> list[Progress]:
    """A winner after the last rung, a spare after some checks, another spare; another family; two of another seed."""
    return [
        Progress(0, 0, 0, "active", kept=4, scores=(9.0, 9.0, 9.0, winner) + (9.0,) * checks),
        replace(at_end(setting(spare, checks)), is_spare=True),
        *spares(1 if second else 0),
        setting(1.0, 4 + checks, family=1),
        *waiting(0, 1),
    ]


LATE = Plan(rungs=(2, 4), checks=20, most=20, patience=20)


def test_a_spare_is_not_compared_before_it_has_as_many_checks_as_the_winner_had() -> None:
    for checks in (1, 2, 3):
        decision = decide(family_of(0.5, 0.1, checks), LATE)
        assert decision.begins == ()
        assert decision.statuses == ("active", "active", "waiting", "active", "waiting", "waiting")


def test_a_spare_that_loses_is_dropped_and_the_other_seeds_begin() -> None:
    decision = decide(family_of(0.5, 0.6, 4), LATE)
    assert decision.statuses == ("active", "dropped", "waiting", "active", "active", "active")
    assert decision.begins == ((4, 0), (5, 3))


def test_a_spare_that_wins_is_at_the_end_itself_and_begins_the_next_one() -> None:
    decision = decide(family_of(0.5, 0.4, 4), LATE)
    assert decision.statuses == ("dropped", "active", "active", "active", "waiting", "waiting")
    assert decision.begins == ((2, 1),)


def test_with_no_spare_left_the_winner_at_the_end_is_taken() -> None:
    decision = decide(family_of(0.5, 0.4, 4, second=False), LATE)
    assert decision.statuses == ("dropped", "active", "active", "active", "active")
    assert decision.begins == ((3, 1), (4, 2))


def test_a_spare_that_failed_leaves_the_winner() -> None:
    networks = family_of(0.5, 0.4, 1)
    networks[1] = Progress(0, 0, 0, "failed", is_spare=True, at_end=True)
    decision = decide(networks, LATE)
    assert decision.statuses == ("active", "failed", "waiting", "active", "active", "active")
    assert decision.begins == ((4, 0), (5, 3))


def test_a_winner_at_the_end_that_ended_before_the_last_rung_begins_a_spare_all_the_same() -> None:
    # Patience may be shorter than the race. Once nothing began here, and the other seeds waited for ever.
    networks = [at_end(setting(0.1, 3, status="done")), *spares(1), setting(0.5, 3, family=1, status="done"),
                *waiting(0, 1)]  # fmt: skip
    decision = decide(networks, PLAN)
    assert decision.begins == ((1, 0),)
    networks[1] = replace(networks[1], status="done", scores=(0.3, 0.3, 0.3))
    assert decide(networks, PLAN).begins == ((3, 0), (4, 2))


def test_other_seeds_wait_for_the_last_rung_although_no_more_are_left_than_wanted() -> None:
    # One of three left: had the seeds begun with it, a spare could still take its place.
    failed = [Progress(0, 0, 0, "failed", scores=(float("nan"),)) for _ in range(2)]
    networks = [*failed, setting(0.1, 2), *spares(), *waiting(0, 1)]
    assert decide(networks, PLAN).begins == ()
    networks[2] = setting(0.1, 4)
    decision = decide(networks, PLAN)
    assert decision.begins == ((5, 2),)
    assert decision.statuses[-2:] == ("active", "dropped")


def test_once_other_seeds_have_begun_no_spare_does() -> None:
    # The best one failed late, and the second best has a learning rate at the end.
    failed = Progress(0, 0, 0, "failed", scores=(0.1,) * 5)
    networks = [failed, at_end(setting(0.2, 6)), *spares(), replace(waiting(0)[0], status="active", scores=(0.3,)),
                Progress(0, 1, 1, "active", scores=(0.3,))]  # fmt: skip
    decision = decide(networks, PLAN)
    assert decision.begins == ()
    assert decision.statuses == ("failed", "active", "waiting", "waiting", "active", "active")


# --- further seeds --------------------------------------------------------------------------------------------------


def test_the_winners_start_the_other_seeds_each_with_its_own_setting() -> None:
    networks = [
        *settings(0.9, 0.1, checks=4),
        *settings(0.8, 0.7, checks=4, family=1),
        *waiting(0, 1),
        *waiting(0, 1, seed=2),
        *settings(0.3, 0.4, checks=1, fold=1),
        *settings(0.3, 0.4, checks=1, fold=1, family=1),
        *waiting(0, 1, fold=1),
    ]
    decision = decide(networks, PLAN)
    assert initials(networks) == "da" + "da" + "aaaa" + "aaaa" + "ww"
    assert decision.begins == ((4, 1), (5, 3), (6, 1), (7, 3))


def test_other_seeds_wait_until_every_family_is_settled() -> None:
    networks = [*settings(0.9, 0.1, checks=4), at_end(setting(0.8, 4, family=1)), *spares(1, family=1), *waiting(0, 1)]
    decision = decide(networks, PLAN)
    assert decision.statuses == ("dropped", "active", "active", "active", "waiting", "waiting")
    assert decision.begins == ((3, 2),)


def test_the_two_finalists_of_a_single_family_start_the_other_seeds_the_best_one_first() -> None:
    decision = decide([*settings(0.9, 0.3, 0.1, checks=4), *waiting(0, 1)], PLAN)
    assert decision.begins == ((3, 2), (4, 1))


def test_other_seeds_begin_too_if_the_last_setting_left_is_done() -> None:
    failed = Progress(0, 0, 0, "failed", scores=(float("nan"),))
    decision = decide([failed, setting(0.1, 8), *waiting(0)], PLAN)
    assert decision.statuses == ("failed", "done", "active")
    assert decision.begins == ((2, 1),)


def test_a_family_in_which_all_failed_leaves_the_seeds_of_the_other() -> None:
    failed = [Progress(0, 0, 0, "failed", scores=(float("nan"),)) for _ in range(2)]
    decision = decide([*failed, setting(0.1, 4, family=1), *waiting(0, 1)], PLAN)
    assert decision.statuses == ("failed", "failed", "active", "active", "dropped")
    assert decision.begins == ((3, 2),)


def test_other_seeds_have_failed_if_every_setting_has() -> None:
    networks = [Progress(0, 0, 0, "failed", scores=(float("nan"),)) for _ in range(2)]
    assert decide([*networks, *waiting(0, 1)], PLAN).statuses == ("failed",) * 4


def test_a_seed_that_trains_is_not_begun_again() -> None:
    winner, other = setting(0.1, 4), Progress(0, 1, 0, "active", kept=1, scores=(0.5,))
    assert decide([winner, other], PLAN).begins == ()


# --- where nothing is learnt by the last rung -----------------------------------------------------------------------


def raced(rate: float, *scores: float, **changes: object) -> Progress:
    """A setting with a learning rate, where no training scores 1."""
    kept = 1 + scores.index(min(scores)) if min(scores) < 1 else 0
    plain = Progress(0, 0, 0, "active", kept=kept, scores=scores, start=1.0, rate=rate)
    return replace(plain, **changes)  # type: ignore[arg-type]


SLOW_RACE = Plan(rungs=(2, 4), checks=40, most=40, patience=3)


def test_a_rung_at_which_nothing_is_learnt_keeps_the_best_setting_of_each_learning_rate() -> None:
    # Four would keep one; 0.99 is better than no training by less than 2 %.
    networks = [raced(0.01, 1.0, 0.99), raced(0.01, 1.0, 0.995), raced(0.1, 1.2, 1.1), raced(0.1, 1.2, 1.2)]
    assert initials(networks, SLOW_RACE) == "adad"
    learnt = [raced(0.01, 1.0, 0.97), *networks[1:]]
    assert initials([*learnt, *learnt, *learnt], SLOW_RACE).count("a") == 3


@pytest.mark.parametrize(("checks", "left"), [(4, "aaa"), (7, "aaa"), (8, "dad"), (9, "aaa"), (16, "dad")])
def test_a_race_in_which_nothing_was_learnt_is_decided_after_twice_as_many_checks(checks: int, left: str) -> None:
    late = 0.5 if checks > 4 else 0.99
    flat = [1.0] * (checks - 1)
    networks = [
        raced(rate, *flat, score, is_patient=True) for rate, score in ((0.001, 1.0), (0.01, late), (0.1, 0.999))
    ]
    single = [replace(network, family=0) for network in networks]
    assert initials([*single, raced(0.1, *flat, late, family=1, is_patient=True)], SLOW_RACE)[:3] == left


def test_a_long_race_is_compared_by_all_that_was_learnt_in_it() -> None:
    early = raced(0.01, 0.985, 0.985, 0.985, 0.985, *[1.0] * 4, is_patient=True)
    late = raced(0.1, *[1.0] * 7, 0.2, is_patient=True)
    other = raced(0.1, *[1.0] * 8, family=1, is_patient=True)
    assert initials([early, late, other], SLOW_RACE)[:2] == "da"


def test_patience_does_not_end_a_plain_network_that_has_learnt_nothing_yet() -> None:
    flat = [1.0] * 8
    assert initials([raced(0.1, *flat, is_patient=True)], SLOW_RACE) == "a"
    assert initials([raced(0.1, *flat)], SLOW_RACE) == "D"
    assert initials([raced(0.1, 0.9, *flat, is_patient=True)], SLOW_RACE) == "D"
    assert initials([raced(0.1, *[1.0] * 40, is_patient=True)], SLOW_RACE) == "D"


def test_a_learning_rate_is_not_extended_where_nothing_was_learnt() -> None:
    spare = replace(spares(1)[0], start=1.0)
    for score, status in ((0.99, "w"), (0.9, "a")):
        assert initials([at_end(raced(0.1, 1.0, 1.0, 1.0, score)), spare], SLOW_RACE)[1] == status


# --- patience shorter than the race ---------------------------------------------------------------------------------

IMPATIENT = Plan(rungs=(2, 3), checks=3, most=3, patience=1)


def late(rate: float, *scores: float) -> Progress:
    """A setting whose first score was its lowest one, of trainings that begin with 1."""
    return Progress(0, 0, 0, "active", kept=1, scores=scores, start=1.0, rate=rate)


def test_a_rung_that_leaves_only_settings_that_have_ended_decides_the_race() -> None:
    # Once two of five stayed here, ended both; nothing was left to train, so that the other seeds waited for ever.
    networks = [
        *[late(0.1, 0.1, 0.1)] * 4,
        replace(late(0.1, 0.2, 0.1), kept=2),
        *waiting(0, 1),
        *waiting(0, 1, seed=2),
    ]
    networks.insert(5, Progress(0, 0, 1, "failed"))
    decision = decide(networks, IMPATIENT)
    assert initials(networks, IMPATIENT) == "Ddddd" + "f" + "adad"
    assert decision.begins == ((6, 0), (8, 0))


def test_so_it_does_where_these_have_learnt_nothing() -> None:
    better = [late(rate, 0.99, 1.0) for rate in (0.1, 0.01, 0.001)]
    worse = [replace(late(rate, 1.1, 1.0), kept=2) for rate in (0.1, 0.01, 0.001)]
    networks = [*better, *worse, *waiting(0, 1)]
    assert initials(networks, IMPATIENT) == "DDd" + "ddd" + "aa"
    assert decide(networks, IMPATIENT).begins == ((6, 0), (7, 1))


# --- whatever the scores --------------------------------------------------------------------------------------------


@given(scores=st.lists(st.floats(0.0, 10.0), min_size=1, max_size=12), checks=st.integers(1, 8))
def test_a_quarter_of_the_settings_stay_at_least_and_the_best_always_does(scores: list[float], checks: int) -> None:
    statuses = decide(settings(*scores, checks=checks), PLAN).statuses
    left = [index for index, status in enumerate(statuses) if status != "dropped"]
    kept = [min(setting(score, checks).scores[:4]) for score in scores]
    assert kept.index(min(kept)) in left
    assert all(kept[index] >= max(kept[other] for other in left) for index in set(range(len(scores))) - set(left))
    if checks < 4:
        assert 4 * len(left) >= len(scores)
    if checks in (1, 3):
        assert len(left) == len(scores)
    if checks >= 4:
        assert len(left) == min(2, len(scores))


@given(
    scores=st.lists(st.floats(0.0, 10.0), min_size=1, max_size=9, unique=True),
    checks=st.integers(1, 4),
    data=st.data(),
)
def test_the_order_of_networks_does_not_matter(scores: list[float], checks: int, data: st.DataObject) -> None:
    # By thousandths: sums of unlike floats may be equal.
    networks = settings(*(round(score, 3) + index * 1e-5 for index, score in enumerate(scores)), checks=checks)
    order = data.draw(st.permutations(range(len(scores))))
    statuses, shuffled = decide(networks, PLAN).statuses, decide([networks[index] for index in order], PLAN).statuses
    assert [statuses[index] for index in order] == list(shuffled)


PLANS = st.builds(
    lambda rungs, more, most, patience: Plan(
        tuple(sorted(rungs)), max(rungs) + more, max(rungs) + more + most, patience
    ),
    st.sets(st.integers(1, 6), min_size=1, max_size=3),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 8),
)


def race(
    families: list[int], seeds: int, plan: Plan, number_of_spares: int, data: st.DataObject
) -> tuple[list[Progress], list[list[Progress]]]:
    """Runs a fold with drawn scores until nothing is active; the networks at the end and after each check."""
    count = sum(families)
    start = data.draw(st.sampled_from([inf, 0.5]))  # with the latter some have learnt nothing
    networks = [
        Progress(
            0, 0, family, first_status(0, count) if not spare else "waiting", bool(spare), data.draw(st.booleans()),
            start=start, rate=data.draw(st.sampled_from([0.001, 0.01])), is_patient=family == 0,
        )
        for family, members in enumerate(families)
        for spare in [0] * members + [1] * number_of_spares
    ]  # fmt: skip
    networks += [
        Progress(0, seed, place, first_status(seed, count), start=start)
        for seed in range(1, seeds)
        for place in range(finalists(len(families), count))
    ]
    history = []
    for _ in range(200):
        for index, network in enumerate(networks):
            if network.status != "active":
                continue
            if data.draw(st.integers(0, 30)) == 0:  # diverges before the check
                networks[index] = replace(network, status="failed")
                continue
            score = data.draw(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9, float("nan")]) | st.floats(0, 1))
            kept = network.checks + 1 if score < min([1.0, start, *network.scores]) else network.kept
            networks[index] = replace(network, kept=kept, scores=(*network.scores, score))
        decision = decide(networks, plan)
        for index, _ in decision.begins:
            assert networks[index].status == "waiting"
            assert decision.statuses[index] == "active"
        networks = [
            replace(network, status=status) for network, status in zip(networks, decision.statuses, strict=True)
        ]
        history.append(list(networks))
        if not any(network.status == "active" for network in networks):
            return networks, history
    raise AssertionError("the race does not end")


@hypothesis_settings(max_examples=400, deadline=None)
@given(
    families=st.lists(st.integers(1, 5), min_size=1, max_size=2),
    seeds=st.integers(1, 3),
    plan=PLANS,
    number_of_spares=st.integers(0, 2),
    data=st.data(),
)
def test_every_race_ends_with_no_more_finalists_than_wanted_and_no_seed_left_waiting(
    families: list[int], seeds: int, plan: Plan, number_of_spares: int, data: st.DataObject
) -> None:
    networks, history = race(families, seeds, plan, number_of_spares, data)
    wanted = finalists(len(families), sum(families))
    assert all(network.is_spare for network in networks if network.status == "waiting")
    for family in range(len(families)):
        done = [n for n in networks if (n.seed, n.family, n.status) == (0, family, "done")]
        assert len(done) <= wanted // len(families)
    for seed in range(1, seeds):
        assert sum(network.seed == seed and network.checks > 0 for network in networks) <= wanted
    assert all(network.checks <= plan.most for network in networks)
    # No setting is dropped once another seed has begun.
    begun = next((i for i, each in enumerate(history) if any(n.seed and n.status != "waiting" for n in each)), None)
    if begun is not None:
        dropped = [index for index, network in enumerate(history[begun]) if network.status == "dropped"]
        assert dropped == [index for index, network in enumerate(networks) if network.status == "dropped"]
