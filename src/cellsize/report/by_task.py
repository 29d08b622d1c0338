"""The report, by the task of the results."""

from pathlib import Path

from cellsize.params import Report
from cellsize.report import classes, numbers, page
from cellsize.report.answered import task_of
from cellsize.report.metrics import metrics
from cellsize.sizing.artefacts import Artefact
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.sizing.number_records import NumberEvaluation


def write(build: Path, report: Report, reports: Path) -> None:
    """Writes the report; see `page.write`, `classes.write` and `numbers.write`."""
    task = task_of(reports)
    if task == "regress":
        numbers.write(build, report, reports)
    elif task == "classify":
        classes.write(build, report, reports)
    else:
        page.write(page.read_folders(build, reports), report, reports)


def numbers_of(choice: Choice, evaluation: Evaluation | ClassEvaluation | NumberEvaluation) -> Artefact:
    """The numbers of `metrics.json`."""
    if isinstance(evaluation, ClassEvaluation):
        return classes.numbers(choice, evaluation)
    if isinstance(evaluation, NumberEvaluation):
        return numbers.numbers(choice, evaluation)
    return metrics(choice, evaluation)
