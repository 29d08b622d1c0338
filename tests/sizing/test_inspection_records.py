"""What a window should show, as it is written."""

import pytest

from cellsize.sizing.inspection_records import Inspection
from tests.sizing.artefact_examples import INSPECTION


def test_what_is_odd_is_read_with_its_series_targets_and_values() -> None:
    remarks = Inspection.model_validate(INSPECTION).remarks
    assert [(each.series, each.reason) for each in remarks.series_left_out] == [("b", "too short (4 rows, 5 needed)")]
    assert [(each.target, each.covariates) for each in remarks.given_away] == [("y", ("copy",))]
    assert remarks.unscored == {"a": (2,)}
    assert [(each.covariate, each.known_future, each.steps) for each in remarks.never_there] == [("late", False, 24)]
    assert remarks.few_values == {"y": (0.0, 1.0)}


def test_an_advice_without_its_gain_is_refused() -> None:
    with pytest.raises(ValueError, match=r"advice\.0\.gain"):
        Inspection.model_validate(INSPECTION | {"advice": [{"key": "window.normalise", "value": "last"}]})
