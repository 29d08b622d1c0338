"""The report on sequences with numbers: the answer, errors on the holdout, and the sequences that are furthest off."""

from html import escape
from pathlib import Path

import pandas as pd

from cellsize import files
from cellsize.params import Report
from cellsize.report import metrics
from cellsize.report.summaries import table
from cellsize.report.tables import Row, Table
from cellsize.report.wording import ERROR, answer, measured
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.number_records import NumberErrors, NumberEvaluation, NumberMetrics
from cellsize.sizing.scores import marked

NAMES = {
    "model": "model", "mean": "mean", "median": "median", "ridge_linear": "ridge regression on summaries",
    "boosted_trees": "boosted trees on summaries",
}  # fmt: skip
WORST = 10  # sequences that are shown


def write(build: Path, report: Report, reports: Path) -> None:
    """Writes `index.html`, `summary.md`, `metrics.json`, `sizes.csv` and `curves.csv`.

    Args:
        build: Folder of the intermediate results.
        report: Title, and unit of the number.
        reports: Folder with `choice.json`, `evaluation.json` and `registration.json`; it is written to.
    """
    choice, evaluation = Choice.read(reports / "choice.json"), NumberEvaluation.read(reports / "evaluation.json")
    record, found = Registration.read(reports / "registration.json"), pd.read_parquet(build / "forecasts.parquet")
    curves, trials = pd.read_csv(build / "curves.csv"), marked(pd.read_csv(build / "trials.csv"))
    sentences = [answer(choice), choice.reason, f"Registry: {record.reason}."]
    shown = [errors(evaluation, report.unit), worst(found)]
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


def errors(evaluation: NumberEvaluation, unit: str) -> Table:
    """How far each model is off on the holdout."""

    def row(name: str, found: NumberErrors) -> Row:
        return Row((NAMES[name], f"{found.mae:.4g}", f"{found.mse:.4g}", f"{found.r2:.3f}", f"{found.score:.3f}"))

    models = {"model": evaluation.model, **evaluation.baselines}
    score = ERROR[evaluation.metric]
    head = ("Model", f"MAE ({unit})", f"MSE ({unit}²)", "R²", score[0].upper() + score[1:])
    return Table(head, tuple(row(name, found) for name, found in models.items()))


def worst(found: pd.DataFrame) -> Table:
    """The held-out sequences whose number the first twin misses by most."""
    differences = found["predicted"] - found["true"]
    furthest = differences.abs().sort_values(ascending=False, kind="stable").index[:WORST]
    rows = zip(found["sequence"][furthest], found["true"][furthest], found["predicted"][furthest], strict=True)
    return Table(
        ("Sequence", "True", "Predicted", "Error"),
        tuple(Row((str(name), f"{true:.4g}", f"{said:.4g}", f"{said - true:+.4g}")) for name, true, said in rows),
    )


def numbers(choice: Choice, evaluation: NumberEvaluation) -> NumberMetrics:
    """The numbers of `metrics.json`."""
    return NumberMetrics(
        layers=choice.layers,
        units=choice.units,
        parameters=choice.parameters,
        recurrent=choice.recurrent,
        score=choice.score,
        score_best=choice.best.score,
        score_zero_cells=choice.zero_cells.score,
        holdout_score=evaluation.model.score,
        holdout_mae=evaluation.model.mae,
        holdout_r2=evaluation.model.r2,
        holdout_score_ridge_linear=evaluation.baselines["ridge_linear"].score,
        holdout_score_boosted_trees=evaluation.baselines["boosted_trees"].score,
    )


def lines(title: str, reports: Path) -> str:
    """What `cellsize run` ends with; see `answer.lines`.

    Args:
        title: Of the report.
        reports: Folder with the results.
    """
    choice, evaluation = Choice.read(reports / "choice.json"), NumberEvaluation.read(reports / "evaluation.json")
    record, model = Registration.read(reports / "registration.json"), evaluation.model
    best = min(evaluation.baselines, key=lambda name: evaluation.baselines[name].score)
    return "\n".join([
        "",
        f"{title}: {answer(choice)}",
        f"  parameters    {choice.parameters:,}, of them {choice.recurrent:,} recurrent",
        f"  score         {measured(choice.score, choice.score_se)}; best "
        f"{measured(choice.best.score, choice.best.score_se)}; without memory cells "
        f"{measured(choice.zero_cells.score, choice.zero_cells.score_se)}",
        f"                (cross-validated {ERROR[choice.metric]})",
        f"  holdout       {ERROR[choice.metric]} {model.score:.4f}, MAE {model.mae:.4g}, R² {model.r2:.3f}, mean of "
        f"{len(evaluation.twins)}; best baseline {NAMES[best]} {evaluation.baselines[best].score:.4f}",
        f"  registered    {record.reason}",
        *([f"  note          {choice.caution}"] if choice.caution else []),
        f"  report        {(reports / 'index.html').absolute()}",
    ])  # fmt: skip
