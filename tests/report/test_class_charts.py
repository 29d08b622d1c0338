"""The charts of labelled sequences."""

import re

import numpy as np

from cellsize.report.class_charts import confusion, reliability
from cellsize.sizing.class_records import ReliabilityBin


def test_every_pair_of_classes_that_occurs_has_its_number() -> None:
    drawn = confusion(((19, 1), (0, 1234)), ("yes", "no"))
    assert re.findall(r">([\d,]+)<", drawn) == ["19", "1", "1,234"]
    assert drawn.startswith("<svg")
    assert "true class" in drawn


def test_a_class_of_the_holdout_without_sequences_is_an_empty_row() -> None:
    assert re.findall(r">(\d+)<", confusion(((0, 0), (1, 2)), ("a", "b"))) == ["1", "2"]


def test_very_many_classes_have_colours_alone() -> None:
    counts = tuple(tuple(map(int, row)) for row in np.eye(31, dtype=int) * 77)
    assert ">77<" not in confusion(counts, tuple(f"class {number}" for number in range(31)))


def test_a_point_of_the_reliability_curve_says_how_many_sequences_it_is() -> None:
    bins = (ReliabilityBin(count=4, probability=0.6, right=0.5), ReliabilityBin(count=36, probability=1.0, right=1.0))
    drawn = reliability(bins)
    assert {">4<", ">36<"} <= set(re.findall(r">\d+<", drawn))
    assert reliability(bins) == drawn
