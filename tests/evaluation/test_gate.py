"""The gate: who gets the alias."""

from typing import Any

import pytest

from cellsize.evaluation.gate import compared_with_trees, gate
from cellsize.params import Register
from cellsize.sizing.evaluation_records import Comparison, Errors, Evaluation, Subset

BEAT = ("naive", "seasonal_naive", "ridge_linear")


def errors(nmse: float, nmae: float = 1.0) -> Errors:
    return Errors(mae=1.0, rmse=1.0, mase=None, nmse=nmse, nmae=nmae, by_step=(nmse,))


def evaluation(model: float, compared: Comparison | None = None, not_measured: str | None = None) -> Evaluation:
    """A model measured with three baselines, AutoETS at its own origins, and version 4 if that is the champion."""
    baselines = {
        "naive": 1.0,
        "seasonal_naive_24": 0.9,
        "seasonal_naive_168": 0.8,
        "ridge_linear": 0.5,
        "boosted_trees": 0.42,
    }
    return Evaluation(
        metric="mse",
        windows=40,
        rows_from="2026-01-05T00:00:00",
        rows_until="2026-01-09T00:00:00",
        series=1,
        model=errors(model),
        twins=(errors(model),),
        baselines={name: errors(nmse) for name, nmse in baselines.items()},
        by_series=(),
        subset=Subset(
            origins=3, models={"model": errors(model), "AutoETS": errors(0.45)}, difference_se={"AutoETS": 0.01}
        ),
        champion=None,
        comparison=compared,
        champion_not_measured=not_measured,
        champion_version=None if compared is None and not_measured is None else "4",
        clipped={},
        coverage={},
    )


def comparison(**changes: Any) -> Comparison:
    """Version 4 against a challenger that is neither better nor smaller nor fresher, and may be worse."""
    plain = {
        "version": "4", "how": "served", "windows": 40, "rows_from": "2026-01-05T00:00:00",
        "rows_until": "2026-01-09T00:00:00", "blocks": 20, "challenger": 0.4, "champion": 0.41, "margin": 1.0,
        "better": 0.5, "not_worse": 0.7, "smaller": False, "same_network": False, "newer_rows": False, "rerun": False,
    }  # fmt: skip
    return Comparison.model_validate(plain | changes)


def register(*beat: str) -> Register:
    return Register(name="toy", beat=beat, margin=1.0, probability=0.9, not_worse=0.8, blocks=8)  # type: ignore[arg-type]


def test_a_model_better_than_every_baseline_named_passes() -> None:
    passed, reason = gate(evaluation(0.4), register(*BEAT))
    assert passed
    assert reason == "no worse on the holdout than naive, seasonal_naive_24, seasonal_naive_168, ridge_linear"


def test_a_model_worse_than_one_baseline_is_refused_with_its_name() -> None:
    passed, reason = gate(evaluation(0.6), register(*BEAT))
    assert not passed
    assert reason == "not better on the holdout than ridge_linear (nmse 0.5000 against 0.6000)"


def test_a_baseline_that_is_not_named_does_not_count() -> None:
    assert gate(evaluation(0.6), register("naive", "seasonal_naive"))[0]


def test_seasonal_naive_means_the_forecast_of_each_season() -> None:
    for model, lost in ((0.85, "seasonal_naive_168 (nmse 0.8000 against 0.8500)"), (0.79, None)):
        passed, reason = gate(evaluation(model), register("seasonal_naive"))
        assert passed is (lost is None)
        assert lost is None or reason == f"not better on the holdout than {lost}"


def test_boosted_trees_count_only_where_they_are_named() -> None:
    assert gate(evaluation(0.45), register(*BEAT))[0]
    passed, reason = gate(evaluation(0.45), register(*BEAT, "boosted_trees"))
    assert not passed
    assert reason == "not better on the holdout than boosted_trees (nmse 0.4200 against 0.4500)"


@pytest.mark.parametrize(
    ("model", "better", "words"),
    [(0.45, True, "better: 0.42 against 0.45"), (0.42, False, "no better: 0.42 against 0.42"),
     (0.4, False, "no better: 0.42 against 0.4")],
)  # fmt: skip
def test_boosted_trees_are_always_compared(model: float, better: bool, words: str) -> None:
    assert compared_with_trees(evaluation(model)) == (better, words)


def test_a_choice_without_memory_cells_may_equal_the_ridge_linear_model_that_it_is() -> None:
    assert gate(evaluation(0.5), register(*BEAT))[0]


def test_the_classical_model_is_compared_at_its_own_origins() -> None:
    passed, reason = gate(evaluation(0.47), register("classical"))
    assert not passed
    assert "AutoETS (nmse 0.450 against 0.470)" in reason


