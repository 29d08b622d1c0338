from collections.abc import Callable

import pytest

from cellsize.report import wording
from cellsize.report.words import OF_CLASSES
from cellsize.sizing import rules
from cellsize.sizing.choice_records import Choice, LeftOut, UndecidedSize
from cellsize.sizing.evaluation_records import Evaluation, Registration
from cellsize.sizing.sizes import ZERO, Size

NMSE = "Scores are normalised MSE (nmse) too: the MSE divided by the variance of the training targets, that is 1 − R²."

TREES = "Boosted trees on the same inputs are no better there: 0.3418 compared with 0.3100."


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234.5678, 2, "1,234.57"),
        (-0.25, 2, "−0.25"),
        (-0.001, 2, "0.00"),
        (None, 2, "–"),
        (float("nan"), 2, "–"),
        (float("inf"), 2, "–"),
        (12, 0, "12"),
    ],
)
def test_a_number_has_separators_a_true_minus_and_no_negative_zero(
    value: float | None, decimals: int, text: str
) -> None:
    assert wording.number(value, decimals) == text


def test_decimals_give_the_smallest_value_four_figures() -> None:
    assert wording.decimals([0.2908, 1.5]) == 4
    assert wording.decimals([12.0, None, 0.0]) == 2
    assert wording.decimals([0.01234, 0.5], figures=2) == 3
    assert wording.decimals([]) == 0


def test_per_cent_have_a_decimal_below_ten_and_no_sign() -> None:
    assert wording.percent(0.95, 1.0) == "5.0 %"
    assert wording.percent(1.5, 1.0) == "50 %"
    assert wording.percent(1.0, 0.0) == "0.0 %"


def test_one_thing_has_no_plural() -> None:
    assert (wording.plural(1, "layer"), wording.plural(2000, "layer")) == ("1 layer", "2,000 layers")


def test_a_size_is_short_in_tables() -> None:
    assert (rules.short(Size(2, 16)), rules.short(ZERO)) == ("2 × 16", "zero cells")
    assert rules.short(Size(0, 16)) == "MLP of 16"


def test_every_size_tried_is_found_by_its_size(toy_choice: Callable[..., Choice]) -> None:
    tried = wording.tried(toy_choice())
    assert len(tried) == 11
    assert tried[Size(1, 64)].score == 0.2893
    assert Size(1, 256) not in tried


@pytest.mark.parametrize(
    ("layers", "units", "sentence"),
    [
        (1, 32, "Your LSTM needs 1 layer of 32 memory cells, beside a linear model of 438 weights."),
        (2, 16, "Your LSTM needs 2 layers of 16 memory cells each, beside a linear model of 438 weights."),
        (1, 1, "Your LSTM needs 1 layer of 1 memory cell, beside a linear model of 438 weights."),
        (0, 0, "This forecast needs no memory cells: a ridge-linear model of the window is as good."),
    ],
)
def test_the_answer_is_a_sentence_with_the_size(
    toy_choice: Callable[..., Choice], layers: int, units: int, sentence: str
) -> None:
    assert wording.answer(toy_choice(layers, units)) == sentence


@pytest.mark.parametrize(
    ("size", "changed", "sentence"),
    [
        ((1, 32), {"cell": "gru", "skip": "none"}, "Your GRU needs 1 layer of 32 memory cells, plain."),
        (
            (1, 32),
            {"at_least": True, "skip": "none"},
            "Your LSTM needs at least 1 layer of 32 memory cells, plain.",
        ),
        (
            (1, 32),
            {"rule": "budget", "skip": "linear"},
            "Within the budget, the best LSTM has 1 layer of 32 memory cells, beside a fixed linear model of 438 "
            "weights.",
        ),
        (
            (1, 32),
            {"rule": "budget", "skip": "none", "at_least": True},
            "Within the budget, the best LSTM has at least 1 layer of 32 memory cells, plain.",
        ),
        (
            (1, 32),
            {"not_ruled_out": LeftOut(layers=1, units=64, minutes=12.0), "skip": "none"},
            "Your LSTM needs 1 layer of 32 memory cells, plain. The work limit ended the search before larger sizes "
            "were ruled out.",
        ),
        (
            (0, 0),
            {"cells_left_open": True},
            "Undecided: memory cells failed in some trainings and not in others. Until more trainings decide it, "
            "a linear model was refitted.",
        ),
        (
            (0, 0),
            {"cells_left_open": True, "at_least": True},
            "Undecided: memory cells failed in some trainings and not in others. Larger sizes still helped when the "
            "search ended. Until more trainings decide it, a linear model was refitted.",
        ),
        (
            (0, 0),
            {"rule": "budget"},
            "Within the budget, no memory cells are best: a ridge-linear model of the window.",
        ),
        (
            (0, 0),
            {"zero_cells_see": "known_future"},
            "This forecast needs no memory cells: a ridge-linear model of what is known of the future is as good.",
        ),
    ],
)
def test_the_answer_follows_cell_skip_rule_and_doubt(
    toy_choice: Callable[..., Choice], size: tuple[int, int], changed: dict[str, object], sentence: str
) -> None:
    assert wording.answer(toy_choice(*size).model_copy(update=changed)) == sentence


