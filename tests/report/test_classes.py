"""The report on labelled sequences."""

from cellsize.report.classes import confusion, errors
from cellsize.report.summaries import table
from cellsize.sizing.class_records import ClassErrors, ClassEvaluation

GOOD = ClassErrors(accuracy=0.9, macro_f1=0.8, log_loss=0.3, score=0.2)
BAD = ClassErrors(accuracy=0.5, macro_f1=0.3, log_loss=0.7, score=1.0)
EVALUATION = ClassEvaluation(
    task="classify", metric="log_loss", sequences=3, classes=("a", "b"), model=GOOD, twins=(GOOD,),
    baselines={"majority_class": BAD, "logistic_regression": GOOD}, confusion=((1, 1), (0, 1)),
)  # fmt: skip


def test_the_table_of_errors_has_a_row_for_each_model() -> None:
    shown = table(errors(EVALUATION)).splitlines()
    assert "| model | 90.0 % | 0.800 | 0.300 | 0.200 |" in shown
    assert "| majority class | 50.0 % | 0.300 | 0.700 | 1.000 |" in shown
    assert any(line.startswith("| logistic regression on summaries |") for line in shown)


def test_the_confusion_matrix_has_true_classes_down_and_labels_across() -> None:
    shown = table(confusion(EVALUATION)).splitlines()
    assert shown[-2:] == ["| a | 1 | 1 |", "| b | 0 | 1 |"]
