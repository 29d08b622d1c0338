"""Scores of the baselines."""

import pytest

from cellsize.sizing.baseline_records import Baselines
from tests.sizing.artefact_examples import EXAMPLES


def test_scores_are_normalised_squared_or_absolute_errors_and_no_others() -> None:
    (example,) = (example for example in EXAMPLES if isinstance(example, Baselines))
    content = example.model_dump()
    assert Baselines.model_validate(content | {"metric": "mae"}).all == example.all
    with pytest.raises(ValueError, match="metric"):
        Baselines.model_validate(content | {"metric": "rmse"})
