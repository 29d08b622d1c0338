"""The ridge penalty of a linear model."""

import math
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from cellsize.models.penalties import EXTENSIONS, best


def scored(score: Callable[[float], float]) -> Callable[[tuple[float, ...]], list[tuple[float, float]]]:
    """Models that are their own penalties."""
    return lambda penalties: [(score(penalty), penalty) for penalty in penalties]


def test_the_lowest_score_wins_and_of_equals_the_smallest_penalty() -> None:
    assert best((1.0, 10.0, 100.0), scored(lambda penalty: abs(math.log10(penalty) - 1))) == 10
    assert best((1.0, 10.0, 100.0, 1000.0), scored(lambda penalty: 0.5 if 2 < penalty < 200 else 0.6)) == 10


def test_a_best_penalty_at_an_end_extends_the_list_by_its_last_factor() -> None:
    assert best((1.0, 10.0), scored(lambda penalty: abs(math.log10(penalty) - 3))) == 1000
    assert best((1.0, 10.0), scored(lambda penalty: abs(math.log10(penalty) + 2))) == 0.01


def test_a_list_of_one_is_no_list_to_extend() -> None:
    assert best((1.0,), scored(lambda penalty: -penalty)) == 1


@given(st.sampled_from([-1.0, 1.0]))
def test_an_extension_ends(sign: float) -> None:
    tried: list[float] = []

    def try_out(penalties: tuple[float, ...]) -> list[tuple[float, float]]:
        tried.extend(penalties)
        return [(-sign * math.log(penalty) + 100, penalty) for penalty in penalties]

    best((1.0, 10.0), try_out)
    assert len(tried) <= 2 + EXTENSIONS