@pytest.mark.parametrize(
    ("undecided", "sizes"),
    [([(1, 16)], "1 × 16 and 1 × 32"), ([(0, 0)], "no memory cells and 1 × 32"),
     ([(0, 64), (1, 16)], "an MLP of 64, 1 × 16 and 1 × 32")],
)  # fmt: skip
def test_an_undecided_answer_names_what_it_is_undecided_between(
    toy_choice: Callable[..., Choice], undecided: list[tuple[int, int]], sizes: str
) -> None:
    open_ones = tuple(UndecidedSize(layers=layers, units=units, probability=0.4) for layers, units in undecided)
    choice = toy_choice().model_copy(update={"undecided_sizes": open_ones, "skip": "none", "rule": "adequate"})
    assert wording.answer(choice) == f"Undecided between {sizes}; 1 × 32 was refitted, plain."


def test_an_answer_without_memory_says_what_is_open(toy_mlp_choice: Callable[..., Choice]) -> None:
    open_one = (UndecidedSize(layers=0, units=0, probability=0.4),)
    choice = toy_mlp_choice().model_copy(update={"undecided_sizes": open_one, "rule": "adequate"})
    assert wording.answer(choice) == (
        "This forecast needs no memory cells; undecided is between a linear model and an MLP of 64, which was refitted."
    )
    assert wording.answer(choice.model_copy(update={"at_least": True, "undecided_sizes": ()})) == (
        "So far an MLP of 64 will do, but larger sizes still helped when the search ended."
    )
    assert wording.answer(choice.model_copy(update={"at_least": True})) == (
        "So far no memory cells are needed, but larger sizes still helped when the search ended; undecided is between "
        "a linear model and an MLP of 64, which was refitted."
    )


def test_an_mlp_that_will_do_is_an_answer_without_memory_cells(toy_mlp_choice: Callable[..., Choice]) -> None:
    choice = toy_mlp_choice()
    assert wording.answer(choice) == "This forecast needs no memory cells: an MLP of 64 hidden units will do."
    assert wording.answer(choice.model_copy(update={"rule": "budget"})) == (
        "Within the budget, no memory cells are best: an MLP of 64 hidden units."
    )


def test_an_mlp_says_what_it_stands_beside_if_anything(toy_mlp_choice: Callable[..., Choice]) -> None:
    choice = toy_mlp_choice().model_copy(update={"skip": "joint", "linear": 438})
    mlp = "an MLP of 64 hidden units beside a linear model of 438 weights"
    assert wording.answer(choice) == f"This forecast needs no memory cells: {mlp} will do."
    assert wording.answer(choice.model_copy(update={"rule": "budget"})).endswith(f"are best: {mlp}.")


def test_zero_cells_that_are_worse_are_not_called_as_good(toy_choice: Callable[..., Choice]) -> None:
    choice = toy_choice(0, 0)
    zero, *others = choice.sizes
    worse = choice.model_copy(update={"sizes": (zero.model_copy(update={"within": False}), *others)})
    assert wording.answer(worse) == "This forecast needs no memory cells: a ridge-linear model of the window will do."


def test_the_best_baseline_has_the_lowest_nmse(toy_evaluation: Callable[..., Evaluation]) -> None:
    name, nmse = wording.best_baseline(toy_evaluation())
    assert name == "ridge-linear"
    assert nmse == pytest.approx(0.395839)


def test_the_best_baseline_and_the_verdict_go_by_the_metric(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation]
) -> None:
    evaluation = toy_evaluation(metric="mae")
    text, bad = wording.verdict(toy_choice(), evaluation)
    assert wording.best_baseline(evaluation) == ("ridge-linear", 0.48 * 1.13)
    assert not bad
    assert text == (
        "On the holdout, which was not used before, its normalised MAE is 12 % lower than that of the best baseline, "
        "ridge-linear: 0.4800 compared with 0.5424. Boosted trees on the same inputs are no better there: 0.5040 "
        "compared with 0.4800. Scores are normalised MAE (nmae) too: the MAE divided by the mean absolute deviation of "
        "the training targets from their median."
    )


def test_the_verdict_compares_the_holdout_errors_and_explains_nmse(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation]
) -> None:
    text, bad = wording.verdict(toy_choice(), toy_evaluation())
    assert not bad
    assert text == (
        "On the holdout, which was not used before, its normalised MSE is 22 % lower than that of the best baseline, "
        f"ridge-linear: 0.3100 compared with 0.3958. {TREES} {NMSE}"
    )


