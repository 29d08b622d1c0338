"""The report on labelled sequences."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cellsize.report.classes import lines, markdown, numbers
from cellsize.sizing.choice_records import Choice, UndecidedSize
from cellsize.sizing.evaluation_records import Registration
from tests.sizing.class_examples import errors, evaluation


@pytest.fixture
def results(tmp_path: Path, toy_choice: Callable[..., Choice], toy_registration: Registration) -> Path:
    """Folders of results of a model that no baseline beats."""
    toy_choice().write(tmp_path / "choice.json")
    evaluation().write(tmp_path / "evaluation.json")
    toy_registration.write(tmp_path / "registration.json")
    sizes = pd.DataFrame({"layers": [toy_choice().layers], "units": [toy_choice().units], "seconds": [41.0]})
    sizes.to_csv(tmp_path / "timings.csv", index=False)
    seconds = pd.DataFrame({"baseline": ["logistic_regression"], "fold": [1], "seconds": [1.2]})
    seconds.to_csv(tmp_path / "baseline_timings.csv", index=False)
    return tmp_path


def test_the_summary_has_the_answer_the_errors_and_what_became_of_the_model(
    toy_choice: Callable[..., Choice], toy_registration: Registration
) -> None:
    text = markdown("Names & <sounds>", toy_choice(0, 0), evaluation(), toy_registration)
    assert text.startswith("## Names & \\<sounds\\>")
    assert "These sequences need no memory cells: a logistic regression of each sequence as a whole" in text
    assert "| this model | **95.0 %** |" in text
    assert "Note: the nearest neighbour is not measured." in text
    assert "Registry: **" in text
    assert "ridge-linear" not in text


def test_a_baseline_that_wins_is_marked_in_the_summary(
    toy_choice: Callable[..., Choice], toy_registration: Registration
) -> None:
    text = markdown("t", toy_choice(), evaluation(model=errors(0.5)), toy_registration)
    assert "⚠️ But on the holdout, which was not used before, the baseline logistic regression" in text


def test_metrics_are_those_of_the_model_and_of_two_baselines(toy_choice: Callable[..., Choice]) -> None:
    found = numbers(toy_choice(), evaluation())
    assert (found.holdout_accuracy, found.holdout_log_loss) == (0.95, 0.4)
    assert found.holdout_accuracy_logistic_regression == 0.9
    assert found.holdout_log_loss_boosted_trees == 0.6


def test_the_last_lines_say_accuracy_with_its_error_and_the_best_baseline(results: Path) -> None:
    said = lines("Toy", results, results)
    assert "accuracy 95.0 % ± 3.0 %, macro-F1 0.950, log loss 0.400, mean of 2 trainings" in said
    assert "best baseline logistic regression: accuracy 90.0 %" in said
    assert "is better on the holdout" not in said


def test_the_last_lines_say_how_sure_it_is_and_what_is_refitted(
    results: Path, toy_choice: Callable[..., Choice]
) -> None:
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    changes = {"rule": "adequate", "undecided_sizes": open_one, "decided": False, "bound_binding": True}
    toy_choice().model_copy(update=changes).write(results / "choice.json")
    said = lines("Toy", results, results).splitlines()
    assert said[3] == (
        "  adequate      1 × 16 3 %, 1 × 32 91 % (no more than 0.0029 worse than the best); 1 × 32 is refitted"
    )
    assert said[4].startswith("  other sizes   no memory cells 3 %, 1 × 1 3 %")
    assert said[5] == "  bound         the size is at or past the bound of 168 cells"


def test_where_a_baseline_is_better_both_errors_and_times_are_said(results: Path) -> None:
    evaluation(model=errors(0.5)).write(results / "evaluation.json")
    said = lines("Toy", results, results).splitlines()
    assert said[3] == (
        "  but           better on the holdout: logistic regression, normalised log loss 0.250 against 0.500; on the "
        "folds 1 s against 41 s"
    )
