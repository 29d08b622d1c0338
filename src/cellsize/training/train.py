"""Trains one size on every fold and scores it. Knows neither Ray nor MLflow, so that it runs anywhere."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cellsize.data.batches import chunks, fit_scaling, truth
from cellsize.data.folds import Fold
from cellsize.data.forecast import Forecast
from cellsize.data.windows import Floats, Ints
from cellsize.models import engine, stacked
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, forecast
from cellsize.models.ridge_linear import fit_chosen
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training.fit import fit, kept_networks, last_networks
from cellsize.training.joint import JointTraining
from cellsize.training.records import Epoch, Result, Row, Setting, Work
from cellsize.training.state import NetworkState, settings

RESIDUALS = 1000


def train(
    work: Work,
    size: Size,
    checkpoint: Path | None = None,
    on_epoch: Callable[[int], None] | None = None,
    accelerator: str = "cpu",
    folds: Sequence[int] | None = None,
) -> Result:
    """Trains a size on every fold, or on some, and scores it on the validation sets.

    Args:
        work: Data, folds and how to train.
        size: What to train; (0, 0) is the ridge-linear model alone.
        checkpoint: Where to save the state between epochs; resumes from it if it is there.
        on_epoch: Called with the number of epochs done after each.
        accelerator: Lightning's name of the device: cpu or gpu.
        folds: Which folds, from 0; by default all. A fold's numbers do not depend on the others'.

    Returns:
        A row for each fold, seed and setting, learning curves, and residuals.

    Raises:
        InputError: The fused kernels are asked for, and cannot run these networks.
    """
    began = time.perf_counter()
    engine.check(work.network, work.training, accelerator)
    chosen = range(len(work.folds.labels)) if folds is None else folds
    fitted = {fold: _fit_fold(work, work.folds.fold(fold), size) for fold in chosen}
    networks: list[Net] = []
    curves: list[Epoch] = []
    if size == ZERO:
        rows = [_linear_row(work, fold, of_fold) for fold, of_fold in fitted.items()]
    else:
        joint = JointTraining(work, size, fitted, shape(work.windows), settings(work))
        fit(joint, checkpoint, on_epoch, accelerator)
        train_scores = [
            _train_score(work, fitted[state.fold], [network]) if state.status == "done" else None
            for state, network in zip(joint.states, last_networks(joint), strict=True)
        ]
        networks = kept_networks(joint)
        rows = [
            _row(joint, state, network, train_score)
            for state, network, train_score in zip(joint.states, networks, train_scores, strict=True)
        ]
        curves = [epoch for state in joint.states for epoch in _curve(size, state)]
    residuals = []
    for fold, of_fold in fitted.items():
        # Zero cells have rows, and no network.
        pairs = zip(networks, rows, strict=False)
        scored = [network for network, row in pairs if row.fold == fold + 1 and row.status == "ok"]
        residuals.append(_residuals(work, of_fold, scored))
    return Result(
        rows=tuple(rows),
        epochs=tuple(curves),
        residuals=np.concatenate([errors for errors, _ in residuals]),
        residual_windows=np.concatenate([windows for _, windows in residuals]),
        seconds=time.perf_counter() - began,
        milliseconds=_milliseconds(work, next(iter(fitted.values())), networks[:1]),
    )


def _fit_fold(work: Work, fold: Fold, size: Size) -> FittedFold:
    scaling = fit_scaling(work.windows, fold.train)
    has_skip = work.network.skip == "linear"
    # Zero cells without the skip connection is the same network without its recurrent part: it reads no past.
    needs_linear = size == ZERO or has_skip
    linear = fit_chosen(work.windows, scaling, fold, work.penalties, work.metric, has_skip) if needs_linear else None
    untrained = FittedFold(fold, scaling, linear, 0.0)
    return FittedFold(fold, scaling, linear, _score(work, untrained, [], fold.early_stopping))


def _errors(work: Work, fitted: FittedFold, networks: list[Net], chosen: Ints) -> list[Floats]:
    """Truth minus forecast in standard deviations of the training rows, for each network."""
    target = truth(work.windows, fitted.scaling, chosen)
    return [target - forecasts for forecasts in _forecasts(work, fitted, networks, chosen)]


def _forecasts(work: Work, fitted: FittedFold, networks: list[Net], chosen: Ints) -> list[Floats]:
    forward = partial(stacked.forward, engine=work.training.engine)
    return forecast(work.windows, fitted, networks, chosen, forward)


def _score(work: Work, fitted: FittedFold, networks: list[Net], chosen: Ints) -> float:
    """Normalised MSE or MAE of the first network, or without any of the ridge-linear model; piece by piece."""
    task, total, scale = Forecast.of(work.windows), 0.0, fitted.scaling.error_scale(work.metric)
    for piece in chunks(chosen):
        forecasts = _forecasts(work, fitted, networks, piece)[0]
        total += float(task.error_sum(forecasts, truth(work.windows, fitted.scaling, piece), scale, work.metric))
    return task.score(total, len(chosen))


def _spread_out(chosen: Ints, count: int) -> Ints:
    """At most `count` of the chosen windows, evenly."""
    if len(chosen) <= count:
        return chosen
    return chosen[np.linspace(0, len(chosen) - 1, count).astype(np.int64)]


def _residuals(work: Work, fitted: FittedFold, networks: list[Net]) -> tuple[Floats, Ints]:
    """Truth minus forecast, mean over the networks, and the windows they belong to."""
    chosen = _spread_out(fitted.fold.validation, RESIDUALS)
    return np.mean(_errors(work, fitted, networks, chosen), axis=0).astype(np.float32), chosen.astype(np.int64)


def _linear_row(work: Work, fold: int, fitted: FittedFold) -> Row:
    return Row(
        **_identity(work, ZERO, fold, fitted),
        seed=0,
        **vars(Setting(0.0, 0.0, 0.0)),
        status="ok",
        epochs=0,
        early_stopping_score=fitted.start,
        train_score=_train_score(work, fitted, []),
        score=_score(work, fitted, [], fitted.fold.validation),
    )


def _row(joint: JointTraining, state: NetworkState, network: Net, train_score: float | None) -> Row:
    work, fitted, scored = joint.work, joint.fitted[state.fold], state.status == "done"
    return Row(
        **_identity(work, joint.size, state.fold, fitted),
        seed=state.seed,
        **vars(state.setting),
        status="ok" if scored else "dropped" if state.status == "dropped" else "failed",
        epochs=state.kept_epoch,
        early_stopping_score=state.kept_score if np.isfinite(state.kept_score) else None,
        train_score=train_score,
        score=_score(work, fitted, [network], fitted.fold.validation) if scored else None,
    )


def _curve(size: Size, state: NetworkState) -> list[Epoch]:
    """The learning curve of a network; empty if it never began."""
    return [
        Epoch(
            size.layers,
            size.units,
            state.fold + 1,
            state.seed,
            **vars(state.setting),
            epoch=epoch,
            train_loss=loss,
            early_stopping_score=score,
        )
        for epoch, (loss, score) in enumerate(state.curve, start=1)
    ]


def _train_score(work: Work, fitted: FittedFold, networks: list[Net]) -> float:
    """The score on as many training windows as there are validation windows."""
    return _score(work, fitted, networks, _spread_out(fitted.fold.train, len(fitted.fold.validation)))


def _identity(work: Work, size: Size, fold: int, fitted: FittedFold) -> dict[str, Any]:
    return {
        "layers": size.layers,
        "units": size.units,
        "fold": fold + 1,
        "penalty": fitted.linear.penalty if fitted.linear is not None else 0.0,
        "n_train": len(fitted.fold.train),
        "n_validation": len(fitted.fold.validation),
        "parameters": cost(size, work.network, shape(work.windows)).parameters,
    }


def _milliseconds(work: Work, fitted: FittedFold, networks: list[Net]) -> float:
    """Time for the forecast of one window: the lower decile of a hundred, since other trials run at the same time."""
    window, times = fitted.fold.validation[:1], []
    for _ in range(100):
        began = time.perf_counter()
        _forecasts(work, fitted, networks, window)
        times.append(time.perf_counter() - began)
    return 1000 * float(np.quantile(times, 0.1))