def test_a_model_that_loses_to_a_baseline_is_bad_news(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation]
) -> None:
    text, bad = wording.verdict(toy_choice(), toy_evaluation(nmse=0.5))
    assert bad
    assert text == (
        "But on the holdout, which was not used before, it does not beat the best baseline, ridge-linear: its "
        "normalised MSE is 0.5000 compared with 0.3958. Do not use it before you know why. Boosted trees on the same "
        f"inputs are better by 32 % there: 0.3418 compared with 0.5000. {NMSE}"
    )


def test_boosted_trees_that_are_better_are_bad_news(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation]
) -> None:
    text, bad = wording.verdict(toy_choice(), toy_evaluation(trees=0.9))
    assert bad
    assert "Boosted trees on the same inputs are better by 19 % there: 0.2511 compared with 0.3100." in text
    # They are no baseline that a model has to beat: the sentence about the best one leaves them out.
    assert wording.best_baseline(toy_evaluation(trees=0.9))[0] == "ridge-linear"


def test_a_seasonal_naive_forecast_has_its_season_in_its_name() -> None:
    assert wording.model_name("seasonal_naive_168") == "seasonal naive, 168 steps"
    assert wording.model_name("boosted_trees") == "boosted trees"
    assert wording.model_name("AutoTheta") == "AutoTheta"


def test_zero_cells_as_good_as_the_ridge_linear_baseline_are_no_bad_news(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation]
) -> None:
    text, bad = wording.verdict(toy_choice(0, 0), toy_evaluation(nmse=0.39584, trees=1.2))
    assert not bad
    assert text == (
        "On the holdout, which was not used before, its normalised MSE is that of the baseline ridge-linear: "
        "0.3958 compared with 0.3958. Boosted trees on the same inputs are no better there: 0.4464 compared with "
        f"0.3958. {NMSE}"
    )


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "version 4, alias champion"),
        ({"alias": None}, "version 4, no alias"),
        ({"registered": False}, "not registered"),
    ],
)
def test_the_registry_line_says_version_and_alias(
    toy_registration: Registration, changed: dict[str, object], text: str
) -> None:
    record = toy_registration.model_copy(update={"reason": "Because."} | changed)
    assert wording.registration(record) == (text, "Because.")


def test_columns_with_clipped_values_are_named_with_their_counts(toy_evaluation: Callable[..., Evaluation]) -> None:
    evaluation = toy_evaluation()
    assert wording.clipped(evaluation) == ""
    counted = evaluation.model_copy(update={"clipped": {"rain": 1270, "price": 2}})
    assert wording.clipped(counted) == (
        "Values of the holdout beyond what the training data have shown were clipped before the model saw them, by "
        "column: rain 1,270, price 2."
    )


def test_how_many_targets_the_intervals_held_is_said_where_it_was_measured(
    toy_evaluation: Callable[..., Evaluation],
) -> None:
    measured = toy_evaluation().model_copy(update={"coverage": {"90": 0.875, "95": 0.94}})
    assert wording.coverage(measured) == (
        "Of the holdout's targets the prediction intervals held, by their level: 87.5 % (90 %), 94.0 % (95 %). They "
        "are made of the errors on the folds, and nothing is adjusted to this."
    )
    assert wording.coverage(toy_evaluation().model_copy(update={"coverage": {}})) == ""


@pytest.mark.parametrize(
    ("score", "standard_error", "text"),
    [(0.29083, 0.09, "0.291"), (-0.0012, 0.0054, "−0.0012"), (0.29083, 0.0, "0.2908"), (None, None, "–")],
)
def test_a_score_has_the_digits_that_its_standard_error_justifies(
    score: float | None, standard_error: float | None, text: str
) -> None:
    assert wording.measured(score, standard_error) == text


def test_a_difference_stands_with_its_standard_error() -> None:
    assert wording.with_error(-0.00123, 0.0054) == "−0.0012 ± 0.0054"


def test_the_worst_series_are_counted() -> None:
    assert wording.worst(7, 20) == "The 7 series"
    assert wording.worst(500, 20) == "The worst 20 of 500 series"


def test_sequences_are_not_called_a_forecast(toy_choice: Callable[..., Choice]) -> None:
    none = wording.answer(toy_choice(0, 0), OF_CLASSES)
    assert none == (
        "These sequences need no memory cells: a logistic regression of each sequence as a whole is as good."
    )
    assert wording.answer(toy_choice(1, 32), OF_CLASSES) == wording.answer(toy_choice(1, 32))


def test_a_logistic_regression_that_is_refitted_is_not_called_a_linear_model(
    toy_choice: Callable[..., Choice],
) -> None:
    left_open = toy_choice(0, 0).model_copy(update={"cells_left_open": True})
    assert wording.answer(left_open, OF_CLASSES).endswith("a logistic regression was refitted.")
    assert wording.answer(left_open).endswith("a linear model was refitted.")
