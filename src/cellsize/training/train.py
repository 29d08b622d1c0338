"""Trains one size on every fold and scores it. Knows neither Ray nor MLflow, so that it runs anywhere."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cellsize.data.folds import Fold
from cellsize.data.windows import Floats, Ints
from cellsize.models import engine, zero_cells
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, spread_out
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training import scoring
from cellsize.training.fit import fit, kept_networks, last_networks
from cellsize.training.joint import JointTraining
from cellsize.training.ranks import ALONE, Ranks
from cellsize.training.records import Check, MoreSeeds, Result, Row, Setting, Status, Work
from cellsize.training.state import NetworkState, of_seeds, racing, settings

RESIDUALS = 1000


def train(
    work: Work,
    size: Size,
    checkpoint: Path | None = None,
    on_check: Callable[[int], None] | None = None,
    accelerator: str = "cpu",
    folds: Sequence[int] | None = None,
    more_seeds: MoreSeeds | None = None,
    ranks: Ranks = ALONE,
) -> Result:
    """Trains a size on every fold, or on some, and scores it on the validation sets.

    Args:
        work: Data, folds and how to train.
        size: What to train; (0, 0) is the ridge-linear model alone.
        checkpoint: Where to save the state between checks; resumes from it if it is there.
        on_check: Called with the number of checks done after each; with 0 if a damaged checkpoint was removed.
        accelerator: Lightning's name of the device: cpu or gpu.
        folds: Which folds, from 0; by default all. A fold's numbers do not depend on the others'.
        more_seeds: Trains these seeds of settings that are chosen, in place of the race for one.
        ranks: This process among those that train the size together, each on its share of every batch.

    Returns:
        A row for each fold, seed and setting, learning curves, and residuals; the same in each of several processes.

    Raises:
        InputError: The fused kernels are asked for, and cannot run these networks.
    """
    began = time.perf_counter()
    engine.check(work.network, work.training, accelerator, work.precision)
    chosen = range(len(work.folds.labels)) if folds is None else folds
    fitted = {fold: _agreed(_fit_fold(work, work.folds.fold(fold), size), ranks) for fold in chosen}
    networks: list[Net] = []
    curves: list[Check] = []
    if size == ZERO:
        rows = [_linear_row(work, fold, of_fold) for fold, of_fold in fitted.items()]
    else:
        if more_seeds is None:
            states = racing(work, list(fitted), settings(work.network, work.training, size))
        else:
            states = of_seeds({fold: more_seeds.settings[fold] for fold in fitted}, more_seeds.seeds)
        joint = JointTraining(work, size, fitted, shape(work.samples), states, ranks=ranks)
        fit(joint, checkpoint, on_check, accelerator)
        # A spare that was not needed is no training.
        trained = [
            index for index, state in enumerate(joint.states) if not (state.is_spare and state.status == "waiting")
        ]
        last = last_networks(joint)
        statuses = _statuses(joint)
        kept = kept_networks(joint)
        networks = [kept[index] for index in trained]
        rows = [_row(joint, joint.states[index], statuses[index], kept[index], last[index]) for index in trained]
        curves = [check for index in trained for check in _curve(work, size, joint.states[index])]
    nothing: Floats = np.empty((0, work.samples.horizon, work.samples.n_targets), np.float32)
    residuals: list[tuple[Floats, Ints, bool]] = [(nothing, np.empty(0, np.int64), False)]
    for fold, of_fold in fitted.items():
        for has_skip, network in _finalists(fold, networks, rows):
            residuals.append((*_residuals(work, of_fold, network), has_skip))
    return Result(
        rows=tuple(rows),
        checks=tuple(curves),
        residuals=np.concatenate([errors for errors, _, _ in residuals]),
        residual_windows=np.concatenate([windows for _, windows, _ in residuals]),
        residual_skips=np.concatenate([np.full(len(windows), has_skip) for _, windows, has_skip in residuals]),
        seconds=time.perf_counter() - began,
        milliseconds=_milliseconds(work, next(iter(fitted.values())), _first_scored(networks, rows)),
    )


def _first_scored(networks: list[Net], rows: list[Row]) -> list[Net]:
    return [network for network, row in zip(networks, rows, strict=False) if row.status == "ok"][:1]


def _fit_fold(work: Work, fold: Fold, size: Size) -> FittedFold:
    scaling = work.task.fit_scaling(fold.train)
    has_skip = work.network.has_linear_skip
    # Zero cells where no network has a skip connection is such a network without its recurrent part: it reads no past.
    needs_linear = size == ZERO or has_skip
    linear = None
    if needs_linear:
        linear = zero_cells.fit_chosen(work.samples, scaling, fold, work.penalties, work.metric, has_skip)
    unscored = FittedFold(fold, scaling, linear, 0.0, 0.0)
    alone = scoring.score(work, FittedFold(fold, scaling, None, 0.0, 0.0), [], unscored.watched)
    return FittedFold(fold, scaling, linear, alone, scoring.score(work, unscored, [], unscored.watched))


def _agreed(fitted: FittedFold, ranks: Ranks) -> FittedFold:
    """A fold with the first process's scores before any training: what is decided is measured against them.

    On unlike machines each process's own have other last digits; processes that decide otherwise wait for each other
    for ever.
    """
    start_alone, start_linear = ranks.first([fitted.start_alone, fitted.start_linear])
    return replace(fitted, start_alone=start_alone, start_linear=start_linear)


def _statuses(joint: JointTraining) -> list[Status]:
    """What became of each network: in each fold one of the settings that ran to the end counts, by all its seeds."""
    statuses: list[Status] = [
        {"done": "ok", "dropped": "dropped"}.get(state.status, "failed")  # type: ignore[misc]
        for state in joint.states
    ]
    for fold in joint.fitted:
        finalists: dict[Setting, list[int]] = {}
        first = [index for index, state in enumerate(joint.states) if state.fold == fold and state.seed == 0]
        for index in first:
            if statuses[index] != "dropped" and (statuses[index] == "ok" or joint.states[index].curve):
                finalists[joint.states[index].setting] = []
        for index, state in enumerate(joint.states):
            if state.fold == fold and state.setting in finalists and statuses[index] != "dropped" and state.curve:
                finalists[state.setting].append(index)

        def mean(setting: Setting, finalists: dict[Setting, list[int]] = finalists) -> tuple[int, float]:
            done = [joint.states[index].kept_score for index in finalists[setting] if statuses[index] == "ok"]
            return -len(done), float(np.mean(done)) if done else np.inf

        best = min(finalists, key=mean, default=None)
        for setting, indices in finalists.items():
            for index in indices:
                if setting != best and statuses[index] == "ok":
                    statuses[index] = "runner_up"
    return statuses


def _errors(work: Work, fitted: FittedFold, networks: list[Net], chosen: Ints) -> list[Floats]:
    """Truth minus prediction, for each network: of a forecast in standard deviations of the training rows."""
    target = work.task.truth(fitted.scaling, chosen)
    return [work.task.residuals(outputs, target) for outputs in scoring.outputs(work, fitted, networks, chosen)]


def _finalists(fold: int, networks: list[Net], rows: list[Row]) -> list[tuple[bool, Net | None]]:
    """Whose residuals of a fold are kept: the first seed of the better setting of each kind, with skip and without.

    Which kind counts for the size is decided over all folds, later (`scores.marked`). One network and no mean of
    several: what is served is one too, and its errors are larger than those of a mean.
    """
    if not networks:  # zero cells: rows, and no network
        return [(False, None)]
    of_fold = [(row, network) for row, network in zip(rows, networks, strict=True) if row.fold == fold + 1]
    found: list[tuple[bool, Net | None]] = []
    for status in ("ok", "runner_up"):
        for row, network in sorted(of_fold, key=lambda pair: pair[0].seed):
            if row.status == status and (row.skip != "none") not in [has_skip for has_skip, _ in found]:
                found.append((row.skip != "none", network))
    return found


def _residuals(work: Work, fitted: FittedFold, network: Net | None) -> tuple[Floats, Ints]:
    """Truth minus forecast, NaN where unobserved, and the windows they belong to."""
    chosen = spread_out(fitted.fold.validation, RESIDUALS)
    (errors,) = _errors(work, fitted, [] if network is None else [network], chosen)
    return errors.astype(np.float32), chosen.astype(np.int64)


def _linear_row(work: Work, fold: int, fitted: FittedFold) -> Row:
    return Row(
        **_identity(work, ZERO, fold, fitted, Setting(0.0, 0.0, 0.0)),
        seed=0,
        status="ok",
        steps=0,
        trained=0,
        early_stopping_score=fitted.start_linear,
        train_score=_train_score(work, fitted, []),
        score=scoring.score(work, fitted, [], fitted.fold.validation),
    )


def _row(joint: JointTraining, state: NetworkState, status: Status, kept: Net, last: Net) -> Row:
    work, fitted, scored = joint.work, joint.fitted[state.fold], status in ("ok", "runner_up")
    return Row(
        **_identity(work, joint.size, state.fold, fitted, state.setting),
        seed=state.seed,
        status=status,
        steps=state.kept_step,
        trained=state.steps,
        early_stopping_score=state.kept_score if np.isfinite(state.kept_score) else None,
        train_score=_train_score(work, fitted, [last]) if scored else None,
        score=scoring.score(work, fitted, [kept], fitted.fold.validation) if scored else None,
    )


def _curve(work: Work, size: Size, state: NetworkState) -> list[Check]:
    """The learning curve of a network; empty if it never began."""
    return [
        Check(
            size.layers,
            size.units,
            state.fold + 1,
            state.seed,
            **vars(state.setting),
            step=number * work.training.check_every,
            train_loss=loss,
            early_stopping_score=score,
        )
        for number, (loss, score) in enumerate(state.curve, start=1)
    ]


def _train_score(work: Work, fitted: FittedFold, networks: list[Net]) -> float:
    """The score on as many training windows as there are validation windows."""
    return scoring.score(work, fitted, networks, spread_out(fitted.fold.train, len(fitted.fold.validation)))


def _identity(work: Work, size: Size, fold: int, fitted: FittedFold, setting: Setting) -> dict[str, Any]:
    costs = cost(size, work.network, shape(work.samples), setting.architecture if size != ZERO else None)
    return {
        "layers": size.layers,
        "units": size.units,
        "fold": fold + 1,
        **vars(setting),
        "penalty": fitted.linear.penalty if fitted.linear is not None and costs.linear else 0.0,
        "n_train": len(fitted.fold.train),
        "n_validation": len(fitted.fold.validation),
        "parameters": costs.parameters,
        "recurrent": costs.recurrent,
    }


def _milliseconds(work: Work, fitted: FittedFold, networks: list[Net]) -> float:
    """Time for the forecast of one window: the lower decile of a hundred, since other trials run at the same time."""
    window, times = fitted.fold.validation[:1], []
    for _ in range(100):
        began = time.perf_counter()
        scoring.outputs(work, fitted, networks, window)
        times.append(time.perf_counter() - began)
    return 1000 * float(np.quantile(times, 0.1))
