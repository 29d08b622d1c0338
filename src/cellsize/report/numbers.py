"""The report on sequences with numbers: page, summary, the files that DVC compares, and the answer in a few lines."""

from pathlib import Path
from statistics import fmean

import pandas as pd

from cellsize import files
from cellsize.errors import InputError
from cellsize.params import Report
from cellsize.report import number_charts, number_prose, rule_lines, sequence_page, summaries
from cellsize.report.but_line import but_line
from cellsize.report.number_prose import NAMES
from cellsize.report.sequence_page import Block, SequenceInputs, Told
from cellsize.report.tables import Row, Table
from cellsize.report.wording import ERROR, NONE, answer, measured, number, registration, with_error
from cellsize.report.words import OF_NUMBERS
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.number_records import (
    NumberBaselines,
    NumberErrors,
    NumberEvaluation,
    NumberInspection,
    NumberMetrics,
)

WORST = 10  # sequences that are shown


def write(build: Path, report: Report, reports: Path) -> None:
    """Writes `index.html`, `summary.md`, `metrics.json`, `sizes.csv` and `curves.csv`.

    The same inputs give the same bytes. All are made before any is written: a failure leaves the old ones.

    Args:
        build: Folder of the intermediate results.
        report: Title, and unit of the number.
        reports: Folder with the final results; it is written to.
    """
    inputs = sequence_page.read(build, reports)
    evaluation = NumberEvaluation.read(reports / "evaluation.json")
    inspection = NumberInspection.read(reports / "inspection.json")
    if not (build / "forecasts.parquet").is_file():
        raise InputError(f"{build / 'forecasts.parquet'}: no such file; run `cellsize run`, which makes it")
    found, baselines = pd.read_parquet(build / "forecasts.parquet"), NumberBaselines.read(build / "baselines.json")
    verdict, bad = number_prose.verdict(inputs.choice, evaluation, report.unit)
    told = Told(
        words=OF_NUMBERS,
        verdict=verdict,
        bad=bad,
        remarks=number_prose.remarks(inspection, evaluation),
        tiles=number_prose.tiles(evaluation, report.unit),
        holdout=blocks(inputs, evaluation, baselines, found, report.unit),
        data=number_prose.data(inspection, evaluation, report.unit),
        total=inspection.sequences + evaluation.sequences,
    )
    texts = {
        "summary.md": markdown(report, inputs.choice, evaluation, inputs.registration),
        "index.html": sequence_page.render(inputs, told, report.title),
    }
    numbers(inputs.choice, evaluation).write(reports / "metrics.json")
    sequence_page.write_tables(inputs, reports)
    for name, text in texts.items():
        files.write_text(reports / name, text)


def blocks(
    inputs: SequenceInputs, evaluation: NumberEvaluation, baselines: NumberBaselines, found: pd.DataFrame, unit: str
) -> list[Block]:
    """Tables and charts of the holdout."""
    shown = min(WORST, len(found))
    return [
        Block(
            "",
            errors(evaluation, unit),
            f"Errors on the {evaluation.sequences:,} sequences of the holdout; the best in each column is bold. R² is "
            "1 minus the mean squared error, divided by the variance of the holdout's numbers. "
            + number_prose.coverage(evaluation),
        ),
        Block(
            "The same models on the folds",
            on_folds(inputs.choice, baselines),
            "Means over the validation sets, where sizes are scored. A baseline is fitted on the training part; its "
            "penalty or number of trees is chosen on the early-stopping set.",
        ),
        Block(
            "What it predicts and what is true",
            number_charts.scatter(found, unit),
            "A point for each sequence of the holdout, by the first of the trainings. On the left the dashed line is "
            "where both are equal; on the right is what is left over: a trend or a bend there is something that the "
            "model has not learned.",
        ),
        Block("Which sequences is it furthest off at?", worst(found), f"The {shown} worst of {len(found):,}."),
    ]


def errors(evaluation: NumberEvaluation, unit: str) -> Table:
    """How far each model is off on the holdout; the best of each column is stressed."""
    ordered = sorted(evaluation.baselines.items(), key=lambda each: (each[1].score, each[0]))
    champion = evaluation.champion
    before = {f"champion before this run (version {champion.version})": champion} if champion else {}
    shown: dict[str, NumberErrors] = {"model": evaluation.model, **before, **dict(ordered)}
    best = [min(each.mae for each in shown.values()), min(each.mse for each in shown.values()),
            max(each.r2 for each in shown.values()), min(each.score for each in shown.values())]  # fmt: skip
    rows = []
    for name, found in shown.items():
        values, sure = (found.mae, found.mse, found.r2, found.score), evaluation.differences.get(name)
        difference = NONE if sure is None else with_error(sure.score, sure.score_se)
        cells = (f"{found.mae:.4g}", f"{found.mse:.4g}", number(found.r2, 3), number(found.score, 3), difference)
        strong = frozenset(at + 1 for at, value in enumerate(values) if value == best[at])
        rows.append(Row((NAMES.get(name, name), *cells), strong, chosen=name == "model"))
    score = ERROR[evaluation.metric]
    head = ("Model", f"MAE ({unit})", f"MSE ({unit}²)", "R²", score[0].upper() + score[1:], "The last minus this "
            "model's, ± its standard error")  # fmt: skip
    return Table(head, tuple(rows))


