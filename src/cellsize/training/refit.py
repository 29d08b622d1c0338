"""The chosen size trained again: twins on everything but the holdout, and the model that is served on everything."""

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial

import numpy as np

from cellsize.data.folds import Fold, Folds
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.models import engine, zero_cells
from cellsize.models.forecaster import Forecaster
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, spread_out
from cellsize.params_data import Window
from cellsize.progress import unsaid
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.rules import describe
from cellsize.sizing.sizes import ZERO, Size, shape
from cellsize.tasks.samples import Samples
from cellsize.training import halving, scoring
from cellsize.training.fit import fit, kept_networks
from cellsize.training.joint import JointTraining
from cellsize.training.records import Setting, Work
from cellsize.training.state import of_seeds

# In the search a size has many trainings, of which the best settings are scored; a refit is a single one, and some
# things are learnt in one training and not in the next. One that gains less on what it learns from than this fraction
# of what the search's trainings gained on their early-stopping sets, where that is much, is begun anew with another
# seed, so often at most. What is gained is gained on an untrained network: what a ridge-linear model or the last value
# knows by itself was not learnt. The search's training errors would be no measure: they are of the last step, and a
# refit takes the steps kept. Of twins the holdout has no say.
LEARNT, MUCH, ATTEMPTS = 0.85, 0.3, 6
LOOKED_AT = 4096  # training windows, spread evenly
APART = 1000  # seeds between two attempts: those of twins follow each other


def twins(
    work: Work, recipe: Recipe, schema: Schema, window: Window, count: int, note: Callable[[str], None] = unsaid
) -> list[Forecaster]:
    """Trains what a recipe names without the holdout, once for each seed: what the gate measures.

    The first has the seed of `work`, and each further one the next seed. Without memory cells there is one: seeds
    change nothing.

    Args:
        work: Data and how to train.
        recipe: Size, setting, ridge penalty and number of steps.
        schema: Meaning of the raw columns.
        window: Lookback, horizon and scales.
        count: How many.
        note: See `refit`.

    Raises:
        InputError: See `refit`.
    """
    count = 1 if recipe.size == ZERO else count
    return [
        refit(
            replace(work, seed=work.seed + number), recipe, schema, window,
            lambda text, said=f"twin {number + 1} of {count}": note(f"{said}: {text}"),  # type: ignore[misc]
        )
        for number in range(count)
    ]  # fmt: skip


def refit_on_all(
    work: Work, recipe: Recipe, schema: Schema, window: Window, note: Callable[[str], None] = unsaid
) -> Forecaster:
    """Trains what a recipe names on every window, the holdout's too: what is served; see `refit`.

    It takes as many steps as its twins. A quarter more rows at the same number of steps are fewer passes over each
    row; but then rows are all in which it differs from what the gate has measured, and where to end was measured in
    steps, by early stopping on the folds. Nothing is left to stop it early by.
    """
    every = np.ones(work.task.count, np.bool_)
    folds = Folds(work.folds.labels, holdout=~every, development=every)
    return refit(replace(work, folds=folds), recipe, schema, window, lambda text: note(f"on all rows: {text}"))


def cut_of(samples: Samples, folds: Folds) -> str:
    """Names what twins learn from and are measured on: the same data and holdout give the same 16 digits."""
    digest = hashlib.sha256()
    for field in fields(samples):
        value = getattr(samples, field.name)
        if field.name == "quantiles" and not value:
            continue  # a cut of values is named as it was
        digest.update(np.ascontiguousarray(value).data if isinstance(value, np.ndarray) else repr(value).encode())
    digest.update(folds.development.tobytes() + folds.holdout.tobytes())
    return digest.hexdigest()[:16]


def refit(
    work: Work, recipe: Recipe, schema: Schema, window: Window, note: Callable[[str], None] = unsaid
) -> Forecaster:
    """Trains what a recipe names.

    Args:
        work: Data and how to train.
        recipe: Size, setting, ridge penalty and number of steps.
        schema: Meaning of the raw columns, for forecasts from raw rows.
        window: Lookback, horizon and scales.
        note: Is told what is done now; see `progress.lines`.

    Raises:
        InputError: The loss became infinite or is not a number.
    """
    setting = Setting(recipe.learning_rate, recipe.dropout, recipe.weight_decay, recipe.skip, recipe.head)
    fitted, network = refit_size(work, recipe.size, setting, recipe.penalty, recipe.steps, note, recipe)
    windows, development = work.windows, np.flatnonzero(work.folds.development)
    rows = windows.first[development] + windows.span - 1
    learned_until = windows.said(rows[np.argmax(windows.stamp[rows])])
    last = np.full(len(windows.names), -1)
    np.maximum.at(last, windows.series[rows], rows)
    learned_of = {name: windows.said(row) for name, row in zip(windows.names, last, strict=True) if row >= 0}
    return Forecaster(
        recipe.size, schema, window, work.network, fitted, network, learned_until, learned_of,
        quantiles=windows.quantiles,
    )  # fmt: skip


