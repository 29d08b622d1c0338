"""KS and PSI of sequences: the statistics are scipy's, the p-values those of a permutation."""

import numpy as np
import pytest
from scipy import stats

from cellsize.lifecycle import permuted, sketch
from cellsize.lifecycle.shift import Shift


def found(before: np.ndarray, now: np.ndarray, per: int = 1) -> tuple[Shift, ...]:
    borders = np.stack([sketch.borders(column) for column in before.T])
    groups = [np.arange(len(side)) // per for side in (before, now)]
    names = tuple(f"c{number}" for number in range(before.shape[1]))
    return permuted.shifts(names, sketch.codes(before, borders), sketch.codes(now, borders), *groups)


def drawn(count: int, columns: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, columns))


def test_the_statistic_is_that_of_scipy_where_values_have_bins_of_their_own() -> None:
    before, now = (np.round(drawn(count, seed=seed), 1) for count, seed in ((200, 0), (40, 1)))
    now = np.clip(now, before.min(axis=0), before.max(axis=0))
    for column, each in enumerate(found(before, now)):
        assert each.ks == pytest.approx(stats.ks_2samp(now[:, column], before[:, column]).statistic, abs=0.011)


def test_of_one_column_the_p_value_is_that_of_its_rank_and_it_is_not_adjusted() -> None:
    (one,) = found(drawn(100, 1), drawn(20, 1, seed=1))
    assert one.adjusted == one.p
    assert one.p == pytest.approx(round(one.p * 1000) / 1000)
    assert found(drawn(100, 1), drawn(20, 1, seed=1)) == (one,)


def test_the_column_that_has_moved_is_named_and_no_other() -> None:
    now = drawn(40, 5, seed=2)
    now[:, 3] += 2
    assert [each.column for each in found(drawn(200, 5), now) if each.is_shifted] == ["c3"]


def test_what_is_missing_now_is_a_shift_and_a_column_that_never_changes_is_none() -> None:
    before, now = drawn(100, 2), drawn(20, 2, seed=1)
    before[:, 1] = now[:, 1] = 7.0
    now[:, 0] = np.nan
    gone, same = found(before, now)
    assert (gone.ks, gone.is_shifted) == (1.0, True)
    assert (same.ks, same.psi, same.is_shifted) == (0.0, 0.0, False)


def test_too_few_groups_say_nothing() -> None:
    assert found(drawn(100), drawn(7)) == ()
    assert found(drawn(100), drawn(70), per=10) == ()


@pytest.mark.parametrize("per", [1, 5])
def test_a_false_alarm_on_any_column_is_as_rare_as_promised_of_groups_too(per: int) -> None:
    # 60 tries at 5 %: more than 8 alarms have a probability below 0.5 %. benchmarks/drift.py counts more of them.
    alarms, rng = 0, np.random.default_rng(5)
    for _ in range(60):
        sides = [rng.standard_normal((count // per, 4)).repeat(per, axis=0) for count in (60 * per, 12 * per)]
        sides = [side + 0.3 * rng.standard_normal(side.shape) for side in sides]
        alarms += any(each.is_shifted for each in found(*sides, per=per))
    assert alarms <= 8
