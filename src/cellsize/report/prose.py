"""Everything the page says in whole sentences: captions, notes and the method."""

from statistics import fmean, stdev

import numpy as np
import pandas as pd

from cellsize.data.folds import Folds, are_unseen, of_each_series
from cellsize.data.names import score_name
from cellsize.data.windows import Windows
from cellsize.report.tables import untried
from cellsize.report.wording import (
    CONSTANT,
    SAMPLES,
    measured,
    model_name,
    number,
    plural,
    words_of,
)
from cellsize.report.words import Words
from cellsize.sizing import procedures, rules
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.inspection_records import Inspection
from cellsize.sizing.rules import short
from cellsize.sizing.sizes import ZERO, Size


def captions(choice: Choice, candidates: Candidates, trials: pd.DataFrame, *, timed: bool) -> dict[str, str]:
    """What to read from each chart.

    Args:
        choice: The choice.
        candidates: The candidates.
        trials: Rows of `trials.csv`.
        timed: Whether the folds are drawn in time.
    """
    folds = (
        "Each row is one fold. The network trains on the train part. The early-stopping set decides when training "
        "stops. The score comes from the validation set alone. Windows that share a row of data with another part "
        "are purged: they are not used. The holdout was used once, after everything was decided."
    )
    if timed:
        folds += " A gap without colour has no usable window."
    else:
        folds += " The parts are not stretches of time here, so the bars show percentages of the windows."
    words = words_of(choice)
    return {
        "sizes": size_caption(choice, candidates, trials, words), "folds": folds, "curves": curves_caption(choice),
        "trainings": trainings(choice),
    }  # fmt: skip


def size_caption(choice: Choice, candidates: Candidates, trials: pd.DataFrame, words: Words) -> str:
    """What to read from the chart of sizes; see `captions`."""
    chosen = (trials["layers"] == choice.layers) & (trials["units"] == choice.units) & (trials["status"] == "ok")
    scores = trials[chosen].groupby("fold")["score"].mean()
    mlps = "; the others are those of multilayer perceptrons (MLPs) on the same inputs" if choice.mlp else ""
    sizes = (
        f"Each point is one size. Its score is the mean {score_name(choice.metric)} over the validation sets of the "
        f"folds: 0 is perfect, and 1 is no better than always {words.says} the {CONSTANT[choice.metric]}. The dashed "
        f"line is the score without memory cells (zero cells), of {words.zero_cells}{mlps}. The bars and the grey "
        "bands show how sure the difference from the best size is: one standard error of it up and down, computed on "
        f"the same folds and corrected for the training data that they share. {_filled(choice)} The bars do not show "
        f"how much the folds differ (here from {scores.min():.3g} to {scores.max():.3g})."
    )
    if candidates.bound.kind == "neurons":
        sizes += " The bound counts the cells of all layers together, so two layers may have half as many each."
    return sizes


def curves_caption(choice: Choice) -> str:
    """What to read from the learning curves."""
    return (
        "One thin line for each fold and seed, with the setting chosen on its early-stopping set. The dot is the "
        f"step whose weights were kept: the lowest score. {trainings(choice)} If most lines are lowest at their end, "
        "raise search.training.maximum_steps."
    )


def trainings(choice: Choice) -> str:
    """How long all sizes were trained; empty if none was trained in steps."""
    if not choice.median_steps:
        return ""
    cut = ""
    if choice.ended_by_maximum:
        part = f"{100 * choice.ended_by_maximum:.0f} %"
        cut = f"{part} were ended by search.training.maximum_steps while it still fell, "
    return (
        "A training is prolonged while its last quarter still gains "
        f"more than 1 %; here {100 * choice.prolonged:.0f} % of the trainings of all sizes were, "
        f"{100 * choice.ended_by_patience:.0f} % ended early because their score had long not fallen, {cut}and half of "
        f"all took at most {plural(choice.median_steps, 'step')}."
    )


def _filled(choice: Choice) -> str:
    """What a filled point is."""
    if choice.rule == "adequate":
        return (
            f"A filled point is adequate: most probably no more than {choice.margin:.2g} worse than the best. A pale "
            "one is undecided, an empty one too small."
        )
    return "A filled point is worse than the best by no more than that."


