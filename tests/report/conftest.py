"""Toy artefacts: made-up figures that look like those of a real run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import folds
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.params import EarlyStopping, Report, Split
from cellsize.report import page

SCORES = {
    (0, 0): 0.3723, (1, 1): 0.3651, (1, 2): 0.3592, (1, 4): 0.3543, (1, 8): 0.3341, (1, 16): 0.3162, (1, 32): 0.2908,
    (1, 64): 0.2893, (1, 128): 0.2931, (2, 16): 0.3020, (2, 32): 0.2921,
}  # fmt: skip
FOLDS, ROWS, LOOKBACK, HORIZON = 5, 1500, 12, 6


def windows() -> Windows:
    """Two series of hours, with a hole of two days in the second."""
    rows, span = ROWS, LOOKBACK + HORIZON
    step = np.tile(np.arange(rows, dtype=np.int64), 2)
    series = np.repeat(np.arange(2, dtype=np.int64), rows)
    hour = np.sin(2 * np.pi * step / 24).astype(np.float32)[:, None]
    first = np.concatenate([np.arange(rows - span + 1), rows + np.arange(rows - span + 1)])
    first = first[(first < rows + 400) | (first > rows + 448)]
    first = first[np.lexsort((series[first], step[first]))]
    return Windows(
        inputs=hour, n_known_future=0, target=hour, step=step, series=series, first=first,
        names=("north", "south"), targets=("load",),
        epoch="2024-03-01T00:00:00", seconds=3600.0, lookback=LOOKBACK, horizon=HORIZON,
        transform="none", normalise="last",
    )  # fmt: skip


def labels(made: Windows) -> folds.Folds:
    """Five contiguous folds."""
    early_stopping = EarlyStopping(fraction=0.1, blocks=3)
    return folds.split(made, Split(holdout=0.2, folds=FOLDS, scheme="contiguous", early_stopping=early_stopping))


def cost(layers: int, units: int) -> dict[str, int]:
    """Parameters of one size, with six inputs and six outputs."""
    recurrent = sum(4 * units * ((6 if depth == 0 else units) + units + 2) for depth in range(layers))
    head = (units + 1) * 6 if units else 0
    return {"parameters": recurrent + head + 438, "recurrent": recurrent, "head": head, "linear": 438}


def candidates() -> dict[str, Any]:
    """The grid: every size tried, and two that were not."""
    samples = {"targets": 4032, "windows": 3400, "sequences": 2, "effective": 310}
    bounds = [
        {
            "samples": name, "alpha": alpha, "neurons": max(1, int(count / (alpha * 12))),
            "parameters_by_outputs": int(count * 6 / alpha), "parameters_by_samples": int(count / alpha),
            "units_by_outputs": max(1, int((count * 1.5 / alpha) ** 0.5)),
            "units_by_samples": max(1, int((count / 4 / alpha) ** 0.5)),
        }
        for name, count in samples.items()
        for alpha in (2.0, 5.0, 10.0)
    ]  # fmt: skip
    grid = [*SCORES, (1, 256), (2, 64)]
    extra = {"textbook": 1, "multiply_adds": 1, "bytes": 1, "past_bound": False, "on_grid": True, "guessed": False}
    described = [
        {"layers": layers, "units": units, **cost(layers, units), **extra} for layers, units in (*grid, (1, 168))
    ]
    return {
        "counted": "targets", "samples": samples, "n_inputs": 6, "n_outputs": 6,
        "bound": {"kind": "neurons", "alpha": 2.0, "units": 168}, "bounds": bounds,
        "candidates": described[:-1], "alpha_ladder": [described[-1], described[0]],
        "rules_of_thumb": [
            {"rule": "alpha = 2, one layer", "layers": 1, "units": 168},
            {"rule": "published nets", "layers": 2, "units": 32},
        ],
    }  # fmt: skip


def choice(layers: int = 1, units: int = 32) -> dict[str, Any]:
    """The choice of one of the sizes in `SCORES`; the best is 1 × 64."""
    error = 0.007 if units else 0.1
    sizes = [
        {
            "layers": tried[0], "units": tried[1], **cost(*tried), "learning_rate": 3e-3, "score": score,
            "score_se": 0.09, "difference": score - 0.2893, "difference_se": 0.0 if tried == (1, 64) else error,
            "within": score - 0.2893 <= error,
        }
        for tried, score in SCORES.items()
    ]  # fmt: skip
    keys = ("layers", "units", "parameters", "score", "score_se")
    by_size = {(row["layers"], row["units"]): {key: row[key] for key in keys} for row in sizes}
    return {
        **by_size[layers, units], "recurrent": cost(layers, units)["recurrent"],
        "learning_rate": 3e-3 if units else None, "dropout": 0.0, "weight_decay": 0.0, "epochs": 14 if units else None,
        "penalty": 100.0, "best": by_size[1, 64], "zero_cells": by_size[0, 0], "bound": 168, "bound_binding": False,
        "alpha_implied": 10.5 if units else None, "rule": "one_standard_error", "odds": None, "procedure": "climb",
        "reason": f"{layers} × {units} is the smallest of the sizes within one standard error of 1 × 64.",
        "cell": "lstm", "skip": "linear", "budget": None, "caution": "", "at_least": False,
        "rules_of_thumb": [
            {"rule": "alpha = 2, one layer", "layers": 1, "units": 168, "parameters": 120_000, "score": None,
             "difference": None, "difference_se": None},
            {"rule": "published nets", "layers": 2, "units": 32, "parameters": cost(2, 32)["parameters"],
             "score": SCORES[2, 32], "difference": 0.01, "difference_se": 0.004},
        ],
        "sizes": sizes,
        "spread": [{"layers": layers, "units": units, "count": 9}, {"layers": 1, "units": 16, "count": 1}],
    }  # fmt: skip


def evaluation() -> dict[str, Any]:
    """The model before every baseline."""

    def errors(scale: float) -> dict[str, Any]:
        return {"mae": 0.0117 * scale, "rmse": 0.0241 * scale, "mase": 0.71 * scale, "nmse": 0.31 * scale**2,
                "by_step": [0.2, 0.4]}  # fmt: skip

    return {
        "model": errors(1), "windows": 580, "champion": {"version": "3", "nmse": 0.334},
        "baselines": {"naive": errors(2.1), "seasonal_naive": errors(1.4), "ridge_linear": errors(1.13)},
        "subset": {"origins": 40, "models": {"model": errors(1.02), "naive": errors(2), "AutoETS": errors(1.3)}},
    }  # fmt: skip


def trials() -> pd.DataFrame:
    """One row a fold and size; one training has failed."""
    rows = [
        {"layers": layers, "units": units, "fold": fold, "seed": 0, "learning_rate": 3e-3, "dropout": 0.0,
         "weight_decay": 0.0, "status": "ok", "epochs": 14, "score": score * (0.55 + 0.25 * fold)}
        for (layers, units), score in SCORES.items()
        for fold in range(1, FOLDS + 1)
    ]  # fmt: skip
    failed = {"layers": 2, "units": 64, "fold": 3, "seed": 0, "learning_rate": 3e-3, "status": "failed"}
    return pd.DataFrame([*rows, failed])


def curves() -> pd.DataFrame:
    """Falling and then slightly rising, at two learning rates."""
    rows = [
        {"layers": 1, "units": 32, "fold": fold, "seed": seed, "learning_rate": rate, "dropout": 0.0,
         "weight_decay": 0.0, "epoch": epoch, "train_loss": 1.0,
         "early_stopping_score": (0.1 + 0.1 * fold) * (1 + np.exp(-epoch / (2 + seed)) + 0.002 * max(0, epoch - 8))}
        for fold in range(1, FOLDS + 1)
        for seed in (0, 1)
        for rate in (1e-3, 3e-3)
        for epoch in range(1, 15 + fold)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def forecasts() -> pd.DataFrame:
    """One origin every six hours over the holdout, two series."""
    origin = pd.Timestamp("2024-05-01") + pd.to_timedelta(6 * np.arange(48), "h")
    index = pd.MultiIndex.from_product([["north", "south"], ["load"], origin, range(1, 7)])
    table = index.to_frame(index=False, name=["series", "target", "origin", "step"])
    table["time"] = table["origin"] + pd.to_timedelta(table["step"], "h")
    noise = np.random.default_rng(0).normal(size=(4, len(table)))
    table["truth"] = 5 + np.sin(2 * np.pi * table["time"].dt.hour / 24) + 0.1 * noise[0]
    for number, name in enumerate(("model", "ridge_linear", "seasonal_naive"), 1):
        table[name] = table["truth"] + 0.1 * number * noise[number]
    return table


def write(folder: Path, **changed: dict[str, Any]) -> dict[str, Path]:
    """Writes every artefact, with some JSON ones replaced.

    Returns:
        The arguments of `page.read`.
    """
    made = windows()
    plain = {
        "candidates": candidates(), "choice": choice(), "evaluation": evaluation(),
        "baselines": {"all": {"naive": [2.0, 1.0], "ridge_linear": [0.3, 0.5]}, "subset": {}},
        "registration": {"name": "toy", "version": "4", "alias": "champion", "registered": True, "promoted": True,
                         "reason": "Better than every baseline, and than version 3."},
    }  # fmt: skip
    paths = {name: folder / f"{name}.json" for name in (*plain, "schema")}
    for name, content in (plain | changed).items():
        paths[name].write_text(json.dumps(content), encoding="utf-8")
    schema = Schema(
        time=("time",), series="place", targets=("load",), past_covariates=(), categorical_covariates={}, known_future_covariates=(), calendar=(),
        timezone=None, frequency="h", gap=48, flagged=(),
    )  # fmt: skip
    schema.save(paths["schema"])
    timings = pd.DataFrame(
        [{"layers": size[0], "units": size[1], "seconds": 3.2 + size[1], "milliseconds": 0.1} for size in SCORES]
    )
    for name, table in (("trials", trials()), ("curves", curves()), ("timings", timings)):
        paths[name] = folder / f"{name}.csv"
        table.to_csv(paths[name], index=False)
    paths |= {name: folder / f"{name}.parquet" for name in ("folds", "forecasts")}
    pd.DataFrame(folds.save_labels(labels(made))).to_parquet(paths["folds"])
    forecasts().to_parquet(paths["forecasts"])
    paths["windows"] = folder / "windows.npz"
    made.save(paths["windows"])
    return paths


@pytest.fixture
def report() -> Report:
    return Report(title="Toy load", unit="MW", examples=2)


@pytest.fixture
def toy(tmp_path: Path) -> Callable[..., page.Inputs]:
    """Inputs of the page, with some JSON artefacts replaced."""
    return lambda **changed: page.read(**write(tmp_path, **changed))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the charts out: a rule about words need not wait for them."""
    for name in ("sizes", "folds", "curves", "forecasts"):
        monkeypatch.setattr(f"cellsize.report.charts.{name}", lambda *_: "<svg></svg>")


@pytest.fixture
def made_choice() -> Callable[..., dict[str, Any]]:
    return choice


@pytest.fixture
def made_evaluation() -> Callable[[], dict[str, Any]]:
    return evaluation


@pytest.fixture
def made_windows() -> Windows:
    return windows()


@pytest.fixture
def made_folds(made_windows: Windows) -> folds.Folds:
    return labels(made_windows)


@pytest.fixture
def made_forecasts() -> pd.DataFrame:
    return forecasts()


@pytest.fixture
def made_curves() -> pd.DataFrame:
    return curves().query("learning_rate == 0.003")
