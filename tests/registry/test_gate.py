"""The gate: who gets the alias."""

from typing import Any

import pytest

from cellsize.params import Register
from cellsize.registry.versions import gate

BEAT = ("naive", "seasonal_naive", "ridge_linear")


def evaluation(model: float, champion: float | None = None, **baselines: float) -> dict[str, Any]:
    others = {"naive": 1.0, "seasonal_naive": 0.8, "ridge_linear": 0.5, **baselines}
    return {
        "model": {"nmse": model},
        "baselines": {name: {"nmse": error} for name, error in others.items()},
        "subset": {"origins": 3, "models": {"model": {"nmse": model}, "AutoETS": {"nmse": 0.45}}},
        "champion": None if champion is None else {"version": "4", "nmse": champion},
        "reigning": None if champion is None else "4",
        "unmeasured": None,
    }


def register(*beat: str) -> Register:
    return Register(name="toy", beat=beat)  # type: ignore[arg-type]


def test_a_model_better_than_every_baseline_named_passes() -> None:
    passed, reason = gate(evaluation(0.4), register(*BEAT))
    assert passed
    assert reason == "no worse on the holdout than naive, seasonal_naive, ridge_linear"


def test_a_model_worse_than_one_baseline_is_told_which() -> None:
    passed, reason = gate(evaluation(0.6), register(*BEAT))
    assert not passed
    assert reason == "not better on the holdout than ridge_linear (0.5000 against 0.6000)"


def test_a_baseline_that_is_not_named_does_not_count() -> None:
    assert gate(evaluation(0.6), register("naive", "seasonal_naive"))[0]


def test_a_choice_without_memory_cells_may_equal_the_ridge_linear_map_that_it_is() -> None:
    assert gate(evaluation(0.5), register(*BEAT))[0]


def test_the_classical_model_is_compared_at_its_own_origins() -> None:
    passed, reason = gate(evaluation(0.47), register("classical"))
    assert not passed
    assert "AutoETS (0.4500 against 0.4700)" in reason


@pytest.mark.parametrize(("champion", "passes"), [(0.41, True), (0.4, False), (0.3, False)])
def test_a_champion_stays_until_a_challenger_is_better_on_the_same_rows(champion: float, passes: bool) -> None:
    passed, reason = gate(evaluation(0.4, champion), register(*BEAT))
    assert passed == passes
    assert "version 4" in reason


@pytest.mark.parametrize(
    ("measured_beside", "now", "passes"), [(None, None, True), ("4", "4", True), (None, "4", False), ("4", "5", False)]
)
def test_a_model_replaces_only_the_champion_that_it_was_measured_beside(
    measured_beside: str | None, now: str | None, passes: bool
) -> None:
    # An evaluation restored from DVC's cache knows nothing of a later champion.
    found = evaluation(0.4, 0.41 if measured_beside else None)
    passed, reason = gate(found, register(*BEAT), now)
    assert passed is passes
    assert passes or f"from before version {now} became champion" in reason
    assert gate(found, register(*BEAT), None)[0]  # nobody asks for a comparison


def test_a_champion_that_could_not_be_measured_on_the_same_rows_stays() -> None:
    found = evaluation(0.4) | {"reigning": "4", "unmeasured": "reads other columns, or has another window"}
    passed, reason = gate(found, register(*BEAT), "4")
    assert not passed
    assert reason.startswith("version 4 is champion and reads other columns, or has another window, so that nobody")
    assert gate(found, register(*BEAT), None)[0]  # evaluate.champion: false asks for no comparison