def sure(choice: Choice) -> str:
    """How sure the choice is; empty where the rule gives no probabilities."""
    if choice.rule != "adequate":
        return ""
    more = (
        "The undecided sizes are named because another run, with other seeds, may well find one of them adequate."
        if choice.undecided_sizes
        else ""
        if not choice.decided
        else "No smaller size is undecided, so that another run, with other seeds, should say the same."
    )
    return (
        f"A size is adequate if it most probably is no more than {choice.margin:.2g} worse than the best one (the "
        "column of probabilities below). Seeds and folds count apart: what seeds differ by shrinks with more seeds, "
        f"what folds differ by does not. The answer is the smallest adequate size. {more}"
    ).rstrip()


def notes(choice: Choice, candidates: Candidates, trials: pd.DataFrame) -> list[str]:
    """What the table of sizes leaves out."""
    lines = []
    failed = trials[trials["status"] == "failed"]
    if len(failed):
        sizes = sorted(
            {Size(int(layers), int(units)) for layers, units in zip(failed["layers"], failed["units"], strict=True)}
        )
        lines.append(
            f"{plural(len(failed), 'training')} failed, in: {', '.join(map(short, sizes))}. "
            "A size is ranked only if in every fold at least one training succeeded."
        )
    left = untried(candidates, choice)
    if left:
        lines.append(f"In the grid, without a score: {', '.join(left)}.")
    return lines


def bound(choice: Choice, candidates: Candidates, words: Words | None = None) -> str:
    """What the bound allows, and where the chosen size lies.

    Args:
        choice: The choice.
        candidates: The bounds.
        words: Of the task; None: of a forecast.
    """
    words = words or words_of(choice)
    used, counted = candidates.bound, candidates.counted
    called = SAMPLES if words.samples is None else words.samples(counted)
    article = "A" if candidates.counted_inputs == "step" or words.samples is None else "The"
    fed = "step" if candidates.counted_inputs == "step" else words.fed.split(maxsplit=1)[1]
    samples = candidates.samples.model_dump()[candidates.counted]
    allowed = (
        f"The training part of the smallest fold has {number(samples)} "
        f"{called[counted]} (N_s). "
        f"{article} {fed} has {plural(candidates.n_inputs, 'input')} (N_i), {words.output.lower()} "
        f"{plural(candidates.n_outputs, 'output')} (N_o). With α = {used.alpha:g} the rule of thumb allows "
        f"{plural(used.units, 'memory cell')}"
        f"{' in all layers together, N_s/(α(N_i + N_o))' if used.kind == 'neurons' else ' in one layer'}. "
    )
    allowed += f"The chosen size is {'at the bound or past it' if choice.bound_binding else 'below the bound'}. "
    if choice.alpha_implied is not None:
        allowed += f"It corresponds to α = {choice.alpha_implied:.3g}. "
    return allowed + (
        "The rule was made for feed-forward networks, where bounds on neurons and on parameters mean the same. The "
        "parameters of a recurrent layer grow with the square of its cells, so the bounds on parameters are far "
        "tighter. After the arrow: how many cells of one layer have that many parameters."
    )


