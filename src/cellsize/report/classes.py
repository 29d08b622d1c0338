"""The report on labelled sequences: page, summary, the files that DVC compares, and the answer in a few lines."""

from pathlib import Path

from cellsize import files
from cellsize.params import Report
from cellsize.report import class_charts, class_prose, class_tables, rule_lines, sequence_page, summaries
from cellsize.report.but_line import but_line
from cellsize.report.class_tables import NAMES, percent
from cellsize.report.sequence_page import Block, SequenceInputs, Told
from cellsize.report.wording import answer, measured, registration
from cellsize.report.words import OF_CLASSES
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ClassBaselines, ClassEvaluation, ClassMetrics, SequenceInspection
from cellsize.sizing.evaluation_records import Registration


def write(build: Path, report: Report, reports: Path) -> None:
    """Writes `index.html`, `summary.md`, `metrics.json`, `sizes.csv` and `curves.csv`.

    The same inputs give the same bytes. All are made before any is written: a failure leaves the old ones.

    Args:
        build: Folder of the intermediate results.
        report: Title.
        reports: Folder with the final results; it is written to.
    """
    inputs = sequence_page.read(build, reports)
    evaluation = ClassEvaluation.read(reports / "evaluation.json")
    inspection = SequenceInspection.read(reports / "inspection.json")
    baselines = ClassBaselines.read(build / "baselines.json")
    told = tell(inputs, evaluation, inspection, baselines)
    texts = {
        "summary.md": markdown(report.title, inputs.choice, evaluation, inputs.registration),
        "index.html": sequence_page.render(inputs, told, report.title),
    }
    numbers(inputs.choice, evaluation).write(reports / "metrics.json")
    sequence_page.write_tables(inputs, reports)
    for name, text in texts.items():
        files.write_text(reports / name, text)


def tell(
    inputs: SequenceInputs, evaluation: ClassEvaluation, inspection: SequenceInspection, baselines: ClassBaselines
) -> Told:
    """What the page says of a classification, beside what it says of any sequences."""
    verdict, bad = class_prose.verdict(inputs.choice, evaluation)
    return Told(
        words=OF_CLASSES,
        verdict=verdict,
        bad=bad,
        remarks=class_prose.remarks(inspection, evaluation),
        tiles=class_prose.tiles(evaluation),
        holdout=blocks(inputs, evaluation, baselines),
        data=class_prose.data(inspection, evaluation),
        total=inspection.sequences + evaluation.sequences,
    )


def blocks(inputs: SequenceInputs, evaluation: ClassEvaluation, baselines: ClassBaselines) -> list[Block]:
    """Tables and charts of the holdout."""
    errors = (
        f"Errors on the {evaluation.sequences:,} sequences of the holdout; the best in each column is bold. Macro-F1 "
        "is the mean over the classes of F1, the harmonic mean of precision and recall. The normalised log loss, which "
        "models are compared by, is the log loss divided by that of the class frequencies of the training sequences."
    )
    folds = (
        "On the folds, where sizes are scored: means over the validation sets. A baseline is fitted on the training "
        "part; its penalty or number of trees is chosen on the early-stopping set. The nearest neighbour by dynamic "
        "time warping (DTW) says no probability: it gets the one with which it was right on the early-stopping set."
    )
    timings, seconds = inputs.timings, inputs.baseline_timings
    found = [
        Block("", class_tables.errors(evaluation), errors),
        Block("The same models on the folds", class_tables.on_folds(inputs.choice, baselines, seconds, timings), folds),
        Block(
            "Which classes are taken for which?",
            class_charts.confusion(evaluation.confusion, evaluation.classes),
            "Sequences of the holdout by their true class, down, and the class that the model says, across, in the "
            "first of its trainings. What is off the diagonal is wrong; the darker, the larger a part of its row.",
        ),
        Block(
            "How good is it at each class?", class_tables.classes(evaluation), "Of the first training, as in the chart."
        ),
        Block(
            "Can its probabilities be relied on?",
            class_charts.reliability(evaluation.reliability),
            class_prose.reliability(evaluation),
        ),
    ]
    if not evaluation.mistakes:
        return found
    wrong = sum(map(sum, evaluation.confusion)) - sum(row[at] for at, row in enumerate(evaluation.confusion))
    shown = (
        f"All {wrong:,} sequences"
        if wrong <= len(evaluation.mistakes)
        else f"The worst {len(evaluation.mistakes)} of {wrong:,} sequences"
    )
    caption = (
        f"{shown} that the first training labels wrongly; those whose true class it held least probable come first."
    )
    return [*found, Block("Which sequences go wrong?", class_tables.mistakes(evaluation), caption)]


