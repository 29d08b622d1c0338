"""Errors on the holdout, and what became of the model."""

import pytest

from cellsize.sizing.evaluation_records import Evaluation
from tests.sizing.artefact_examples import EVALUATION


@pytest.mark.parametrize(("metric", "expected"), [("mse", 0.1), ("mae", 0.3)])
def test_the_gate_looks_at_the_error_that_the_metric_names(metric: str, expected: float) -> None:
    evaluation = Evaluation.model_validate(EVALUATION | {"metric": metric})
    assert evaluation.error(evaluation.model) == expected


def test_a_champion_is_measured_as_it_is_served_or_on_the_same_cut() -> None:
    comparison = EVALUATION["comparison"]
    for how in ("served", "same_cut"):
        assert Evaluation.model_validate(EVALUATION | {"comparison": comparison | {"how": how}}).comparison is not None
    with pytest.raises(ValueError, match="how"):
        Evaluation.model_validate(EVALUATION | {"comparison": comparison | {"how": "guessed"}})
