"""The key facts of the page: exact labels, figures and notes of a toy choice."""

from collections.abc import Callable

from cellsize.report import wording
from cellsize.report.tiles import tiles
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Registration


def test_the_tiles_are_the_key_facts(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    facts = tiles(toy_choice(), toy_evaluation(), toy_registration)
    assert [(tile.label, tile.value, tile.note) for tile in facts] == [
        ("Parameters", "5,756", "recurrent 5,120, head 198, linear skip connection 438"),
        (
            "Compared with the best size (1 × 64)",
            "0.5 % higher nmse",
            "difference in score 0.0015 ± 0.0070 (standard error); that size has 19,260 parameters",
        ),
        ("Compared with no memory cells", "22 % lower nmse", "score (nmse) 0.291; without memory cells 0.372"),
        (
            "Compared with the best baseline (ridge-linear)",
            "22 % lower nmse",
            "nmse on the holdout 0.3100; the baseline's 0.3958",
        ),
        ("α at which the rule of thumb gives this size", "10.5", "the size is below the bound of 168 cells"),
        ("Registered as toy", "version 4, alias champion", "Better than every baseline, and than version 3."),
    ]


def test_without_the_skip_connection_its_parameters_are_not_named(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    choice = toy_choice()
    plain = tuple(entry.model_copy(update={"linear": 0}) for entry in choice.sizes)
    without = choice.model_copy(update={"skip": "none", "linear": 0, "sizes": plain})
    assert tiles(without, toy_evaluation(), toy_registration)[0].note == "recurrent 5,120, head 198"


def test_the_best_size_is_compared_with_the_others(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    facts = tiles(toy_choice(1, 64), toy_evaluation(), toy_registration)
    assert (facts[1].label, facts[1].value) == ("Compared with the other sizes tried", "the best")
    assert facts[1].note == "score (nmse) 0.289; 0 is perfect"


def test_zero_cells_have_no_alpha_and_are_not_compared_with_themselves(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    facts = tiles(toy_choice(0, 0), toy_evaluation(), toy_registration)
    assert facts[0].note == "all of the ridge-linear model"
    assert [tile.label for tile in facts] == [
        "Parameters",
        "Compared with the best size (1 × 64)",
        "Compared with the best baseline (ridge-linear)",
        "Registered as toy",
    ]


def test_an_mlp_has_no_alpha_and_no_recurrent_parameters(
    toy_mlp_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    facts = tiles(toy_mlp_choice(), toy_evaluation(), toy_registration)
    assert (facts[0].value, facts[0].note) == ("14,000", "all of the MLP")
    choice = toy_mlp_choice()
    sizes = tuple(entry.model_copy(update={"head": 13_000, "linear": 1000}) for entry in choice.sizes)
    beside = choice.model_copy(update={"sizes": sizes})
    note = tiles(beside, toy_evaluation(), toy_registration)[0].note
    assert note == "MLP 13,000, linear skip connection 1,000"
    assert [tile.label for tile in facts][2:] == [
        "Compared with the ridge-linear model",
        "Compared with the best baseline (ridge-linear)",
        "Registered as toy",
    ]


def test_the_best_mlp_is_named_where_cells_are_compared_with_none(
    toy_choice: Callable[..., Choice],
    toy_with_mlp: Callable[..., Choice],
    toy_evaluation: Callable[..., Evaluation],
    toy_registration: Registration,
) -> None:
    tile = tiles(toy_with_mlp(toy_choice()), toy_evaluation(), toy_registration)[2]
    assert tile.note == "score (nmse) 0.291; without memory cells 0.372, an MLP 0.310"


def test_a_size_at_the_bound_says_so(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    choice = toy_choice().model_copy(update={"bound_binding": True})
    facts = tiles(choice, toy_evaluation(), toy_registration)
    assert facts[-2].note == "the size is at or past the bound of 168 cells"


def test_equal_errors_are_no_difference(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    baseline = toy_evaluation().baselines["ridge_linear"].nmse
    facts = tiles(toy_choice(), toy_evaluation(nmse=baseline), toy_registration)
    assert facts[3].value == "no difference"


def test_a_difference_within_its_standard_error_is_no_clear_one(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    # On 15 windows the tile said "9.0 % lower nmse" of a difference of 0.0012 ± 0.0015.
    content = toy_evaluation(nmse=0.39)
    ridge = content.baselines["ridge_linear"]
    assert content.subset is not None
    models = {"model": content.model, "ridge_linear": ridge}
    for standard_error, value in ((0.0070, "no clear difference"), (0.0050, "1.5 % lower nmse")):
        subset = content.subset.model_copy(
            update={"origins": 15, "models": models, "difference_se": {"ridge_linear": standard_error}}
        )
        sure = content.model_copy(update={"subset": subset})
        tile = tiles(toy_choice(), sure, toy_registration)[3]
        assert tile.value == value
        assert tile.note.endswith(f"at 15 origins of the holdout 0.0058 ± {standard_error:.4f} (standard error)")
        words, _ = wording.verdict(toy_choice(), sure)
        assert ("is not clearly lower than that of the best baseline" in words) is (standard_error == 0.007)

    assert wording.hardest_difference(content) is None  # the subset has other models only


def test_an_unregistered_model_says_why(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    record = toy_registration.model_copy(update={"registered": False, "alias": None, "reason": "Lost."})
    tile = tiles(toy_choice(), toy_evaluation(), record)[-1]
    assert (tile.value, tile.note) == ("not registered", "Lost.")