def markdown(title: str, choice: Choice, evaluation: ClassEvaluation, record: Registration) -> str:
    """The summary for a pull request."""
    verdict, bad = class_prose.verdict(choice, evaluation)
    value, reason = registration(record)
    plain = summaries.plain
    parts = [
        f"## {plain(title)}",
        summaries.opening(choice, OF_CLASSES),
        f"{'⚠️ ' if bad else ''}{plain(verdict)}",
        f"Errors on the {evaluation.sequences:,} sequences of the holdout:",
        summaries.table(class_tables.errors(evaluation)),
        *([f"Note: {plain(evaluation.left_out)}."] if evaluation.left_out else []),
        "Scores on the folds:",
        summaries.table(summaries.compared(choice)),
        f"Registry: **{plain(record.name)}**, {plain(value)}. Reason: {plain(reason)}",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def numbers(choice: Choice, evaluation: ClassEvaluation) -> ClassMetrics:
    """The numbers of `metrics.json`."""
    logistic, trees = evaluation.baselines["logistic_regression"], evaluation.baselines["boosted_trees"]
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
        holdout_macro_f1_logistic_regression=logistic.macro_f1,
        holdout_log_loss_logistic_regression=logistic.log_loss,
        holdout_accuracy_boosted_trees=trees.accuracy,
        holdout_macro_f1_boosted_trees=trees.macro_f1,
        holdout_log_loss_boosted_trees=trees.log_loss,
    )


def lines(title: str, build: Path, reports: Path) -> str:
    """What `cellsize run` ends with; see `answer.lines`.

    Args:
        title: Of the report.
        build: Folder with `timings.csv` and `baseline_timings.csv`.
        reports: Folder with the results.
    """
    choice, evaluation = Choice.read(reports / "choice.json"), ClassEvaluation.read(reports / "evaluation.json")
    record, model = Registration.read(reports / "registration.json"), evaluation.model
    best = class_prose.best_baseline(evaluation)
    other = evaluation.baselines[best]
    trainings = f", mean of {len(evaluation.twins)} trainings" if len(evaluation.twins) > 1 else ""
    registered = f"models:/{record.name}/{record.version}" if record.registered else "no"
    return "\n".join([
        "",
        f"{title}: {answer(choice, OF_CLASSES)}",
        f"  parameters    {choice.parameters:,}, of them {choice.recurrent:,} recurrent",
        *_better(choice, evaluation, build),
        *rule_lines.lines(choice),
        f"  score         {measured(choice.score, choice.score_se)}; best "
        f"{measured(choice.best.score, choice.best.score_se)}; without memory cells "
        f"{measured(choice.zero_cells.score, choice.zero_cells.score_se)}",
        "                (cross-validated normalised log loss: log loss / that of the class frequencies)",
        f"  holdout       accuracy {class_prose.accuracy(evaluation)}, macro-F1 {model.macro_f1:.3f}, log loss "
        f"{model.log_loss:.3f}{trainings}",
        f"                best baseline {NAMES[best]}: accuracy {percent(other.accuracy)}, macro-F1 "
        f"{other.macro_f1:.3f}, log loss {other.log_loss:.3f}",
        f"  registered    {registered} ({record.alias if record.promoted else f'not promoted: {record.reason}'})",
        *([f"  note          {choice.caution}"] if choice.caution else []),
        *([f"  note          {evaluation.left_out}"] if evaluation.left_out else []),
        f"  report        {(reports / 'index.html').absolute()}",
    ])  # fmt: skip


def _better(choice: Choice, evaluation: ClassEvaluation, build: Path) -> list[str]:
    """That a baseline is better on the holdout, with both errors and the seconds that both took on the folds."""
    name = class_prose.best_baseline(evaluation)
    if evaluation.error(evaluation.baselines[name]) >= evaluation.error(evaluation.model):
        return []
    both = class_prose.both(evaluation, name)
    return [but_line(choice, build, name, NAMES[name], "normalised log loss", both)]
