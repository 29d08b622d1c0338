"""The tables of labelled sequences: errors of every model, of each class, and the sequences that go wrong."""

from collections.abc import Mapping
from statistics import fmean, stdev

import pandas as pd

from cellsize.report.tables import Row, Table
from cellsize.report.wording import NONE, measured, number, with_error
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ClassBaselines, ClassErrors, ClassEvaluation

NAMES = {
    "model": "this model",
    "majority_class": "most frequent class",
    "logistic_regression": "logistic regression",
    "boosted_trees": "boosted trees",
    "nearest_neighbour": "nearest neighbour (DTW)",
}

ALIKE = 1e-6  # a standard error of rounding alone, which justifies no digits


def percent(fraction: float) -> str:
    """A fraction in per cent with one decimal."""
    return f"{100 * fraction:.1f} %"


def models(evaluation: ClassEvaluation) -> dict[str, ClassErrors]:
    """Name → errors, of the model first, then of the champion, then of the baselines, the best one first."""
    baselines = sorted(evaluation.baselines.items(), key=lambda each: (evaluation.error(each[1]), each[0]))
    champion = evaluation.champion
    before = {f"champion before this run (version {champion.version})": champion} if champion else {}
    return {"model": evaluation.model, **before, **dict(baselines)}


def errors(evaluation: ClassEvaluation) -> Table:
    """How well each model labels the holdout; the best of each column is stressed."""
    shown = models(evaluation)
    best = [
        max(each.accuracy for each in shown.values()), max(each.macro_f1 for each in shown.values()),
        min(each.log_loss for each in shown.values()), min(each.score for each in shown.values()),
    ]  # fmt: skip
    rows = []
    for name, found in shown.items():
        values = (found.accuracy, found.macro_f1, found.log_loss, found.score)
        difference = evaluation.differences.get(name)
        cells = (
            NAMES.get(name, name),
            percent(found.accuracy),
            *(f"{value:.3f}" for value in values[1:]),
            NONE if difference is None else with_error(difference.score, difference.score_se),
        )
        strong = frozenset(at + 1 for at, value in enumerate(values) if value == best[at])
        rows.append(Row(cells, strong, chosen=name == "model"))
    head = ("Model", "Accuracy", "Macro-F1", "Log loss", "Normalised log loss", "The last minus this model's, ± its "
            "standard error")  # fmt: skip
    return Table(head, tuple(rows))


def on_folds(choice: Choice, baselines: ClassBaselines, seconds: pd.DataFrame, timings: pd.DataFrame) -> Table:
    """Scores on the folds, where sizes are scored, and the seconds that fitting on all of them took.

    Args:
        choice: The choice, whose own row is the first.
        baselines: Scores of the others.
        seconds: Rows of `baseline_timings.csv`.
        timings: Rows of `timings.csv`.
    """
    of_choice = (timings["layers"] == choice.layers) & (timings["units"] == choice.units)
    took: Mapping[str, float] = {
        str(name): float(sum_) for name, sum_ in seconds.groupby("baseline")["seconds"].sum().items()
    }
    ours = float(timings.loc[of_choice, "seconds"].sum())
    rows = [Row((NAMES["model"], measured(choice.score, choice.score_se), NONE, _seconds(ours)), chosen=True)]
    for name in sorted(baselines.all, key=lambda each: fmean(baselines.all[each])):
        scores, accuracy = baselines.all[name], baselines.accuracy[name]
        spread = stdev(scores) / len(scores) ** 0.5
        score = measured(fmean(scores), spread) if spread > ALIKE else number(fmean(scores), 3)
        rows.append(Row((NAMES[name], score, percent(fmean(accuracy)), _seconds(took.get(name)))))
    return Table(
        ("Model", "Score (normalised log loss)", "Accuracy", "Fitting and answering on all folds, s"), tuple(rows)
    )


def classes(evaluation: ClassEvaluation) -> Table:
    """Of each class how many there are, how many of them are found, and how many that are said are right."""
    rows = []
    for at, name in enumerate(evaluation.classes):
        there, said = sum(evaluation.confusion[at]), sum(row[at] for row in evaluation.confusion)
        right = evaluation.confusion[at][at]
        parts = (right / there if there else None, right / said if said else None)
        f1 = 2 * right / (there + said) if there + said else None
        cells = (name, f"{there:,}", *(NONE if part is None else percent(part) for part in parts), number(f1, 3))
        rows.append(Row(cells))
    return Table(("Class", "Sequences", "Found (recall)", "Right where said (precision)", "F1"), tuple(rows))


def mistakes(evaluation: ClassEvaluation) -> Table:
    """The sequences that go wrong, the worst first."""
    rows = [
        Row((each.sequence, each.label, each.predicted, percent(each.probability), percent(each.probability_of_label)))
        for each in evaluation.mistakes
    ]
    head = ("Sequence", "True class", "Said", "Probability of what was said", "Of the true class")
    return Table(head, tuple(rows), text=3)


def _seconds(value: float | None) -> str:
    return NONE if value is None else number(value, 0 if value >= 10 else 1)