@pytest.mark.parametrize(
    ("compared", "passes", "words"),
    [
        ({"better": 0.95}, True, "better by 1 % than the champion, version 4, with probability 0.95 (nmse 0.4100 "),
        ({"better": 0.94}, False, "better by 1 % with probability 0.94, asked for is 0.950"),
        ({"smaller": True, "not_worse": 0.9}, True, "smaller than the champion, version 4, and not worse by 1 %"),
        ({"smaller": True, "not_worse": 0.89}, False, "smaller and not worse by 1 %, with probability 0.89"),
        (
            {"same_network": True, "newer_rows": True, "not_worse": 0.8},
            True,
            "the network of the champion, version 4, ",
        ),
        ({"same_network": True, "newer_rows": True, "not_worse": 0.79}, False, "asked for is 0.8"),
        ({"same_network": True, "not_worse": 1.0}, False, "not shown to be better"),
        ({"newer_rows": True, "not_worse": 1.0}, False, "not shown to be better"),
    ],
)
def test_a_champion_stays_until_a_challenger_is_better_or_smaller_or_has_newer_rows(
    compared: dict[str, Any], passes: bool, words: str
) -> None:
    passed, reason = gate(evaluation(0.4, comparison(**compared)), register(*BEAT), "4")
    assert passed == passes
    assert words in reason
    assert passed == reason.startswith("no worse on the holdout than naive, ")


def test_what_newer_rows_change_is_judged_on_newer_rows_alone() -> None:
    # On the same cut a recipe equals itself, whatever the rows after it are.
    fresh = {"same_network": True, "newer_rows": True, "not_worse": 1.0}
    passed, reason = gate(evaluation(0.4, comparison(**fresh, how="same_cut")), register(*BEAT), "4")
    assert not passed
    assert reason.endswith("too few rows are newer than the champion's to judge what they change")


def test_a_rerun_on_the_same_rows_never_passes() -> None:
    sure = {"better": 1.0, "not_worse": 1.0, "smaller": True}
    assert gate(evaluation(0.4, comparison(**sure)), register(*BEAT), "4")[0]
    assert gate(evaluation(0.4, comparison(**sure, rerun=True)), register(*BEAT), "4") == (
        False, "the champion, version 4, again: the same recipe on the same rows"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("compared", "last"),
    [
        ({"better": 0.96}, 1),  # 0.95, then 0.983
        ({"better": 0.99}, 2),  # 0.983, then 0.9917
        ({"smaller": True, "not_worse": 0.95}, 1),  # 0.9, then 0.967
        ({"same_network": True, "newer_rows": True, "not_worse": 0.8}, 4),  # rows that nobody has looked at
    ],
)
def test_each_look_at_the_same_rows_asks_for_more(compared: dict[str, Any], last: int) -> None:
    passed = [
        gate(evaluation(0.4, comparison(**compared)), register(*BEAT), "4", look)[0] for look in range(1, 5)
    ]  # fmt: skip
    assert passed == [look <= last for look in range(1, 5)]


def test_a_model_that_loses_to_a_baseline_takes_no_champions_place() -> None:
    passed, reason = gate(evaluation(0.6, comparison(better=1.0)), register(*BEAT), "4")
    assert not passed
    assert reason.startswith("not better on the holdout than ridge_linear")


@pytest.mark.parametrize(
    ("compared_with", "now", "passes"), [(None, None, True), ("4", "4", True), (None, "4", False), ("4", "5", False)]
)
def test_a_model_replaces_only_the_champion_that_it_was_compared_with(
    compared_with: str | None, now: str | None, passes: bool
) -> None:
    # An evaluation restored from DVC's cache knows nothing of a later champion.
    measured = evaluation(0.4, comparison(better=1.0) if compared_with else None)
    passed, reason = gate(measured, register(*BEAT), now)
    assert passed is passes
    assert passes or f"from before version {now} became champion" in reason
    assert gate(measured, register(*BEAT), None)[0]  # nobody asks for a comparison


def test_a_champion_that_could_not_be_measured_on_the_same_rows_stays() -> None:
    measured = evaluation(0.4, not_measured="reads other columns, or has another window")
    passed, reason = gate(measured, register(*BEAT), "4")
    assert not passed
    assert reason.startswith("version 4 is champion and reads other columns, or has another window, so that nobody")
    assert reason.endswith("cellsize promote toy VERSION --why REASON promotes by hand")
    assert gate(measured, register(*BEAT), None)[0]  # evaluate.champion: false asks for no comparison


def test_without_a_classical_model_there_is_none_to_beat() -> None:
    measured = evaluation(0.47).model_copy(update={"subset": None})
    assert gate(measured, register("classical")) == (True, "no worse on the holdout than no baseline asked for")


def test_the_gate_asks_for_the_error_that_the_metric_names() -> None:
    # Better than the baseline by squared errors, worse by absolute ones.
    measured = evaluation(0.4).model_copy(update={"baselines": {"naive": errors(1.0, 0.7)}})
    by_absolute = measured.model_copy(update={"metric": "mae", "model": errors(0.4, 0.8)})
    assert gate(measured, register("naive"))[0]
    assert gate(by_absolute, register("naive")) == (
        False, "not better on the holdout than naive (nmae 0.7000 against 0.8000)"
    )  # fmt: skip
    compared = evaluation(0.4, comparison()).model_copy(update={"metric": "mae"})
    assert "(nmae 0.4100 against 0.4000 on 40 windows in 20 blocks)" in gate(compared, register(), "4")[1]
