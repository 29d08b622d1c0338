"""Plans and results of a search that the tests share."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cellsize.sizing.sizes import Size
from cellsize.sizing.walk import Plan, Walk
from cellsize.training.records import Result, Work

SMALL, LARGE = Size(1, 1), Size(1, 2)


def climbing(*wanted: Size) -> Plan:
    """Wants one size after another; the next one is likely."""

    def plan(known: object) -> Walk:
        left = [size for size in wanted if size not in known]  # type: ignore[operator]
        return Walk(tuple(size for size in wanted if size not in left), tuple(left[:1]), tuple(left[1:2]))

    return plan


def failed(result: Result) -> Result:
    """The same result with no score in its first fold."""
    rows = [replace(row, status="failed", score=None) if row.fold == 1 else row for row in result.rows]
    return replace(result, rows=tuple(rows))


@pytest.fixture
def work(make_work: Callable[..., Work]) -> Work:
    return make_work(check_every=2, steps=2, patience=2)
