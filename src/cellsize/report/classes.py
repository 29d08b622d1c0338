"""The report on labelled sequences: the answer, errors on the holdout and the confusion matrix, as plain tables."""

from html import escape
from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.inspection.sequences import of_duplicates
from cellsize.params import Report
from cellsize.report import metrics
from cellsize.report.summaries import table
from cellsize.report.tables import Row, Table
from cellsize.report.wording import answer, measured
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ClassErrors, ClassEvaluation, ClassMetrics, SequenceInspection
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.scores import marked

NAMES = {
    "model": "model", "majority_class": "majority class", "logistic_regression": "logistic regression on summaries",
}  # fmt: skip


def write(build: Path, report: Report, reports: Path) -> None:
    """Writes `index.html`, `summary.md`, `metrics.json`, `sizes.csv` and `curves.csv`.

    Args:
        build: Folder of the intermediate results.
        report: Title.
        reports: Folder with `choice.json`, `evaluation.json`, `registration.json` and `inspection.json`; it is written
            to.
    """
    choice, evaluation = Choice.read(reports / "choice.json"), ClassEvaluation.read(reports / "evaluation.json")
    record = Registration.read(reports / "registration.json")
    curves, trials = pd.read_csv(build / "curves.csv"), marked(pd.read_csv(build / "trials.csv"))
    inspection = SequenceInspection.read(reports / "inspection.json")
    sentences = [answer(choice), choice.reason, f"Registry: {record.reason}."]
    sentences += [f"Duplicates: {line}." for line in of_duplicates(inspection)]
    shown = [errors(evaluation), confusion(evaluation)]
    summary = "\n\n".join([f"## {report.title}", *sentences, *map(table, shown)]) + "\n"
    body = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    body += "".join(f"<pre>{escape(table(each))}</pre>" for each in shown)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.title)}</title></head>'
        f"<body><h1>{escape(report.title)}</h1>{body}</body></html>\n"
    )
    numbers(choice, evaluation).write(reports / "metrics.json")
    files.write_csv(reports / "sizes.csv", metrics.sizes(choice))
    files.write_csv(reports / "curves.csv", metrics.curves(metrics.learning_curves(curves, trials, choice)))
    files.write_text(reports / "summary.md", summary)
    files.write_text(reports / "index.html", page)


def errors(evaluation: ClassEvaluation) -> Table:
    """How well each model labels the holdout."""

    def row(name: str, found: ClassErrors) -> Row:
        values = (f"{100 * found.accuracy:.1f} %", f"{found.macro_f1:.3f}", f"{found.log_loss:.3f}")
        return Row((NAMES[name], *values, f"{found.score:.3f}"))

    models = {"model": evaluation.model, **evaluation.baselines}
    head = ("Model", "Accuracy", "Macro-F1", "Log loss", "Normalised log loss")
    return Table(head, tuple(row(name, found) for name, found in models.items()))


def confusion(evaluation: ClassEvaluation) -> Table:
    """True classes down, labels of the first twin across."""
    rows = zip(evaluation.classes, evaluation.confusion, strict=True)
    return Table(("True class", *evaluation.classes), tuple(Row((name, *map(str, counts))) for name, counts in rows))


def numbers(choice: Choice, evaluation: ClassEvaluation) -> ClassMetrics:
    """The numbers of `metrics.json`."""
    logistic = evaluation.baselines["logistic_regression"]
    return ClassMetrics(
        layers=choice.layers,
        units=choice.units,
        parameters=choice.parameters,
        recurrent=choice.recurrent,
        score=choice.score,
        score_best=choice.best.score,
        score_zero_cells=choice.zero_cells.score,
        holdout_accuracy=evaluation.model.accuracy,
        holdout_macro_f1=evaluation.model.macro_f1,
        holdout_log_loss=evaluation.model.log_loss,
        holdout_accuracy_logistic_regression=logistic.accuracy,
        holdout_log_loss_logistic_regression=logistic.log_loss,
    )


def lines(title: str, reports: Path) -> str:
    """What `cellsize run` ends with; see `answer.lines`.

    Args:
        title: Of the report.
        reports: Folder with the results.
    """
    choice, evaluation = Choice.read(reports / "choice.json"), ClassEvaluation.read(reports / "evaluation.json")
    record, model = Registration.read(reports / "registration.json"), evaluation.model
    best = max(evaluation.baselines, key=lambda name: evaluation.baselines[name].accuracy)
    return "\n".join([
        "",
        f"{title}: {answer(choice)}",
        f"  parameters    {choice.parameters:,}, of them {choice.recurrent:,} recurrent",
        f"  score         {measured(choice.score, choice.score_se)}; best "
        f"{measured(choice.best.score, choice.best.score_se)}; without memory cells "
        f"{measured(choice.zero_cells.score, choice.zero_cells.score_se)}",
        "                (cross-validated normalised log loss: log loss / that of the class frequencies)",
        f"  holdout       accuracy {model.accuracy:.1%}, macro-F1 {model.macro_f1:.3f}, log loss {model.log_loss:.3f}, "
        f"mean of {len(evaluation.twins)}; best baseline {NAMES[best]} {evaluation.baselines[best].accuracy:.1%}",
        f"  registered    {record.reason}",
        *([f"  note          {choice.caution}"] if choice.caution else []),
        f"  report        {(reports / 'index.html').absolute()}",
    ])  # fmt: skip
