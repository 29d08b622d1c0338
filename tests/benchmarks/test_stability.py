"""What counts as one step of the grid."""

import pytest

from benchmarks.stability import within_one_step

GRID = ["0x0", "0x16", "0x64", "1x1", "1x2", "1x4", "1x8", "2x1", "2x2", "2x4"]


@pytest.mark.parametrize(
    ("size", "other", "expected"),
    [
        ("1x4", "1x4", True),
        ("1x4", "1x8", True),
        ("1x8", "1x2", False),
        ("1x4", "2x4", True),
        ("1x4", "2x2", False),
        ("2x4", "2x2", True),
        ("0x0", "0x0", True),
        ("0x0", "1x1", True),
        ("0x0", "1x2", False),
        ("0x0", "2x1", False),
        ("0x16", "0x0", True),
        ("0x16", "0x64", True),
        ("0x16", "1x1", True),
        ("0x16", "1x8", False),
    ],
)
def test_a_step_is_one_of_units_or_one_of_layers(size: str, other: str, expected: bool) -> None:
    assert within_one_step(size, other, GRID) is expected
    assert within_one_step(other, size, GRID) is expected
