"""The page of a task of sequences: what all of them share; a task gives its tiles and what it says of the holdout."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from cellsize import files
from cellsize.data.folds import EARLY_STOPPING, TRAIN, VALIDATION, Folds, load_labels
from cellsize.data.names import score_name
from cellsize.errors import InputError
from cellsize.report import charts, metrics, page, prose, tables, tiles, wording
from cellsize.report.tables import Row, Table
from cellsize.report.templates import environment
from cellsize.report.tiles import Tile
from cellsize.report.words import Words
from cellsize.sizing import procedures, rules
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.scores import marked
from cellsize.sizing.sizes import ZERO


@dataclass(frozen=True)
class Block:
    """A part of the page: a table or a chart with its heading and what to read from it.

    Attributes:
        heading: Above it; empty where the section's is enough.
        content: The table, or an SVG element.
        caption: Below it.
    """

    heading: str
    content: Table | str
    caption: str

    @property
    def is_table(self) -> bool:
        """Whether it is a table."""
        return isinstance(self.content, Table)

    @property
    def drawn(self) -> Markup:
        """The chart as it is, which no template may escape."""
        return Markup(self.content if isinstance(self.content, str) else "")


@dataclass(frozen=True)
class SequenceInputs:
    """What the page of every task of sequences is made from, one field a file.

    Attributes:
        candidates: `candidates.json`.
        trials: `trials.csv`, with the kind of network of each size that counts; see `scores.marked`.
        curves: `curves.csv`.
        timings: `timings.csv`.
        baseline_timings: `baseline_timings.csv`.
        folds: `searched_folds.parquet`.
        choice: `choice.json`.
        registration: `registration.json`.
    """

    candidates: Candidates
    trials: pd.DataFrame
    curves: pd.DataFrame
    timings: pd.DataFrame
    baseline_timings: pd.DataFrame
    folds: Folds
    choice: Choice
    registration: Registration


@dataclass(frozen=True)
class Told:
    """What a task says of its results.

    Attributes:
        words: Its words.
        verdict: What the holdout says.
        bad: Whether that must not be overlooked.
        remarks: What is odd about the data, and what was not measured.
        tiles: Key facts of the holdout.
        holdout: Tables and charts of the holdout.
        data: What the sequences are, in sentences.
        total: How many there are, the holdout's too.
    """

    words: Words
    verdict: str
    bad: bool
    remarks: list[str]
    tiles: list[Tile]
    holdout: list[Block]
    data: list[str]
    total: int


def read(build: Path, reports: Path) -> SequenceInputs:
    """Reads the results of the earlier stages that every task of sequences has.

    Args:
        build: Folder of the intermediate results.
        reports: Folder of the final ones.

    Raises:
        InputError: One of them is missing, or another version of cellsize wrote it.
    """
    for name in ("trials.csv", "curves.csv", "timings.csv", "baseline_timings.csv", "searched_folds.parquet"):
        if not (build / name).is_file():
            raise InputError(f"{build / name}: no such file; run `cellsize run`, which makes it")
    labels = pd.read_parquet(build / "searched_folds.parquet")
    return SequenceInputs(
        candidates=Candidates.read(build / "candidates.json"),
        trials=marked(pd.read_csv(build / "trials.csv")),
        curves=pd.read_csv(build / "curves.csv"),
        timings=pd.read_csv(build / "timings.csv"),
        baseline_timings=pd.read_csv(build / "baseline_timings.csv"),
        folds=load_labels({str(name): labels[name].to_numpy(np.int8) for name in labels}),
        choice=Choice.read(reports / "choice.json"),
        registration=Registration.read(reports / "registration.json"),
    )


def write_tables(inputs: SequenceInputs, reports: Path) -> None:
    """Writes `sizes.csv` and `curves.csv`, which DVC draws."""
    files.write_csv(reports / "sizes.csv", metrics.sizes(inputs.choice))
    files.write_csv(reports / "curves.csv", metrics.curves(_learning_curves(inputs)))


def render(inputs: SequenceInputs, told: Told, title: str) -> str:
    """The page as HTML; the same inputs give the same bytes.

    Args:
        inputs: What every task has.
        told: What the task says of its results.
        title: Of the page.
    """
    choice, candidates, words = inputs.choice, inputs.candidates, told.words
    score, curves = score_name(choice.metric), _learning_curves(inputs)
    template = environment(Path(__file__).parent).get_template("sequences.html.jinja")
    return template.render(
        title=title,
        answer=wording.answer(choice, words),
        reason=choice.reason,
        verdict=told.verdict,
        bad=told.bad,
        remarks=told.remarks,
        tiles=[*tiles.size_tiles(choice, words), *told.tiles, *tiles.last_tiles(choice, inputs.registration)],
        size_chart=Markup(page.size_chart_of(choice, candidates)),
        size_caption=prose.size_caption(choice, candidates, inputs.trials, words),
        ladders=tables.ladders(choice),
        sure=prose.sure(choice),
        holdout=told.holdout,
        sizes=tables.sizes(choice, inputs.timings),
        made_of=tables.made_of(choice, inputs.timings, "Answer"),
        notes=prose.notes(choice, candidates, inputs.trials),
        data=[*told.data, *searched(inputs.folds, told.total)],
        parts=parts(inputs.folds),
        curves=None if curves.empty else Markup(charts.curves(curves, choice.steps, score)),
        curves_caption=prose.curves_caption(choice),
        trainings=prose.trainings(choice),
        bound=prose.bound(choice, candidates, words),
        bounds=tables.bounds(candidates, words),
        rules=tables.rules_of_thumb(choice),
        costs=tables.costs(candidates, choice),
        method=[*searched(inputs.folds, told.total), *method(inputs, words)],
    )


def parts(folds: Folds) -> Table:
    """How many sequences are in each part of each fold."""
    held = int(folds.holdout.sum())
    rows = [
        Row((f"fold {number}", *(f"{int((labels == part).sum()):,}" for part in (TRAIN, EARLY_STOPPING, VALIDATION)),
             f"{held:,}"))
        for number, labels in enumerate(folds.labels, start=1)
    ]  # fmt: skip
    return Table(("", "Train", "Early stopping", "Validation", "Holdout, in no fold"), tuple(rows))


def searched(folds: Folds, total: int) -> list[str]:
    """That a refit has kept the size while new sequences came in; nothing where there are no new ones."""
    count = int((folds.development | folds.holdout).sum())
    if count == total:
        return []
    return [
        f"The size was searched on the first {count:,} sequences, and kept while new ones came in "
        f"(split.searched_until): there are {total:,} now. What is said here of folds is of the first ones; the errors "
        "on the holdout are of the holdout of all."
    ]


def method(inputs: SequenceInputs, words: Words) -> list[str]:
    """How the size was chosen, in plain lines."""
    choice, count = inputs.choice, len(inputs.folds.labels)
    steps = f" for {wording.plural(choice.steps, 'step')}" if choice.size != ZERO and choice.steps else ""
    return [
        f"A sequence is one sample, however many steps it has. There are {len(inputs.folds.holdout):,}. The holdout, "
        f"{int(inputs.folds.holdout.sum()):,} of them, was not used to choose the size.",
        f"Each size was trained on {count} folds. Sequences of one group are never in two parts of a fold.",
        "In each fold the early-stopping set, not the validation set, decides the number of steps and the settings. "
        "The validation set gives the scores, by which sizes are compared. Means and standard deviations for scaling "
        "come from the training part alone.",
        procedures.sentence(choice.procedure),
        "Sizes are compared fold by fold, each with the best one, so that an easy or a hard fold favours none. The "
        "standard error is the one of Nadeau and Bengio, which corrects for training parts that overlap.",
        rules.sentence(choice),
        f"Zero cells, that is no memory cells, is a size too: {words.zero_cells}. So memory cells are chosen only "
        "where they help.",
        f"The chosen size was trained again{steps} on everything but the holdout, and then evaluated once on it. What "
        "is served was trained the same way on all sequences.",
    ]


def _learning_curves(inputs: SequenceInputs) -> pd.DataFrame:
    return metrics.learning_curves(inputs.curves, inputs.trials, inputs.choice)
