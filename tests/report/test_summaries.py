import re
from collections.abc import Callable

from cellsize.params import Report
from cellsize.report import summaries
from cellsize.report.tables import Row, Table
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Registration


def test_the_summary_holds_answer_tables_and_registry(
    toy_choice: Callable[..., Choice], toy_evaluation: Callable[..., Evaluation], toy_registration: Registration
) -> None:
    report = Report(title="a | <b>", unit="MW", examples=1)
    summary = summaries.markdown(toy_choice(), toy_evaluation(), toy_registration, report)
    assert summary.startswith(
        "## a \\| \\<b\\>\n\n**Your LSTM needs 1 layer of 32 memory cells, beside a linear model of 438 weights.**"
    )
    assert "Errors on the 580 windows of the holdout:\n\n| Model | MAE, MW | RMSE, MW | MASE | nmse |" in summary
    assert "| ridge-linear | 0.01322 | 0.02723 | 0.8023 | 0.3958 |" in summary
    assert "|  | Size | Parameters | Score (nmse) | Difference from the best, ± its standard error |" in summary
    assert "| chosen | 1 × 32 | 5,756 | 0.291 | 0.0015 ± 0.0070 |" in summary
    assert "| best | 1 × 64 | 19,260 | 0.289 | – |" in summary
    assert "| no memory cells | zero cells | 438 | 0.372 | 0.0830 ± 0.0070 |" in summary
    assert summary.endswith(
        "Registry: **toy**, version 4, alias champion. Reason: Better than every baseline, and than version 3.\n"
    )
    columns = {line.replace("\\|", "").count("|") for line in summary.splitlines() if line.startswith("|")}
    assert columns == {6}


def test_nmse_is_explained_once_before_the_tables(
    report: Report,
    toy_choice: Callable[..., Choice],
    toy_evaluation: Callable[..., Evaluation],
    toy_registration: Registration,
) -> None:
    summary = summaries.markdown(toy_choice(), toy_evaluation(), toy_registration, report)
    assert summary.count("divided by the variance of the training targets") == 1
    assert summary.index("divided by the variance") < summary.index("| Model |")


def test_a_model_that_loses_to_a_baseline_is_marked(
    report: Report,
    toy_choice: Callable[..., Choice],
    toy_evaluation: Callable[..., Evaluation],
    toy_registration: Registration,
) -> None:
    summary = summaries.markdown(toy_choice(), toy_evaluation(nmse=0.5), toy_registration, report)
    assert "⚠️ But on the holdout" in summary
    assert "⚠️" not in summaries.markdown(toy_choice(), toy_evaluation(), toy_registration, report)


def test_an_mlp_or_an_undecided_answer_has_its_summary(
    report: Report,
    toy_choice: Callable[..., Choice],
    toy_mlp_choice: Callable[..., Choice],
    toy_evaluation: Callable[..., Evaluation],
    toy_registration: Registration,
) -> None:
    summary = summaries.markdown(toy_mlp_choice(), toy_evaluation(), toy_registration, report)
    assert "**This forecast needs no memory cells: an MLP of 64 hidden units will do.**" in summary
    assert "| chosen | MLP of 64 | 14,000 | 0.289 |" in summary
    assert "| no memory cells | zero cells | 438 | 0.372 |" in summary
    undecided = toy_choice(0, 0).model_copy(update={"cells_left_open": True})
    summary = summaries.markdown(undecided, toy_evaluation(), toy_registration, report)
    assert "**Undecided: memory cells failed in some trainings and not in others" in summary
    assert "| chosen, no memory cells | zero cells | 438 | 0.372 |" in summary


def test_boosted_trees_that_are_better_are_marked(
    report: Report,
    toy_choice: Callable[..., Choice],
    toy_evaluation: Callable[..., Evaluation],
    toy_registration: Registration,
) -> None:
    summary = summaries.markdown(toy_choice(), toy_evaluation(trees=0.9), toy_registration, report)
    assert "⚠️ On the holdout" in summary
    assert "Boosted trees on the same inputs are better by 19 % there" in summary


def test_a_size_that_is_chosen_and_best_has_one_row(
    report: Report,
    toy_choice: Callable[..., Choice],
    toy_evaluation: Callable[..., Evaluation],
    toy_registration: Registration,
) -> None:
    summary = summaries.markdown(toy_choice(1, 64), toy_evaluation(), toy_registration, report)
    assert "| chosen, best | 1 × 64 | 19,260 | 0.289 | – |" in summary
    assert len(re.findall(r"\| 1 × 64 \|", summary)) == 1


def test_a_table_is_markdown_with_text_to_the_left_and_signs_escaped() -> None:
    content = Table(("Name", "a_b"), (Row(("x | y", "1"), frozenset({1})),), text=1)
    assert summaries.table(content) == "| Name | a\\_b |\n| :-- | --: |\n| x \\| y | **1** |"


def test_an_answer_at_the_bound_says_so_in_the_summary(toy_choice: Callable[..., Choice]) -> None:
    said = summaries.opening(toy_choice().model_copy(update={"bound_binding": True, "reason": "So."}))
    assert said.endswith("** So. The size is at or past the bound of 168 cells.")
    assert "bound" not in summaries.opening(toy_choice())
