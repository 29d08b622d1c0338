"""The lines of an answer that say what the rule found."""

from collections.abc import Callable

from cellsize.report.rule_lines import lines
from cellsize.sizing.choice_records import Choice, UndecidedSize


def test_every_size_is_named_once_with_its_probability(toy_choice: Callable[..., Choice]) -> None:
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    choice = toy_choice().model_copy(update={"rule": "adequate", "undecided_sizes": open_one, "bound_binding": False})
    assert lines(choice) == [
        "  adequate      1 × 16 3 %, 1 × 32 91 % (no more than 0.0029 worse than the best); 1 × 32 is refitted",
        "  other sizes   no memory cells 3 %, 1 × 1 3 %, 1 × 2 3 %, 1 × 4 3 %, 1 × 8 3 %, 1 × 64 the best, "
        "1 × 128 3 %, 2 × 16 3 %, 2 × 32 3 %",
    ]


def test_a_rule_without_probabilities_says_none(toy_choice: Callable[..., Choice]) -> None:
    choice = toy_choice().model_copy(update={"rule": "one_standard_error", "bound_binding": False})
    assert lines(choice) == []


def test_a_size_at_the_bound_says_so(toy_choice: Callable[..., Choice]) -> None:
    choice = toy_choice().model_copy(update={"rule": "one_standard_error", "bound_binding": True})
    assert lines(choice) == ["  bound         the size is at or past the bound of 168 cells"]
