"""Problems whose right size is known, or ordered: made from a seed, as base arrays and folds."""

from dataclasses import dataclass

import numpy as np
import torch

from cellsize.data.folds import split
from cellsize.data.windows import Windows
from cellsize.params import Network, Split, Training
from cellsize.training.records import Work

NOISE = 0.3
SPLIT = {"holdout": 0.1, "folds": 5, "early_stopping": {"fraction": 0.15, "blocks": 3}}
NETWORK = {"cell": "lstm", "projection": 0, "bidirectional": False, "head": "last"}


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        name: What it is called.
        work: Data, folds and how to train.
        units: The grid: zero cells, and one layer of these.
        layers: Layers of the grid.
        solved: Score below which it counts as solved, or None.
        surely: The same with half the error: not met where one training of ten failed at the only bit.
        right: Units that are known to be right, or None where the grid itself tells the smallest adequate size.
    """

    name: str
    work: Work
    units: tuple[int, ...]
    layers: int
    solved: float | None
    surely: float | None
    right: int | None


def training(**changes: object) -> Training:
    """Small data are gone through more often, in small batches, without dropout, three times a fold.

    With two trainings the luckiest size sometimes beats zero cells where networks add nothing. Recall, where they add
    much, has two.
    """
    settings: dict[str, object] = {
        "learning_rates": (0.003, 0.01, 0.03), "dropouts": (0.0,), "weight_decays": (0.0,), "rungs": (3, 8),
        "seeds": 3, "epochs": 20, "schedule": "linear", "patience": 10, "batch_size": 64, "max_gradient_norm": 1.0,
        "ema_decay": 0.98, "engine": "auto",
    }  # fmt: skip
    return Training(**{**settings, **changes})  # type: ignore[arg-type]


def linear(seed: int) -> Problem:
    """A target that is linear in the window: an autoregression of order 3 with noise. Zero cells are right."""
    drawn = np.random.default_rng(seed)
    values, noise = np.zeros(2000), drawn.normal(size=2000)
    weights = drawn.uniform([0.3, 0.1, 0.05], [0.5, 0.3, 0.15])
    for t in range(3, 2000):
        values[t] = weights @ values[t - 3 : t][::-1] + noise[t]
    work = _series(values, seed, lookback=12, horizon=3, skip="linear", train=training())
    return Problem("linear", work, (1, 2, 4, 8, 16), 2, None, None, 0)


def sinusoids(seed: int, count: int) -> Problem:
    """A sum of sinusoids with noise obeys a linear recurrence of order 2 · count: zero cells are right."""
    drawn = np.random.default_rng(seed)
    time = np.arange(2000)
    periods = drawn.uniform(5, 40, count)
    waves = np.sin(2 * np.pi * (time[:, None] / periods + drawn.uniform(0, 1, count)))
    values = waves.sum(axis=1) + drawn.normal(0, 0.1, time.size)
    work = _series(values, seed, lookback=24, horizon=3, skip="linear", train=training())
    return Problem(f"sinusoids-{count}", work, (1, 2, 4, 8, 16), 1, None, None, 0)


def recall(seed: int, bits: int) -> Problem:
    """Independent bits, a delay, and the same bits to be given back: the network alone has to hold them."""
    drawn = np.random.default_rng(seed)
    sequences, delay = 1000, 3
    signs = drawn.choice([-1.0, 1.0], (sequences, bits))
    # Without noise in what comes back, a score of 0.0001 is significantly worse than one of 0.
    noisy = signs + drawn.normal(0, NOISE, signs.shape)
    values = np.concatenate([signs, np.zeros((sequences, delay)), noisy], axis=1).astype(np.float32)
    span = values.shape[1]
    windows = Windows(
        inputs=values.reshape(-1, 1),
        n_known_future=0,
        target=values.reshape(-1, 1).copy(),
        offset=np.zeros(1),
        step=np.tile(np.arange(span), sequences),
        series=np.repeat(np.arange(sequences), span),
        first=np.arange(sequences) * span,
        names=tuple(map(str, range(sequences))),
        targets=("bit",),
        epoch="2026-01-01T00:00:00",
        seconds=3600.0,
        lookback=bits + delay,
        cell_lookback=bits + delay,
        horizon=bits,
        transform="none",
        normalise="none",
        origin=np.zeros((values.size, 0), np.int16),
        linear_calendar=(),
    )
    folds = split(windows, Split(scheme="shuffled", **SPLIT))  # type: ignore[arg-type]
    network = Network(skip="none", **NETWORK)  # type: ignore[arg-type]
    train = training(
        learning_rates=(0.01, 0.03, 0.1), rungs=(10, 30), seeds=2, epochs=100 if bits > 4 else 60, patience=25,
        ema_decay=0.95,
    )  # fmt: skip
    # A tenth of the bits' variance in addition to the noise: with signs read off, nearly every bit is right.
    solved, surely = ((NOISE**2 + missed) / float(np.var(values)) for missed in (0.1, 0.05))
    # Room above the smallest size that can be right, so that too large a choice shows.
    units = (1, 2, 4, 8, 16, 32, 64) if bits > 4 else (1, 2, 4, 8, 16)
    work = Work(windows, folds, network, train, (1.0,), seed, "mse")
    return Problem(f"recall-{bits}", work, units, 1, solved, surely, None)


def teacher(seed: int, units: int) -> Problem:
    """A series driven by noise through a random LSTM of known size; the network sees the noise."""
    drawn = np.random.default_rng(seed)
    torch.manual_seed(seed)
    rows = 3000
    driver = drawn.normal(size=(rows, 1)).astype(np.float32)
    cell, out = torch.nn.LSTM(1, units, batch_first=True), torch.nn.Linear(units, 1)
    with torch.no_grad():
        for weight in cell.parameters():
            weight.mul_(2.5 * units**0.5)
        outputs = out(cell(torch.from_numpy(driver)[None])[0])[0].numpy()[:, 0]
    values = (outputs - outputs.mean()) / outputs.std() + drawn.normal(0, 0.1, rows)
    # The driver of the hour to be predicted is known, as weather forecasts are.
    work = _series(values, seed, lookback=16, horizon=1, skip="linear", train=training(), known_future=driver)
    return Problem(f"teacher-{units}", work, (1, 2, 4, 8, 16), 1, None, None, units)


def _series(
    values: np.ndarray,
    seed: int,
    lookback: int,
    horizon: int,
    skip: str,
    train: Training,
    known_future: np.ndarray | None = None,
) -> Work:
    rows = len(values)
    ahead = np.zeros((rows, 0), np.float32) if known_future is None else known_future
    target = values.reshape(-1, 1).astype(np.float32)
    windows = Windows(
        inputs=np.ascontiguousarray(np.hstack([target, ahead])),
        n_known_future=ahead.shape[1],
        target=target,
        offset=np.zeros(1 + ahead.shape[1]),
        step=np.arange(rows),
        series=np.zeros(rows, np.int64),
        first=np.arange(rows - lookback - horizon + 1),
        names=("all",),
        targets=("value",),
        epoch="2026-01-01T00:00:00",
        seconds=3600.0,
        lookback=lookback,
        cell_lookback=lookback,
        horizon=horizon,
        transform="none",
        normalise="none",
        origin=np.zeros((len(values), 0), np.int16),
        linear_calendar=(),
    )
    folds = split(windows, Split(scheme="contiguous", **SPLIT))  # type: ignore[arg-type]
    network = Network(skip=skip, **NETWORK)  # type: ignore[arg-type]
    return Work(windows, folds, network, train, (1.0, 10.0, 100.0), seed, "mse")
