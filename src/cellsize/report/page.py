"""The report: one self-contained page, a summary for a pull request, and the files that DVC compares."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from cellsize import files, params
from cellsize.data.folds import Folds, load_labels
from cellsize.data.names import score_name, season_of
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.inspection import wording as inspected
from cellsize.report import charts, error_tables, metrics, prose, size_chart, summaries, tables, tiles, wording
from cellsize.report.templates import environment
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Registration
from cellsize.sizing.inspection_records import Inspection
from cellsize.sizing.scores import marked


@dataclass(frozen=True)
class Inputs:
    """Everything the page is made from, one field a file.

    Attributes:
        candidates: `candidates.json`.
        trials: `trials.csv`, with the kind of network of each size that counts; see `scores.marked`.
        curves: `curves.csv`.
        timings: `timings.csv`.
        folds: `searched_folds.parquet`: of the rows that the size was searched on.
        windows: `searched_windows.npz`.
        schema: `schema.json`.
        inspection: `inspection.json`.
        baselines: `baselines.json`.
        choice: `choice.json`.
        evaluation: `evaluation.json`.
        forecasts: `forecasts.parquet`.
        registration: `registration.json`.
    """

    candidates: Candidates
    trials: pd.DataFrame
    curves: pd.DataFrame
    timings: pd.DataFrame
    folds: Folds
    windows: Windows
    schema: Schema
    inspection: Inspection
    baselines: Baselines
    choice: Choice
    evaluation: Evaluation
    forecasts: pd.DataFrame
    registration: Registration


def read_folders(build: Path, reports: Path) -> Inputs:
    """Reads the results of the earlier stages from where these write them.

    Args:
        build: Folder of the intermediate results.
        reports: Folder of the final ones.

    Raises:
        InputError: One of them is missing, or another version of cellsize wrote it.
    """
    names = ("trials.csv", "curves.csv", "timings.csv", "searched_folds.parquet", "searched_windows.npz",
             "schema.json")  # fmt: skip
    for path in (*(build / name for name in names), build / "forecasts.parquet"):
        if not path.is_file():
            raise InputError(f"{path}: no such file; run `cellsize run`, which makes it")
    labels = pd.read_parquet(build / "searched_folds.parquet")
    return Inputs(
        candidates=Candidates.read(build / "candidates.json"),
        trials=marked(pd.read_csv(build / "trials.csv")),
        curves=pd.read_csv(build / "curves.csv"),
        timings=pd.read_csv(build / "timings.csv"),
        folds=load_labels({str(name): labels[name].to_numpy(np.int8) for name in labels}),
        windows=Windows.load(build / "searched_windows.npz"),
        schema=Schema.load(build / "schema.json"),
        inspection=Inspection.read(reports / "inspection.json"),
        baselines=Baselines.read(build / "baselines.json"),
        choice=Choice.read(reports / "choice.json"),
        evaluation=Evaluation.read(reports / "evaluation.json"),
        forecasts=pd.read_parquet(build / "forecasts.parquet"),
        registration=Registration.read(reports / "registration.json"),
    )


def write(inputs: Inputs, report: params.Report, reports: Path) -> None:
    """Writes `index.html`, `summary.md`, `metrics.json`, `sizes.csv` and `curves.csv`.

    The same inputs give the same bytes. All five are made before any is written: a failure leaves the old ones.

    Args:
        inputs: What `read_folders` loaded.
        report: Title, unit, and how many stretches of forecasts to draw.
        reports: The folder to write to.
    """
    texts = {
        "summary.md": summaries.markdown(inputs.choice, inputs.evaluation, inputs.registration, report),
        "index.html": render(inputs, report),
    }
    numbers = metrics.metrics(inputs.choice, inputs.evaluation)
    plots = {"sizes.csv": metrics.sizes(inputs.choice), "curves.csv": metrics.curves(_learning_curves(inputs))}
    numbers.write(reports / "metrics.json")
    for name, table in plots.items():
        files.write_csv(reports / name, table)
    for name, text in texts.items():
        files.write_text(reports / name, text)


def render(inputs: Inputs, report: params.Report) -> str:
    """The page as HTML."""
    template = environment(Path(__file__).parent).get_template("page.html.jinja")
    choice, evaluation, candidates = inputs.choice, inputs.evaluation, inputs.candidates
    verdict, bad = wording.verdict(choice, evaluation)
    subset = evaluation.subset
    return template.render(
        title=report.title,
        answer=wording.answer(choice),
        reason=choice.reason,
        verdict=verdict,
        bad=bad,
        tiles=tiles.tiles(choice, evaluation, inputs.registration),
        charts={name: Markup(svg) for name, svg in _charts(inputs, report).items()},
        captions=prose.captions(choice, candidates, inputs.trials, timed=_timed(inputs)),
        holdout=error_tables.holdout(evaluation, report.unit),
        windows=wording.number(evaluation.windows),
        baselines_on_folds=prose.baselines_on_folds(inputs.baselines),
        clipped=wording.clipped(evaluation),
        coverage=wording.coverage(evaluation),
        by_series=error_tables.by_series(evaluation, report.unit),
        series=wording.worst(len(evaluation.by_series), error_tables.MOST_SERIES),
        subset=error_tables.subset(subset, report.unit, evaluation.metric) if subset else None,
        origins=wording.plural(subset.origins, "origin") if subset else "",
        sure=prose.sure(choice),
        sizes=tables.sizes(choice, inputs.timings),
        made_of=tables.made_of(choice, inputs.timings),
        ladders=tables.ladders(choice),
        notes=prose.notes(choice, candidates, inputs.trials),
        inspection=tables.inspection(inputs.inspection),
        remarks=inspected.remarks(inputs.inspection.remarks),
        left_out=tables.left_out(inputs.inspection.remarks),
        findings=inspected.findings(inputs.inspection),
        changes=inspected.changes(inputs.inspection),
        inspected=prose.inspected(inputs.inspection),
        bounds=tables.bounds(candidates),
        bound=prose.bound(choice, candidates),
        rules=tables.rules_of_thumb(choice),
        costs=tables.costs(candidates, choice),
        method=prose.method(inputs.windows, inputs.folds, choice, inputs.trials, evaluation.rows_until),
    )


def _charts(inputs: Inputs, report: params.Report) -> dict[str, str]:
    """Every chart; learning curves only where the choice has any."""
    choice, windows, score = inputs.choice, inputs.windows, score_name(inputs.choice.metric)
    names = {"model": wording.MODELS["model"]}
    seasonal = [str(column) for column in inputs.forecasts if season_of(str(column)) is not None]
    drawn_columns = [column for column in ("ridge_linear", *seasonal[:1]) if column in inputs.forecasts]
    names |= {column: wording.model_name(column) for column in drawn_columns}
    drawn = {
        "sizes": size_chart_of(choice, inputs.candidates),
        "folds": charts.folds(inputs.folds, windows),
        "forecasts": charts.forecasts(inputs.forecasts, report.examples, report.unit, names),
    }
    curves = _learning_curves(inputs)
    return drawn if curves.empty else drawn | {"curves": charts.curves(curves, choice.steps, score)}


def size_chart_of(choice: Choice, candidates: Candidates) -> str:
    """The chart of all sizes that were tried."""
    points = [
        size_chart.Point(
            layers=entry.layers,
            units=entry.units,
            score=entry.score,
            error=0.0 if entry.size == choice.best.size else entry.difference_se,
            verdict=tables.verdict(entry, choice),
            chosen=entry.size == choice.size,
        )
        for entry in choice.sizes
    ]
    lines = tables.bound_lines(candidates)
    return size_chart.sizes(points, lines, tables.verdicts(choice), score_name(choice.metric))


def _learning_curves(inputs: Inputs) -> pd.DataFrame:
    return metrics.learning_curves(inputs.curves, inputs.trials, inputs.choice)


def _timed(inputs: Inputs) -> bool:
    return charts.in_time(inputs.folds, inputs.windows.start)