def on_folds(choice: Choice, baselines: NumberBaselines) -> Table:
    """Scores on the folds, where sizes are scored."""
    rows = [Row((NAMES["model"], measured(choice.score, choice.score_se)), chosen=True)]
    ordered = sorted(baselines.all, key=lambda name: fmean(baselines.all[name]))
    rows += [Row((NAMES[name], number(fmean(baselines.all[name]), 3))) for name in ordered]
    return Table(("Model", f"Score ({ERROR[choice.metric]})"), tuple(rows))


def worst(found: pd.DataFrame) -> Table:
    """The held-out sequences whose number the first twin misses by most."""
    differences = found["predicted"] - found["true"]
    furthest = differences.abs().sort_values(ascending=False, kind="stable").index[:WORST]
    rows = zip(found["sequence"][furthest], found["true"][furthest], found["predicted"][furthest], strict=True)
    return Table(
        ("Sequence", "True", "Predicted", "Predicted minus true"),
        tuple(Row((str(name), f"{true:.4g}", f"{said:.4g}", f"{said - true:+.4g}")) for name, true, said in rows),
    )


def markdown(report: Report, choice: Choice, evaluation: NumberEvaluation, record: Registration) -> str:
    """The summary for a pull request."""
    verdict, bad = number_prose.verdict(choice, evaluation, report.unit)
    value, reason = registration(record)
    plain = summaries.plain
    parts = [
        f"## {plain(report.title)}",
        summaries.opening(choice, OF_NUMBERS),
        f"{'⚠️ ' if bad else ''}{plain(verdict)}",
        f"Errors on the {evaluation.sequences:,} sequences of the holdout:",
        summaries.table(errors(evaluation, report.unit)),
        *([f"Note: {plain(evaluation.left_out)}."] if evaluation.left_out else []),
        "Scores on the folds:",
        summaries.table(summaries.compared(choice)),
        f"Registry: **{plain(record.name)}**, {plain(value)}. Reason: {plain(reason)}",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


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
        holdout_coverage_90=evaluation.coverage.get("90"),
    )


def lines(title: str, build: Path, reports: Path) -> str:
    """What `cellsize run` ends with; see `answer.lines`.

    Args:
        title: Of the report.
        build: Folder with `timings.csv` and `baseline_timings.csv`.
        reports: Folder with the results.
    """
    choice, evaluation = Choice.read(reports / "choice.json"), NumberEvaluation.read(reports / "evaluation.json")
    record, model = Registration.read(reports / "registration.json"), evaluation.model
    best, kind = number_prose.best_baseline(evaluation), ERROR[choice.metric]
    ours, theirs = number_prose.both(evaluation, best)
    better = evaluation.baselines[best].score < model.score
    trainings = f", mean of {len(evaluation.twins)} trainings" if len(evaluation.twins) > 1 else ""
    registered = f"models:/{record.name}/{record.version}" if record.registered else "no"
    return "\n".join([
        "",
        f"{title}: {answer(choice, OF_NUMBERS)}",
        f"  parameters    {choice.parameters:,}, of them {choice.recurrent:,} recurrent",
        *([but_line(choice, build, best, NAMES[best], kind, (ours, theirs))] if better else []),
        *rule_lines.lines(choice),
        f"  score         {measured(choice.score, choice.score_se)}; best "
        f"{measured(choice.best.score, choice.best.score_se)}; without memory cells "
        f"{measured(choice.zero_cells.score, choice.zero_cells.score_se)}",
        f"                (cross-validated {kind})",
        f"  holdout       {kind} {ours}, MAE {model.mae:.4g}, R² {model.r2:.3f}{trainings}",
        f"                best baseline {NAMES[best]}: {kind} {theirs}, MAE {evaluation.baselines[best].mae:.4g}",
        f"  registered    {registered} ({record.alias if record.promoted else f'not promoted: {record.reason}'})",
        *([f"  note          {choice.caution}"] if choice.caution else []),
        *([f"  note          {evaluation.left_out}"] if evaluation.left_out else []),
        f"  report        {(reports / 'index.html').absolute()}",
    ])  # fmt: skip
