"""The report: one self-contained page, and a summary for a pull request."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cellsize import params
from cellsize.data.folds import Folds, load_labels
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.report import charts, prose, summaries, tables, wording
from cellsize.report.wording import Artefact

KEYS = ["layers", "units", "fold", "seed", "learning_rate", "dropout", "weight_decay"]
DRAWN = ("ridge_linear", "seasonal_naive")


@dataclass(frozen=True)
class Inputs:
    """Everything the page is made from, one field a file.

    Attributes:
        candidates: `candidates.json`.
        trials: `trials.csv`.
        curves: `curves.csv`.
        timings: `timings.csv`.
        folds: `folds.parquet`.
        windows: `windows.npz`.
        schema: `schema.json`.
        baselines: `baselines.json`.
        choice: `choice.json`.
        evaluation: `evaluation.json`.
        forecasts: `forecasts.parquet`.
        registration: `registration.json`.
    """

    candidates: Artefact
    trials: pd.DataFrame
    curves: pd.DataFrame
    timings: pd.DataFrame
    folds: Folds
    windows: Windows
    schema: Schema
    baselines: Artefact
    choice: Artefact
    evaluation: Artefact
    forecasts: pd.DataFrame
    registration: Artefact


def read(
    *,
    candidates: Path,
    trials: Path,
    curves: Path,
    timings: Path,
    folds: Path,
    windows: Path,
    schema: Path,
    baselines: Path,
    choice: Path,
    evaluation: Path,
    forecasts: Path,
    registration: Path,
) -> Inputs:
    """Loads the artefacts of the earlier stages.

    Raises:
        InputError: One of them is missing.
    """
    measured = (candidates, trials, curves, timings, folds, windows, schema, baselines)
    for path in (*measured, choice, evaluation, forecasts, registration):
        if not path.is_file():
            raise InputError(f"{path}: no such file; run `dvc repro`, which makes it")
    labels = pd.read_parquet(folds)
    return Inputs(
        candidates=_json(candidates),
        trials=pd.read_csv(trials),
        curves=pd.read_csv(curves),
        timings=pd.read_csv(timings),
        folds=load_labels({str(name): labels[name].to_numpy(np.int8) for name in labels}),
        windows=Windows.load(windows),
        schema=Schema.load(schema),
        baselines=_json(baselines),
        choice=_json(choice),
        evaluation=_json(evaluation),
        forecasts=pd.read_parquet(forecasts),
        registration=_json(registration),
    )


def read_folders(build: Path, reports: Path) -> Inputs:
    """Reads the results from where the stages write them.

    Args:
        build: Folder of the intermediate results.
        reports: Folder of the final ones.
    """
    return read(
        **{name: build / f"{name}.csv" for name in ("trials", "curves", "timings")},
        **{name: build / f"{name}.json" for name in ("candidates", "schema", "baselines")},
        **{name: build / f"{name}.parquet" for name in ("folds", "forecasts")},
        **{name: reports / f"{name}.json" for name in ("choice", "evaluation", "registration")},
        windows=build / "windows.npz",
    )


def write(inputs: Inputs, report: params.Report, html: Path, summary: Path) -> None:
    """Writes the page and the summary; the same inputs give the same bytes.

    Args:
        inputs: What `read` loaded.
        report: Title, unit, and how many stretches of forecasts to draw.
        html: The page, one file that opens without a network.
        summary: The same answer in Markdown, short.
    """
    # Both are made before either is written: a failure leaves the old pair.
    texts = {
        html: render(inputs, report),
        summary: summaries.markdown(inputs.choice, inputs.evaluation, inputs.registration, report),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)


def render(inputs: Inputs, report: params.Report) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    choice, evaluation, candidates = inputs.choice, inputs.evaluation, inputs.candidates
    told, bad = wording.verdict(choice, evaluation)
    subset = evaluation["subset"]
    return environment.get_template("page.html.jinja").render(
        title=report.title,
        answer=wording.answer(choice),
        reason=choice["reason"],
        verdict=told,
        bad=bad,
        tiles=prose.tiles(choice, evaluation, inputs.registration),
        charts={name: Markup(drawn) for name, drawn in _charts(inputs, report).items()},
        captions=prose.captions(choice, candidates, inputs.trials, timed=_timed(inputs)),
        holdout=tables.holdout(evaluation, report.unit),
        windows=wording.number(evaluation["windows"]),
        crossed=prose.crossed(inputs.baselines),
        subset=tables.errors(subset["models"], report.unit) if subset else None,
        origins=wording.plural(subset["origins"], "origin") if subset else "",
        spread=prose.spread(choice),
        sizes=tables.sizes(choice, inputs.timings),
        notes=prose.notes(choice, candidates, inputs.trials),
        bounds=tables.bounds(candidates),
        bound=prose.bound(choice, candidates),
        rules=tables.rules_of_thumb(choice),
        costs=tables.costs(candidates, choice),
        method=prose.method(inputs.windows, inputs.folds, choice, inputs.trials),
    )


def _charts(inputs: Inputs, report: params.Report) -> dict[str, str]:
    """Every chart; learning curves only where the choice has any."""
    choice, windows = inputs.choice, inputs.windows
    points = [
        charts.Point(
            layers=row["layers"],
            units=row["units"],
            score=row["score"],
            error=0.0 if wording.same(row, choice["best"]) else row["difference_se"] or 0.0,
            within=row["within"],
            chosen=wording.same(row, choice),
        )
        for row in choice["sizes"]
    ]
    names = {"model": wording.MODELS["model"]}
    names |= {column: wording.MODELS[column] for column in DRAWN if column in inputs.forecasts}
    step = _step(inputs.schema.frequency)
    drawn = {
        "sizes": charts.sizes(points, tables.bound_lines(inputs.candidates), "within one standard error"),
        "folds": charts.folds(inputs.folds, windows.start, windows.epoch, step),
        "forecasts": charts.forecasts(inputs.forecasts, report.examples, report.unit, names),
    }
    curves = _chosen_curves(inputs)
    return drawn if curves.empty else drawn | {"curves": charts.curves(curves, choice["epochs"])}


def _chosen_curves(inputs: Inputs) -> pd.DataFrame:
    """Learning curves of the chosen size, each fold with the setting that its stop part chose."""
    table, choice, trials = inputs.curves, inputs.choice, inputs.trials
    mine = (trials["layers"] == choice["layers"]) & (trials["units"] == choice["units"]) & (trials["status"] == "ok")
    kept = trials.loc[mine & (choice["units"] > 0), [*KEYS, "epochs"]].rename(columns={"epochs": "kept"})
    return table[table["early_stopping_score"].notna()].merge(kept, on=KEYS)


def _timed(inputs: Inputs) -> bool:
    return charts.in_time(inputs.folds, inputs.windows.start)


def _step(frequency: str) -> pd.Timedelta:
    """`h` and `15min` alike."""
    return pd.Timedelta(f"1{frequency}" if frequency.isalpha() else frequency)


def _json(path: Path) -> Artefact:
    content: Artefact = json.loads(path.read_text(encoding="utf-8"))
    return content
