"""Which ridge penalty is chosen."""

import pytest

from cellsize.models.penalties import EXTENSIONS, best


def of(scores: dict[float, float]):
    return lambda penalties: [(scores[penalty], penalty) for penalty in penalties]


def test_the_best_of_a_list_is_taken_and_of_equals_the_smallest() -> None:
    assert best((1.0, 10.0, 100.0), of({1: 3, 10: 1, 100: 2})) == 10
    assert best((10.0, 1.0, 0.1, 100.0), of({0.1: 3, 1: 1, 10: 1, 100: 2})) == 1


@pytest.mark.parametrize(("penalties", "found"), [((1.0, 10.0), 1000), ((1e5, 1e4), 1000), ((1.0,), 1)])
def test_a_list_whose_end_is_best_is_extended_until_it_gets_worse(penalties: tuple[float, ...], found: float) -> None:
    # Of one penalty there is no factor to go on by.
    assert best(penalties, lambda tried: [(abs(penalty - 1000), penalty) for penalty in tried]) == found


def test_what_is_better_for_ever_by_less_and_less_ends() -> None:
    tried = list[float]()

    def scored(penalties: tuple[float, ...]) -> list[tuple[float, float]]:
        tried.extend(penalties)
        return [(1 + penalty, penalty) for penalty in penalties]

    assert best((1.0, 10.0), scored) == pytest.approx(1e-4)
    assert len(tried) < 2 + EXTENSIONS
