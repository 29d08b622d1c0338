"""Problems whose right size is known, or ordered: made from a seed, as base arrays and folds."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import torch

from benchmarks import data
from cellsize import params
from cellsize.data.folds import Folds, split
from cellsize.data.windows import Windows
from cellsize.params import Params, Split, Training
from cellsize.training.records import Work

NOISE = 0.3
HOLDOUT, FOLDS = 0.1, 5


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        name: What it is called.
        work: Data, folds and how to train.
        units: The grid: zero cells, MLPs, and one layer of these.
        layers: Layers of the grid.
        solved: Score below which it counts as solved, or None.
        surely: The same with half the error: not met where one training of ten failed at the only bit.
        right: Units that are known to be right, or None where the grid itself tells the smallest adequate size.
        mlp_units: Hidden units of each MLP.
    """

    name: str
    work: Work
    units: tuple[int, ...]
    layers: int
    solved: float | None
    surely: float | None
    right: int | None
    mlp_units: tuple[int, ...] = ()


@cache
def shipped() -> Params:
    """The params.yaml that users begin with: its defaults are what the known problems are tested with."""
    return params.load(data.ROOT / "params.yaml")


def training() -> Training:
    """The shipped defaults, untuned to any problem."""
    return shipped().search.training


def _problem(
    name: str, work: Work, units: tuple[int, ...], layers: int, *, right: int | None = None,
    limits: tuple[float | None, float | None] = (None, None),
) -> Problem:  # fmt: skip
    """A problem with the shipped MLPs, and the limits below which it counts as solved, if there are any."""
    return Problem(name, work, units, layers, *limits, right, shipped().propose.mlp_units)


def _folds(windows: Windows, scheme: Literal["contiguous", "shuffled"]) -> Folds:
    early_stopping = shipped().split.early_stopping
    return split(windows, Split(scheme=scheme, holdout=HOLDOUT, folds=FOLDS, early_stopping=early_stopping))


def linear(seed: int) -> Problem:
    """A target that is linear in the window: an autoregression of order 3 with noise. Zero cells are right."""
    drawn = np.random.default_rng(seed)
    values, noise = np.zeros(2000), drawn.normal(size=2000)
    weights = drawn.uniform([0.3, 0.1, 0.05], [0.5, 0.3, 0.15])
    for t in range(3, 2000):
        values[t] = weights @ values[t - 3 : t][::-1] + noise[t]
    work = _series(values, seed, lookback=12, horizon=3)
    return _problem("linear", work, (1, 2, 4, 8, 16), 2, right=0)


def sinusoids(seed: int, count: int) -> Problem:
    """A sum of sinusoids with noise obeys a linear recurrence of order 2 · count: zero cells are right."""
    drawn = np.random.default_rng(seed)
    time = np.arange(2000)
    periods = drawn.uniform(5, 40, count)
    waves = np.sin(2 * np.pi * (time[:, None] / periods + drawn.uniform(0, 1, count)))
    values = waves.sum(axis=1) + drawn.normal(0, 0.1, time.size)
    work = _series(values, seed, lookback=24, horizon=3)
    return _problem(f"sinusoids-{count}", work, (1, 2, 4, 8, 16), 1, right=0)


def recall(seed: int, bits: int) -> Problem:
    """Independent bits, a delay, and the same bits to be given back.

    A linear model of the window gives them back too; a plain network has to hold them.
    """
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
    # A tenth of the bits' variance in addition to the noise: with signs read off, nearly every bit is right.
    solved, surely = ((NOISE**2 + missed) / float(np.var(values)) for missed in (0.1, 0.05))
    # Room above the smallest size that can be right, so that too large a choice shows.
    units = (1, 2, 4, 8, 16, 32, 64) if bits > 4 else (1, 2, 4, 8, 16)
    work = Work(
        windows,
        _folds(windows, "shuffled"),
        shipped().propose.network,
        training(),
        (1.0,),
        seed,
        shipped().choose.metric,
    )
    return _problem(f"recall-{bits}", work, units, 1, limits=(solved, surely))


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
    work = _series(values, seed, lookback=16, horizon=1, known_future=driver)
    return _problem(f"teacher-{units}", work, (1, 2, 4, 8, 16), 1, right=units)


def _series(
    values: np.ndarray,
    seed: int,
    lookback: int,
    horizon: int,
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
    network = shipped().propose.network
    return Work(
        windows, _folds(windows, "contiguous"), network, training(), (1.0, 10.0, 100.0), seed, shipped().choose.metric
    )
