"""Digits of a score are those that its standard error justifies."""

import pytest

from cellsize.sizing import figures


@pytest.mark.parametrize(
    ("standard_error", "text"),
    [
        (0.09, "0.291"), (0.12, "0.29"), (0.0996, "0.29"), (0.00995, "0.291"), (0.0054, "0.2908"),
        (0.00012, "0.29083"), (3.0, "0.3"), (40.0, "0"), (1e-12, "0.290830"),
    ],
)  # fmt: skip
def test_a_score_has_the_decimals_of_two_figures_of_its_standard_error(standard_error: float, text: str) -> None:
    assert figures.rounded(0.29083, standard_error) == text


@pytest.mark.parametrize("standard_error", [None, 0.0, float("nan"), float("inf")])
def test_without_a_standard_error_a_score_has_four_decimals(standard_error: float | None) -> None:
    assert figures.places(standard_error) is None
    assert figures.rounded(0.29083, standard_error) == "0.2908"


def test_a_score_stands_with_its_standard_error() -> None:
    assert figures.with_error(0.29083, 0.0054) == "0.2908 ± 0.0054"
    assert figures.with_error(0.29083, 0.09) == "0.291 ± 0.090"


@pytest.mark.parametrize(
    ("second", "standard_error", "texts"),
    [
        (0.3512, 0.09, ("0.291", "0.351")), (0.3512, None, ("0.2908", "0.3512")),
        # More digits than are justified where both would look alike, and no more than six where they are.
        (0.29122, 0.09, ("0.2908", "0.2912")), (0.29083, 0.09, ("0.291", "0.291")),
    ],
)  # fmt: skip
def test_two_scores_that_differ_look_different(
    second: float, standard_error: float | None, texts: tuple[str, str]
) -> None:
    assert figures.apart(0.29083, second, standard_error) == texts
