"""A table of scores worked out by hand, and drawn ones, that the tests of rules and of decisions share."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from cellsize.params import Choose
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size


def scores(size: tuple[int, int], parameters: int, *folds: float, ratio: float = 0.25) -> Scores:
    recurrent = parameters if size[0] else 0
    return Scores(Size(*size), recurrent, parameters, np.array(folds)[:, None], np.array(folds)[:, None] / 2, ratio)


def rule(name: str, **changes: Any) -> Choose:
    plain = {
        "metric": "mse", "quantiles": None, "rule": name, "margin": 1.0, "least_margin": 0.001, "probability": 0.8,
        "percent": 5.0, "budget": "parameters", "limit": 1000.0,
    }  # fmt: skip
    return Choose.model_validate(plain | changes)


# Fold scores around a difficulty of 0.2, 0.6, 0.4, 0.4 (mean 0.4). Differences to the best, 1x32:
#   zero  0.2, 0.2, 0.2, 0.2         mean 0.20   standard error 0
#   1x4   0.03, 0.05, 0.05, 0.03     mean 0.04   variance 0.0004/3, standard error √((1/4 + 1/4) · 0.0004/3) = 0.00816
#   1x16  0.00, 0.04, -0.04, 0.04    mean 0.01   variance 0.0044/3, standard error √(0.5 · 0.0044/3) = 0.02708
#   2x16  0.005, 0.005, 0.005, 0.005 mean 0.005  standard error 0
TABLE = [
    scores((0, 0), 100, 0.4, 0.8, 0.6, 0.6),
    scores((1, 4), 200, 0.23, 0.65, 0.45, 0.43),
    scores((1, 16), 1_000, 0.20, 0.64, 0.36, 0.44),
    scores((2, 16), 3_000, 0.205, 0.605, 0.405, 0.405),
    scores((1, 32), 4_000, 0.2, 0.6, 0.4, 0.4),
]
NO_COSTS: dict[Size, float] = {}
# What each rule chooses of the table: its name, its numbers, the size.
BY_HAND: list[tuple[str, dict[str, Any], Size]] = [
    ("best", {}, Size(1, 32)),
    ("one_standard_error", {}, Size(1, 16)),
    ("within_percent", {"percent": 0.0}, Size(1, 32)),
    ("within_percent", {"percent": 1.5}, Size(2, 16)),
    ("within_percent", {"percent": 3.0}, Size(1, 16)),
    ("within_percent", {"percent": 11.0}, Size(1, 4)),
    ("within_percent", {"percent": 60.0}, ZERO),
    ("budget", {"limit": 999.0}, Size(1, 4)),
    ("budget", {"limit": 1_000.0}, Size(1, 16)),
    ("budget", {"limit": 3_999.0}, Size(2, 16)),
    ("budget", {"limit": 100.0}, ZERO),
]


@st.composite
def tables(draw: st.DrawFn) -> list[Scores]:
    folds = draw(st.integers(2, 6))
    level = st.lists(st.floats(0.01, 2), min_size=folds, max_size=folds)
    sizes = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 64)), max_size=6, unique=True))
    ratio = draw(st.floats(0.05, 1))
    # The linear skip connection makes zero cells have more parameters than some cells beside nothing.
    zero = scores((0, 0), draw(st.sampled_from([10, 60])), *draw(level), ratio=ratio)
    return [zero] + [scores(size, 10 + draw(st.integers(1, 100)), *draw(level), ratio=ratio) for size in sizes]
