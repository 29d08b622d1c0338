"""What the report says of sequences with numbers."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from cellsize.report.number_prose import coverage, data, remarks, tiles, verdict
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.number_records import NumberDifference, NumberErrors, NumberEvaluation, NumberInspection
from cellsize.sizing.sizes import ZERO, Size

INSPECTION = NumberInspection(
    task="regress", sequences=40, groups=30, quantiles={"0": 0.0, "25": 1.0, "50": 2.0, "75": 3.0, "100": 9.0},
    shortest=2, longest=6, duplicates=3,
)  # fmt: skip


def of(score: float) -> NumberErrors:
    return NumberErrors(mse=4 * score, mae=2 * score, r2=1 - score, nmse=score, nmae=score, score=score)


def evaluation(ours: float, ridge: float, se: float = 0.01, **changes: Any) -> NumberEvaluation:
    scores = {"mean": 1.0, "ridge_linear": ridge, "boosted_trees": 0.9}
    return NumberEvaluation(
        task="regress", metric="mse", sequences=10, groups=10, target="y", model=of(ours), twins=(of(ours),),
        baselines={name: of(score) for name, score in scores.items()},
        differences={name: NumberDifference(score=score - ours, score_se=se) for name, score in scores.items()},
        champion=None, comparison=None, champion_not_measured=None, champion_version=None,
        **{"coverage": {"90": 0.8}, "left_out": None, **changes},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("size", "ours", "ridge", "se", "said", "bad"),
    [
        (Size(1, 2), 0.2, 0.5, 0.01, "lower than that of the best baseline, ridge regression on summaries", False),
        (Size(1, 2), 0.49, 0.5, 0.1, "not clearly lower than that of the best baseline", False),
        (Size(1, 2), 0.5, 0.2, 0.01, "is better, and clearly", True),
        (Size(1, 2), 0.5, 0.49, 0.1, "is better, though not clearly", True),
        (ZERO, 0.5, 0.5, 0.01, "is that of the baseline ridge regression on summaries", False),
    ],
)
def test_the_verdict_compares_with_the_best_baseline(
    size: Size, ours: float, ridge: float, se: float, said: str, bad: bool
) -> None:
    found, is_bad = verdict(cast("Choice", SimpleNamespace(size=size)), evaluation(ours, ridge, se), "kg")
    assert said in found
    assert is_bad == bad
    assert f"{2 * ours:.4g} kg on average" in found


def test_the_tiles_have_the_error_in_the_unit_of_the_number() -> None:
    found = tiles(evaluation(0.2, 0.5), "kg")
    assert (found[0].value, found[0].note) == ("0.4 kg", "mean absolute error; R² 0.800")
    assert "ridge regression" in found[1].label


def test_equal_sequences_and_quartiles_are_said() -> None:
    found = remarks(INSPECTION, evaluation(0.2, 0.5, left_out="none is installed"))
    assert found[0].startswith("3 sequences are equal to an earlier one")
    assert found[1:] == ["none is installed"]
    lines = data(INSPECTION, evaluation(0.2, 0.5), "kg")
    assert lines[0] == "Before the holdout there are 40 sequences of 2 to 6 steps, in 30 groups that stay together."
    assert lines[1].startswith("Numbers before the holdout: from 0 to 9 kg, half of them up to 2, the middle half")
    assert lines[2] == "The holdout has 10 sequences."


def test_coverage_is_said_or_why_there_is_none() -> None:
    assert "80 % in that of 90 %: measured, never tuned" in coverage(evaluation(0.2, 0.5))
    assert coverage(evaluation(0.2, 0.5, coverage={})).startswith("There are too few residuals")