def refit_size(
    work: Work,
    size: Size,
    setting: Setting,
    penalty: float,
    steps: int,
    note: Callable[[str], None] = unsaid,
    recipe: Recipe | None = None,
) -> tuple[FittedFold, Net | None]:
    """Trains a size on every window before the holdout; again, if it learns much less than the search has seen.

    Args:
        work: Data and how to train; its folds say which windows come before the holdout.
        size: The size.
        setting: Learning rate, dropout and weight decay.
        penalty: Ridge penalty of the ridge-linear model.
        steps: Optimizer steps, in whole checks; 0 leaves the untrained network, which adds nothing.
        note: See `refit`.
        recipe: Says what the search's trainings have learnt; None: whatever it learns is taken.

    Returns:
        Scaling and ridge-linear model, and the network in evaluation mode, or None if there is none.

    Raises:
        InputError: The loss became infinite or is not a number, or the fused kernels cannot run the network.
    """
    engine.check(work.network, work.training, precision=work.precision)
    note("scaling and ridge-linear model")
    everything = np.flatnonzero(work.folds.development)
    nothing = np.empty(0, np.int64)
    scaling = work.task.fit_scaling(everything)
    linear = None
    if size == ZERO or setting.skip != "none":
        linear = zero_cells.fit(work.samples, scaling, everything, penalty, work.network.has_linear_skip)
    fitted = FittedFold(Fold(everything, nothing, nothing), scaling, linear, float("inf"), float("inf"))
    if size == ZERO:
        return fitted, None
    to_reach = _to_reach(work, recipe, steps, fitted)
    if to_reach == float("inf"):
        return fitted, _trained(work, size, setting, fitted, steps, note)
    best, lowest, diverged = None, float("inf"), None
    for attempt in range(ATTEMPTS):
        again = replace(work, seed=work.seed + APART * attempt)
        try:
            network = _trained(again, size, setting, fitted, steps, partial(_of_attempt, note, attempt + 1))
        except InputError as error:
            diverged = diverged or error
            continue
        reached = training_error(work, fitted, network)
        if reached < lowest or (best is None and np.isfinite(reached)):
            best, lowest = network, reached
        if lowest <= to_reach:
            break
    if best is None:
        raise diverged or InputError(_not_a_number(size, setting, steps, work))
    return fitted, best


def _of_attempt(note: Callable[[str], None], number: int, text: str) -> None:
    """Tells what is done now, and in which attempt if it is not the first."""
    note(
        text if number == 1 else f"attempt {number} of {ATTEMPTS}, since those before learnt little or diverged: {text}"
    )


def _trained(
    work: Work, size: Size, setting: Setting, fitted: FittedFold, steps: int, note: Callable[[str], None]
) -> Net:
    """One training of so many steps; see `refit_size`."""
    training = work.training.model_copy(update={"seeds": 1})
    penalty = fitted.linear.penalty if fitted.linear is not None else 0.0
    all_but_holdout = Work(
        work.samples, work.folds, work.network, training, (penalty,), work.seed, work.metric, work.precision
    )
    checks = steps // training.check_every
    plan = halving.Plan(rungs=(), checks=checks, most=checks, patience=checks + 1)
    joint = JointTraining(all_but_holdout, size, {0: fitted}, shape(work.samples), of_seeds({0: setting}, [0]), plan)
    if checks:
        note(f"{describe(size)}, {steps:,} steps to train")
        fit(
            joint, on_check=lambda check: note(f"{describe(size)}, {check * training.check_every:,} of {steps:,} steps")
        )
    state = joint.states[0]
    if state.status == "failed":
        raise InputError(_not_a_number(size, setting, state.steps, work))
    return kept_networks(joint)[0]


def _not_a_number(size: Size, setting: Setting, steps: int, work: Work) -> str:
    """Why there is no network, and what to do."""
    return (
        f"refit: the loss of {describe(size)} is not a number after step {steps} with learning rate "
        f"{setting.learning_rate:g}; set another refit.seed, or one lower rate alone, which the search does not "
        f"extend: search.training.learning_rates: [{_lower(setting.learning_rate, work):g}]"
    )


def fell_short(work: Work, recipe: Recipe, fitted: FittedFold, network: Net | None) -> bool:
    """Whether a refit has learnt much less than the search's trainings, after all attempts.

    Args:
        work: Data and how to train.
        recipe: What was trained.
        fitted: Scaling and ridge-linear model, and the windows that it learned from.
        network: The network, or None if there is none.
    """
    if network is None:
        return False
    to_reach = _to_reach(work, recipe, recipe.steps, fitted)
    return to_reach < float("inf") and not training_error(work, fitted, network) <= to_reach


def _to_reach(work: Work, recipe: Recipe | None, steps: int, fitted: FittedFold) -> float:
    """The training error that is enough; infinite where anything is: nobody knows better, or hardly a step is made."""
    if recipe is None or steps < work.training.check_every:
        return float("inf")
    return enough(recipe, lambda: training_error(work, fitted, None))


def enough(recipe: Recipe, untrained: Callable[[], float]) -> float:
    """The highest training error with which a refit is taken at once; infinite where there was little to learn.

    Args:
        recipe: Says what the search's trainings have reached, if it is known, and what they began from.
        untrained: Measures the training error before the first step.
    """
    reached = recipe.early_stopping_score
    if reached is None:
        return float("inf")
    begins = untrained()
    gained = 1 - reached / (recipe.start_score or begins)
    return (1 - LEARNT * gained) * begins if gained >= MUCH else float("inf")


def training_error(work: Work, fitted: FittedFold, network: Net | None) -> float:
    """The training error of a refit as the search measures it, on some of the windows; None: of an untrained one."""
    networks = [] if network is None else [network]
    return scoring.score(work, fitted, networks, spread_out(fitted.fold.train, LOOKED_AT))


def _lower(rate: float, work: Work) -> float:
    """The next lower learning rate that is listed, or a third if there is none."""
    return max((listed for listed in work.training.learning_rates if listed < rate), default=float(f"{rate / 3:.1g}"))
