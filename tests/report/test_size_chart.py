"""The chart of sizes."""

import re

from cellsize.report import size_chart
from cellsize.report.size_chart import Point
from cellsize.sizing.adequacy import Verdict

VERDICTS: dict[Verdict, str] = {"adequate": "good", "undecided": "perhaps"}

ZERO = Point(0, 0, 0.4, 0.02, verdict="too_small", chosen=False)

ONE = [
    Point(1, units, 0.4 - 0.01 * units, 0.01, verdict="adequate" if units > 4 else "undecided", chosen=units == 8)
    for units in (1, 2, 4, 8)
]


def texts(drawn: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn)


def test_the_chosen_size_and_every_bound_are_named() -> None:
    words = texts(size_chart.sizes([ZERO, *ONE], {"bound, α = 2": 20, "bound, α = 10": 4}, VERDICTS, "nmse"))
    assert {"chosen: 1 × 8", "bound, α = 2: 20", "bound, α = 10: 4", "zero cells", "1 layer", "good", "perhaps"} <= set(
        words
    )


def test_scores_that_differ_by_more_than_four_times_have_numbers_as_labels_and_no_formulas() -> None:
    for lowest in (0.3, 0.02):
        points = [Point(1, units, score, 0.001, verdict="adequate", chosen=units == 8) for units, score in
                  ((1, 1.3), (2, 0.4), (8, lowest))]  # fmt: skip
        words = texts(size_chart.sizes(points, {}, VERDICTS, "nmse"))
        assert not any("$" in word for word in words)
        assert {"0.5", "1"} <= set(words)
        assert ("0.05" in words) is (lowest == 0.02)


def test_bounds_of_the_same_units_have_one_label_and_near_ones_stand_in_two_rows() -> None:
    # On 144 months both bounds are one cell, and their labels were printed over each other.
    words = texts(size_chart.sizes(ONE, {"bound, α = 2": 4, "bound, α = 10": 4}, VERDICTS, "nmse"))
    assert [word for word in words if word.startswith("bound")] == ["bound, α = 2 and 10: 4"]
    assert size_chart._heights([4], 8) == [0]
    assert size_chart._heights([3, 4], 8) == [0, 1]
    assert size_chart._heights([1, 64], 64) == [0, 0]
    assert size_chart._heights([1, 2, 64], 64) == [0, 1, 0]


def test_a_bound_far_to_the_right_is_named_but_not_drawn() -> None:
    # Sizes up to 8 and a bound of 100,000 would leave two thirds of the chart empty.
    words = texts(size_chart.sizes(ONE, {"bound, α = 2": 100_000}, VERDICTS, "nmse"))
    assert "bound, α = 2: 100,000 →" in words
    assert "1024" not in words


def test_mlps_are_lines_beside_zero_cells_and_no_number_of_layers() -> None:
    mlps = [
        Point(0, 16, 0.38, 0.01, verdict="too_small", chosen=False),
        Point(0, 64, 0.36, 0.01, verdict="too_small", chosen=False),
    ]
    words = texts(size_chart.sizes([ZERO, *mlps, *ONE], {}, VERDICTS, "nmse"))
    assert {"zero cells", "MLP of 16", "MLP of 64", "1 layer"} <= set(words)
    assert not any("0 layer" in word or "0 ×" in word for word in words)
    # The axis ends with the cells: 64 hidden units are none.
    assert "32" not in words


def test_an_mlp_that_is_chosen_says_so() -> None:
    words = texts(
        size_chart.sizes(
            [ZERO, Point(0, 16, 0.2, 0.01, verdict="adequate", chosen=True), *ONE[:2]], {}, VERDICTS, "nmse"
        )
    )
    assert "MLP of 16 (the chosen size)" in words


def test_zero_cells_alone_can_be_drawn() -> None:
    words = texts(
        size_chart.sizes(
            [Point(0, 0, 0.4, 0.0, verdict="adequate", chosen=True)], {"bound, α = 2": 16}, VERDICTS, "nmse"
        )
    )
    assert "zero cells (the chosen size)" in words