def method(windows: Windows, folds: Folds, choice: Choice, trials: pd.DataFrame, evaluated_until: str) -> list[str]:
    """How the size was chosen, in plain lines.

    Args:
        windows: Those that sizes were searched on.
        folds: Theirs.
        choice: The size.
        trials: All trainings.
        evaluated_until: Time of the last row of the holdout of all rows: after a refit a later one.
    """
    count = len(folds.labels)
    by_size = trials[(trials["units"] > 0) & (trials["status"] == "ok")].groupby(["layers", "units"])["seed"].nunique()
    seeds, most = (int(by_size.min()), int(by_size.max())) if len(by_size) else (1, 1)
    start = windows.start
    last = "the last part in time, " if start[folds.holdout].min() > start[folds.development].max() else ""
    last = "the last part of each series, " if of_each_series(windows, folds) else last
    if are_unseen(windows, np.flatnonzero(folds.holdout), np.flatnonzero(folds.development)):
        last = "whole series, never seen in training, "
    new_series = (
        "The validation set of each fold is whole series, of which nothing is in its training part: scores are those "
        "on series never seen."
    )
    own = " of each series" if windows.n_own else ""
    own_errors = " Errors of a series are in its own standard deviations." if windows.n_own else ""
    part = float(windows.observed(np.arange(len(start))).mean()) / windows.n_outputs
    left_out = f" Of the targets to be forecast {1 - part:.1%} are missing, and left out." if part < 1 else ""
    each_seed = f", with {plural(seeds, 'seed')} each" if seeds > 1 or most > seeds else ""
    each_seed += f", undecided ones with up to {most}" if most > seeds else ""
    least_squares = (
        "Networks are trained to the absolute error, which also ranks sizes and is asked for on the holdout "
        "(choose.metric: mae). The ridge-linear model is fitted by least squares, and its penalty chosen by that error."
    )
    steps = f" for {plural(choice.steps, 'step')}" if choice.size != ZERO and choice.steps else ""
    of_cells = (
        "" if windows.cell_lookback == windows.lookback else f" (memory cells the last {windows.cell_lookback} of them)"
    )
    held = windows.first[folds.holdout] + windows.span - 1
    until = windows.said(int(held[np.argmax(windows.stamp[held])]))
    refitted = (
        f"The size was searched on rows until {until}, and kept while new rows came in (split.searched_until). What is "
        "said here of windows and folds is of these rows; the errors on the holdout are of newer ones."
    )
    return [
        *([refitted] if until != evaluated_until else []),
        f"A window sees {plural(windows.lookback, 'step')}{of_cells} and forecasts the next {windows.horizon}. "
        f"There are {len(start):,} windows. The holdout, {last}"
        f"{int(folds.holdout.sum()):,} of them, was not used to choose the size.{left_out}",
        f"Each size was trained on {count} folds{each_seed}. No window of one part shares a row of data with another.",
        *([new_series] if all(are_unseen(windows, fold.validation, fold.train) for fold in folds.all()) else []),
        "In each fold the early-stopping set, not the validation set, decides the number of steps and the settings. "
        "The validation set gives the scores, by which sizes are compared, and for each size its plain networks with "
        f"those beside a linear model. Means and standard deviations{own} for scaling come from the "
        f"training part alone.{own_errors}",
        *([least_squares] if choice.metric == "mae" else []),
        procedures.sentence(choice.procedure),
        "Sizes are compared fold by fold, each with the best one, so that an easy or a hard fold favours none. The "
        "standard error is the one of Nadeau and Bengio, which corrects for training parts that overlap.",
        rules.sentence(choice),
        f"Zero cells, that is no memory cells, is a size too: {words_of(choice).zero_cells}. So memory cells are "
        "chosen only where they help.",
        f"The chosen size was trained again{steps} on everything but the holdout, and then evaluated once on it. What "
        "is served was trained the same way on all windows.",
    ]


def baselines_on_folds(baselines: Baselines) -> str:
    """The baselines' scores on the folds, comparable with those of the sizes, and what boosted trees learnt from."""
    listed = ", ".join(
        f"{model_name(name)} {measured(fmean(by_fold), stdev(by_fold) / len(by_fold) ** 0.5)}"
        for name, by_fold in baselines.all.items()
    )
    name = score_name(baselines.metric)
    text = f"On the folds, where the sizes are scored, the baselines have a mean {name} of: {listed}."
    steps, used, every = (
        fmean(by_fold) for by_fold in (baselines.boosting_steps, baselines.boosting_windows, baselines.training_windows)
    )
    return text + (
        f" Boosted trees learnt from {steps:,.0f} steps to predict, of {used:,.0f} of the {every:,.0f} training "
        "windows (means over the folds); where there are more steps, they are drawn at random."
    )


def inspected(inspection: Inspection) -> str:
    """How the options were measured, and which lookbacks were not."""
    folds, windows = plural(inspection.folds, "fold"), plural(inspection.windows, "window")
    text = (
        f"Each change alone, by the ridge-linear model: fitted on the training set of {folds} and scored on {windows} "
        "of the early-stopping sets, the same for all options; validation blocks and holdout were not read. Errors are "
        "in the table's units, whatever the transformation. A gain is bold if it is at least 2 %, on every fold"
        f"{', and no loss in MAE' if inspection.metric == 'mse' else ''}."
    )
    if inspection.not_tried:
        steps = ", ".join(map(str, inspection.not_tried))
        text += f" Not tried, since too few windows or too many inputs would be left: lookback {steps}."
    return text
