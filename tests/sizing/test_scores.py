"""Scores of sizes, and the paired and corrected comparison of two."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.sizing.scores import (
    Difference,
    compare,
    extent,
    failure_rates,
    from_trials,
    ladders,
    marked,
    paired,
)
from cellsize.sizing.sizes import Size


def row(size: tuple[int, int], fold: int, score: float, **changes: Any) -> dict[str, Any]:
    """A line of trials.csv."""
    plain = {
        "layers": size[0], "units": size[1], "fold": fold, "seed": 0, "learning_rate": 1e-3, "dropout": 0.0,
        "weight_decay": 0.0, "skip": "none", "head": "plain", "penalty": 1.0, "status": "ok", "steps": 50,
        "trained": 50, "early_stopping_score": score, "train_score": score / 2, "score": score, "n_train": 400,
        "n_validation": 100, "parameters": 10 * size[0] * size[1] + 5,
        "recurrent": 10 * size[0] * size[1],
    }  # fmt: skip
    return plain | changes


@pytest.fixture
def trials() -> Callable[..., pd.DataFrame]:
    """Two sizes on three folds, with lines added or changed."""

    def make(*more: dict[str, Any]) -> pd.DataFrame:
        lines = [row((1, 4), fold, score) for fold, score in ((1, 0.5), (2, 0.3), (3, 0.1))]
        lines += [row((0, 0), fold, score) for fold, score in ((1, 0.6), (2, 0.4), (3, 0.5))]
        return pd.DataFrame([*lines, *more])

    return make


def test_a_corrected_comparison_worked_out_by_hand() -> None:
    # Differences 2, 4, 3, 3: mean 3, variance 2/3. Corrected: (1/4 + 1/4) · 2/3 = 1/3.
    difference = paired(np.array([5.0, 9, 8, 6]), np.array([3.0, 5, 5, 3]), 0.25)
    assert difference.mean == 3
    assert difference.standard_error == pytest.approx(np.sqrt(1 / 3))
    assert difference.degrees == 3


def test_folds_that_differ_much_do_not_hide_a_difference_they_share() -> None:
    hard = np.array([0.16, 0.68, 0.4, 0.31])
    difference = paired(hard + np.array([0.011, 0.009, 0.010, 0.010]), hard, 0.25)
    assert difference.mean == pytest.approx(0.01)
    assert difference.standard_error < 0.001


@settings(deadline=None)
@given(first=st.lists(st.floats(0, 10), min_size=2, max_size=10), ratio=st.floats(0, 2), seed=st.integers(0, 1000))
def test_a_comparison_turned_round_has_the_other_sign_and_the_same_standard_error(
    first: list[float], ratio: float, seed: int
) -> None:
    one, other = np.array(first), np.random.default_rng(seed).uniform(0, 10, len(first))
    there, back = paired(one, other, ratio), paired(other, one, ratio)
    assert there.mean == pytest.approx(-back.mean, abs=1e-12)
    assert there.standard_error == pytest.approx(back.standard_error, abs=1e-12)
    plain = np.std(one - other, ddof=1) / np.sqrt(len(first))
    assert there.standard_error >= plain - 1e-12


def test_the_probability_of_a_difference_follows_students_t() -> None:
    # t(4): 5 % lie above 2.132.
    difference = Difference(0.0, 1.0, 4)
    assert difference.probability_above(0.0) == 0.5
    assert difference.probability_above(2.132) == pytest.approx(0.05, abs=1e-4)
    assert difference.probability_above(-2.132) == pytest.approx(0.95, abs=1e-4)
    assert Difference(1.0, 0.5, 4).probability_above(0.0) == Difference(0.0, 0.5, 4).probability_above(-1.0)


@pytest.mark.parametrize(("mean", "threshold", "probability"), [(1.0, 0.5, 1.0), (0.5, 1.0, 0.0), (0.0, 0.0, 0.0)])
def test_a_difference_without_any_standard_error_is_certain(mean: float, threshold: float, probability: float) -> None:
    assert Difference(mean, 0.0, 4).probability_above(threshold) == probability


def test_a_size_has_the_scores_of_its_folds_and_fewest_parameters_come_first(
    trials: Callable[..., pd.DataFrame],
) -> None:
    zero, one = from_trials(trials(), "trials.csv", 3)
    assert (zero.size, one.size) == (Size(0, 0), Size(1, 4))
    assert (zero.parameters, one.parameters) == (5, 45)
    assert one.folds.tolist() == [0.5, 0.3, 0.1]
    assert one.train_folds.tolist() == [0.25, 0.15, 0.05]
    assert one.test_ratio == 0.25
    assert one.mean == pytest.approx(0.3)
    assert one.standard_error == pytest.approx(0.2 / np.sqrt(3))
    assert compare(zero, one).mean == pytest.approx(0.2)


def test_seeds_are_averaged_within_their_fold(trials: Callable[..., pd.DataFrame]) -> None:
    # A fold with more seeds has no more weight than the others.
    _, one = from_trials(trials(row((1, 4), 2, 0.5, seed=1), row((1, 4), 2, 0.7, seed=2)), "trials.csv", 3)
    assert one.folds == pytest.approx([0.5, 0.5, 0.1])


def test_rows_that_were_dropped_do_not_count(trials: Callable[..., pd.DataFrame]) -> None:
    dropped = row((1, 4), 2, np.nan, learning_rate=1.0, status="dropped", train_score=np.nan)
    assert from_trials(trials(dropped), "trials.csv", 3)[1].folds.tolist() == [0.5, 0.3, 0.1]


def test_the_order_of_rows_does_not_count(trials: Callable[..., pd.DataFrame]) -> None:
    for one, other in zip(
        from_trials(trials().iloc[::-1], "trials.csv", 3), from_trials(trials(), "trials.csv", 3), strict=True
    ):
        assert one.folds.tolist() == other.folds.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda table: table.assign(status=table["status"].where(table.index != 1, "failed")),
            "no score in fold 2, since every training of it diverged there",
        ),
        (lambda table: table.drop(index=1), "scores for folds [1, 3] of 3"),
        (lambda table: table.assign(status=table["status"].where(table.index != 1, "dropped")), "folds [1, 3] of 3"),
        (lambda table: table.assign(status=table["status"].where(table["layers"] == 0, "dropped")), "folds [] of 3"),
        (lambda table: table.assign(fold=table["fold"].where(table.index != 2, 4)), "folds [1, 2, 4] of 3"),
        (lambda table: table.assign(score=table["score"].where(table.index != 1)), "a row without a score"),
        (lambda table: table.assign(score=table["score"].where(table.index != 1, np.inf)), "score"),
    ],
    ids=["failed", "no row", "fold dropped", "size dropped", "other fold", "nan", "infinite"],
)
def test_no_size_is_ranked_with_a_fold_that_has_no_score(
    trials: Callable[..., pd.DataFrame], change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        from_trials(change(trials()), "build/trials.csv", 3)
    assert str(caught.value).startswith("build/trials.csv: size 1x4 ")
    assert message in str(caught.value)
    assert str(caught.value).endswith("run again") or str(caught.value).endswith("run search again")


def test_a_learning_rate_that_failed_where_another_did_not_refuses_nothing(
    trials: Callable[..., pd.DataFrame],
) -> None:
    # Each fold has a scored training; that a rate ten times as high diverges is what several are tried for.
    failed = row((1, 4), 2, np.nan, learning_rate=10.0, status="failed", train_score=np.nan)
    assert from_trials(trials(failed), "trials.csv", 3)[1].folds.tolist() == [0.5, 0.3, 0.1]


def test_a_seed_that_diverged_leaves_its_fold_to_the_other_seeds(trials: Callable[..., pd.DataFrame]) -> None:
    # Both finalists of fold 2 diverged with that seed. How often that happens is in the failure rate.
    more = [row((1, 4), fold, score, seed=1) for fold, score in ((1, 0.45), (3, 0.2))]
    more += [row((1, 4), 2, np.nan, seed=1, status="failed", skip=skip) for skip in ("none", "joint")]
    table = trials(*more)
    scores = from_trials(table, "trials.csv", 3)[1]
    np.testing.assert_array_equal(scores.trainings, [[0.5, 0.45], [0.3, np.nan], [0.1, 0.2]])
    assert scores.folds == pytest.approx([0.475, 0.3, 0.15])
    assert failure_rates(table) == {Size(1, 4): pytest.approx(1 / 6)}


def test_sizes_come_in_the_order_of_their_recurrent_parameters_whatever_stands_beside_them(
    trials: Callable[..., pd.DataFrame],
) -> None:
    # 1x4 has 40 recurrent parameters and 1x2 has 20, beside a linear model of 1,000 weights.
    more = [row((1, 2), fold, 0.5, skip="joint", parameters=1025) for fold in (1, 2, 3)]
    more += [row((0, 16), fold, 0.5, parameters=5000) for fold in (1, 2, 3)]
    more += [row((0, 4), fold, 0.5, skip="linear", parameters=6000) for fold in (1, 2, 3)]
    sizes = from_trials(trials(*more), "trials.csv", 3)
    assert [str(scores.size) for scores in sizes] == ["0x0", "0x4", "0x16", "1x2", "1x4"]
    assert [extent(scores)[:2] for scores in sizes] == [(0, 0), (0, 4), (0, 16), (20, 0), (40, 0)]


def test_the_parameters_are_those_of_the_setting_that_most_folds_chose(trials: Callable[..., pd.DataFrame]) -> None:
    # Two repetitions of one fold have one vote.
    table = trials()
    other = (table["layers"] == 1) & (table["fold"] == 1)
    table["skip"], table["parameters"] = table["skip"].mask(other, "joint"), table["parameters"].mask(other, 99)
    again = [row((1, 4), 1, 0.5, seed=seed, skip="joint", parameters=99) for seed in (1, 2)]
    _, one = from_trials(pd.concat([table, pd.DataFrame(again)]), "trials.csv", 3)
    assert (one.recurrent, one.parameters) == (40, 45)


# --- the kind of network that counts ----------------------------------------------------------------------------------


def kinds(*scores: tuple[float, float], marked: str = "none") -> pd.DataFrame:
    """For each fold validation scores of a plain and of a linear network; early stopping marked one of them."""
    lines = []
    for fold, pair in enumerate(scores, start=1):
        for skip, score in zip(("none", "joint"), pair, strict=True):
            lines.append(row((1, 4), fold, score, skip=skip, status="ok" if skip == marked else "runner_up"))
    return pd.DataFrame(lines)


def kind_that_counts(table: pd.DataFrame) -> str:
    of = marked(table)
    (skip,) = set(of.loc[of["status"] == "ok", "skip"])
    return str(skip)


@pytest.mark.parametrize("first", ["none", "joint"])
def test_of_the_two_kinds_of_a_size_the_one_with_the_lower_mean_validation_score_counts_in_all_folds(
    first: str,
) -> None:
    # Plain is better in two folds of three, and worse by more in the third.
    table = kinds((0.2, 0.3), (0.2, 0.3), (0.9, 0.3), marked=first)
    assert kind_that_counts(table) == "joint"
    assert from_trials(table, "trials.csv", 3)[0].folds.tolist() == [0.3, 0.3, 0.3]


def test_a_kind_that_lacks_a_fold_does_not_count() -> None:
    # The networks with a linear model, which are better, diverged in fold 2.
    table = kinds((0.2, 0.3), (0.4, 0.2), (0.4, 0.3))
    lost = (table["fold"] == 2) & (table["skip"] == "joint")
    table["status"] = table["status"].mask(table["fold"] == 2, "ok").mask(lost, "failed")
    assert kind_that_counts(table) == "none"
    assert set(marked(table)["status"]) == {"ok", "runner_up", "failed"}


def test_seeds_that_are_added_to_a_kind_do_not_unmake_it() -> None:
    # They are trained with the kind that counts alone, and are unlucky.
    table = kinds((0.2, 0.3), (0.4, 0.2), (0.4, 0.3))
    added = [row((1, 4), fold, 0.7, seed=seed, skip="joint") for fold in (1, 2, 3) for seed in (1, 2)]
    both = pd.concat([table, pd.DataFrame(added)])
    assert kind_that_counts(both) == "joint"
    assert from_trials(both, "trials.csv", 3)[0].trainings.tolist() == [
        [0.3, 0.7, 0.7],
        [0.2, 0.7, 0.7],
        [0.3, 0.7, 0.7],
    ]


def test_where_one_kind_is_tuned_the_better_setting_of_each_fold_counts(trials: Callable[..., pd.DataFrame]) -> None:
    second = [row((1, 4), fold, 0.01, learning_rate=0.1, status="runner_up") for fold in (1, 2, 3)]
    assert from_trials(trials(*second), "trials.csv", 3)[1].folds.tolist() == [0.5, 0.3, 0.1]


# --- either kind of network -----------------------------------------------------------------------------------------


def test_either_kind_has_the_scores_of_its_own_trainings_whichever_counted(trials: Callable[..., pd.DataFrame]) -> None:
    # In fold 2 the plain one was second. MLPs and zero cells have no memory, and are no step of either.
    table = trials()
    table.loc[(table["layers"] == 1) & (table["fold"] == 2), "status"] = "runner_up"
    other = [
        row((1, 4), fold, score, skip=skip, status="ok" if fold == 2 else "runner_up", parameters=99)
        for fold, score, skip in ((1, 0.6, "joint"), (2, 0.2, "linear"), (3, 0.4, "joint"))
    ]
    mlps = [row((0, 16), fold, 0.3) for fold in (1, 2, 3)]
    kinds = ladders(pd.concat([table, pd.DataFrame([*other, *mlps])]), 3)
    assert {kind: [str(one.size) for one in scores] for kind, scores in kinds.items()} == {
        "plain": ["1x4"], "linear": ["1x4"],
    }  # fmt: skip
    assert kinds["plain"][0].folds.tolist() == [0.5, 0.3, 0.1]
    assert kinds["linear"][0].folds.tolist() == [0.6, 0.2, 0.4]
    assert (kinds["plain"][0].parameters, kinds["linear"][0].parameters) == (45, 99)


def test_a_size_that_lacks_a_kind_in_some_fold_is_left_out_of_that_kinds_ladder(
    trials: Callable[..., pd.DataFrame],
) -> None:
    some = [row((1, 4), fold, 0.2, skip="joint", status="runner_up") for fold in (1, 3)]
    failed = row((1, 4), 2, np.nan, skip="joint", status="failed")
    whole = [row((1, 8), fold, 0.2, skip="joint") for fold in (1, 2, 3)]
    kinds = ladders(trials(*some, failed, *whole), 3)
    assert [str(one.size) for one in kinds["plain"]] == ["1x4"]
    assert [str(one.size) for one in kinds["linear"]] == ["1x8"]


def test_a_ladder_of_the_only_kind_has_the_scores_of_the_setting_that_counts(
    trials: Callable[..., pd.DataFrame],
) -> None:
    better = [row((1, 8), fold, 0.2) for fold in (1, 2, 3)]
    second = [row((1, 8), fold, 0.4, status="runner_up") for fold in (1, 2, 3)]
    assert [scores.mean for scores in ladders(trials(*better, *second), 3)["plain"]][-1] == pytest.approx(0.2)


def test_a_kind_that_was_not_trained_has_no_sizes(trials: Callable[..., pd.DataFrame]) -> None:
    assert ladders(trials(), 3)["linear"] == []


def test_the_larger_size_comes_later_in_a_ladder(trials: Callable[..., pd.DataFrame]) -> None:
    more = [row(size, fold, 0.5) for size in ((2, 1), (1, 1)) for fold in (1, 2, 3)]
    assert [str(one.size) for one in ladders(trials(*more), 3)["plain"]] == ["1x1", "2x1", "1x4"]


# --- trainings that fail --------------------------------------------------------------------------------------------


def parity(*solved: int, size: tuple[int, int] = (1, 8), folds: int = 5) -> list[dict[str, Any]]:
    """A size that forecasts nothing but in the folds that it solves."""
    return [row(size, fold, 0.1 if fold in solved else 1.0) for fold in range(1, folds + 1)]


ZEROS = [row((0, 0), fold, 1.0) for fold in range(1, 6)]


@pytest.mark.parametrize(("solved", "rate"), [((), 0.0), ((2,), 0.8), ((2, 5), 0.6), ((1, 2, 3, 4, 5), 0.0)])
def test_a_training_that_learns_nothing_where_another_shows_that_much_can_be_learnt_has_failed(
    solved: tuple[int, ...], rate: float
) -> None:
    # Where nobody learns, nothing says that there is something to learn.
    assert failure_rates(pd.DataFrame([*ZEROS, *parity(*solved)])) == {Size(1, 8): pytest.approx(rate)}


def test_another_size_may_show_what_can_be_learnt() -> None:
    lines = [*ZEROS, *parity(size=(1, 1)), *parity(1, 2, 3, 4, 5, size=(0, 16))]
    assert failure_rates(pd.DataFrame(lines)) == {Size(0, 16): 0.0, Size(1, 1): 1.0}


@settings(deadline=None, max_examples=30)
@given(gains=st.lists(st.floats(-0.25, 0.29), min_size=5, max_size=5))
def test_ordinary_noise_is_no_failure(gains: list[float]) -> None:
    lines = [row((1, 8), fold, 1 - gain) for fold, gain in enumerate(gains, start=1)]
    assert failure_rates(pd.DataFrame([*ZEROS, *lines])) == {Size(1, 8): 0.0}


def test_a_training_that_learns_a_quarter_of_the_most_has_not_failed() -> None:
    # The most that anybody gains is 0.8 in each fold.
    lines = [row((1, 8), fold, 1 - gain) for fold, gain in enumerate((0.8, 0.21, 0.19, 0.4, 0.8), start=1)]
    lines += [row((1, 16), fold, 0.2) for fold in range(1, 6)]
    assert failure_rates(pd.DataFrame([*ZEROS, *lines])) == {Size(1, 8): pytest.approx(0.2), Size(1, 16): 0.0}


def test_a_fold_where_a_size_that_learns_elsewhere_gains_nothing_has_nothing_to_gain() -> None:
    assert failure_rates(pd.DataFrame([*ZEROS, *parity(1, 2, 3, 5)])) == {Size(1, 8): 0.0}
    other = parity(1, 2, 3, 4, 5, size=(1, 16))
    assert failure_rates(pd.DataFrame([*ZEROS, *parity(1, 2, 3, 5), *other]))[Size(1, 8)] == pytest.approx(0.2)


def test_each_fold_is_measured_by_its_own_zero_cells() -> None:
    # An easy fold: 0.05 is half of what zero cells have there.
    zeros = [row((0, 0), 1, 1.0), row((0, 0), 2, 0.1)]
    assert failure_rates(pd.DataFrame([*zeros, row((1, 8), 1, 0.5), row((1, 8), 2, 0.05)])) == {Size(1, 8): 0.0}


def test_a_training_that_diverged_has_failed_whatever_can_be_learnt() -> None:
    diverged = row((1, 8), 5, np.nan, status="failed", train_score=np.nan)
    lines = [*ZEROS, *(row((1, 8), fold, 0.9) for fold in range(1, 5)), diverged]
    assert failure_rates(pd.DataFrame(lines)) == {Size(1, 8): pytest.approx(1 / 5)}


def test_a_setting_that_diverged_and_lost_its_race_is_no_failed_training() -> None:
    diverged = row((1, 8), 1, np.nan, learning_rate=1.0, status="failed", train_score=np.nan)
    lines = [*ZEROS, *(row((1, 8), fold, 0.9) for fold in range(1, 6)), diverged]
    assert failure_rates(pd.DataFrame(lines)) == {Size(1, 8): 0.0}


def test_settings_that_were_dropped_or_second_say_nothing_of_failure() -> None:
    others = [
        row((1, 8), fold, 1.0, skip="joint", status=status) for status in ("dropped", "runner_up") for fold in (1, 2)
    ]
    assert failure_rates(pd.DataFrame([*ZEROS, *parity(1, 2, 3, 4, 5), *others])) == {Size(1, 8): 0.0}


def test_a_gain_may_be_one_over_an_mlp() -> None:
    # The MLP solves everything: that 1x8 solves one fold shows nothing beyond it.
    lines = pd.DataFrame([*ZEROS, *parity(2), *parity(1, 2, 3, 4, 5, size=(0, 16))])
    assert failure_rates(lines, Size(0, 16)) == {Size(0, 16): 0.0, Size(1, 8): 0.0}


def test_sizes_of_as_many_parameters_are_in_the_order_of_their_layers(trials: Callable[..., pd.DataFrame]) -> None:
    more = [row((2, 2), fold, 0.5) for fold in (1, 2, 3)]
    sizes = from_trials(trials(*more), "trials.csv", 3)
    assert [scores.size for scores in sizes] == [Size(0, 0), Size(1, 4), Size(2, 2)]
    assert sizes[1].parameters == sizes[2].parameters
