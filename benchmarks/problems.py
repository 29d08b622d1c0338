"""Problems whose law is known: from a seed a development set, and any number of fresh rows of the same law.

A problem is a law. Its seed draws what the law leaves open (the weights of an autoregression, the periods of waves, a
teacher's weights), then the development set, and, independently, fresh rows: the true error of a forecaster is measured
on these. What can be known of the target at each origin is kept with them (`Sample.expected`), so that the noise, which
no forecaster can know, adds no noise to the truth. Labelled sequences are in `labelled.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import lfilter

from benchmarks import data
from cellsize import params_file
from cellsize.data.folds import Folds, split
from cellsize.data.windows import Floats, Windows
from cellsize.params import Params, Training
from cellsize.params_data import Split
from cellsize.tasks.samples import Samples, windows_of
from cellsize.training.records import Work

NOISE = 0.3
HOLDOUT, FOLDS = 0.1, 5
FRESH = 100_000  # values to be predicted that the truth is measured on
LAW, DEVELOPMENT, NEW = range(3)  # what is drawn from a seed, each independently of the others
SHORT = (1, 2, 4, 8, 16)

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Rows drawn from a law.

    Attributes:
        samples: Base arrays and index.
        expected: What a forecaster that knows the law and its hidden state would forecast in each window, shape
            (windows, horizon, n_targets); of labelled sequences the probability of each class, (sequences, 1, classes).
    """

    samples: Samples
    expected: Floats

    @property
    def windows(self) -> Windows:
        """The samples of a forecast."""
        return windows_of(self.samples)


Draw = Callable[[np.random.Generator, int], Sample]


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        name: What it is called.
        work: Data, folds and how to train.
        units: The grid: zero cells, MLPs, and layers of these.
        layers: Layers of the grid, at most.
        noise: Mean squared error of the forecasts `Sample.expected`: no forecaster has less. Of labelled sequences the
            log loss of these probabilities, the Bayes risk.
        fresh: Draws at least so many fresh values to be predicted, of the same law, and always the same ones.
        mlp_units: Hidden units of each MLP.
    """

    name: str
    work: Work
    units: tuple[int, ...]
    layers: int
    noise: float
    fresh: Callable[[int], Sample]
    mlp_units: tuple[int, ...] = ()


@cache
def shipped() -> Params:
    """The params.yaml that users begin with: its defaults are what the known problems are tested with."""
    return params_file.load(data.ROOT / "params.yaml")


def training() -> Training:
    """The shipped defaults, untuned to any problem."""
    return shipped().search.training


# --- series that are linear in their window ---------------------------------------------------------------------------


def linear(seed: int) -> Problem:
    """An autoregression of order 3 with noise: zero cells are enough."""
    weights = _generator(seed, LAW).uniform([0.3, 0.1, 0.05], [0.5, 0.3, 0.15])
    horizon = 3
    # How much of each step's noise is in the value so many steps later.
    passed_on = lfilter([1.0], [1.0, *-weights], np.eye(1, horizon)[0])

    def draw(generator: np.random.Generator, rows: int) -> Sample:
        values = lfilter([1.0], [1.0, *-weights], generator.normal(size=rows + 200))[200:]
        seen = np.stack([np.roll(values, lag) for lag in range(3)], axis=1)  # the first two rows are never an origin
        forecasts = np.empty((rows, horizon))
        for step in range(horizon):
            forecasts[:, step] = seen @ weights
            seen = np.column_stack([forecasts[:, step], seen[:, :2]])
        return _series(values, forecasts, lookback=12)

    noise = float(np.mean(np.cumsum(passed_on**2)))
    return _problem("linear", seed, draw, 2000, SHORT, noise, layers=2)


def sinusoids(seed: int, count: int) -> Problem:
    """A sum of sinusoids with noise obeys a linear recurrence of order 2 · count: zero cells are enough."""
    periods, horizon, noise = _generator(seed, LAW).uniform(5, 40, count), 3, 0.1

    def draw(generator: np.random.Generator, rows: int) -> Sample:
        phases = generator.uniform(0, 1, count)
        waves = np.sin(2 * np.pi * (np.arange(rows)[:, None] / periods + phases)).sum(axis=1)
        values = waves + generator.normal(0, noise, rows)
        return _series(values, _next(waves, horizon), lookback=24)

    return _problem(f"sinusoids-{count}", seed, draw, 2000, SHORT, noise**2)


# --- sequences --------------------------------------------------------------------------------------------------------


def recall(seed: int, bits: int) -> Problem:
    """Independent bits, a delay, and the same bits to be given back.

    A linear model of the window gives them back too; a plain network has to hold them.
    """
    delay = 3

    def draw(generator: np.random.Generator, sequences: int) -> Sample:
        signs = generator.choice([-1.0, 1.0], (sequences, bits))
        seen = np.concatenate([signs, np.zeros((sequences, delay))], axis=1)
        return _sequences(generator, seen[:, :, None], signs)

    # Room above the smallest size that can be right, so that too large a choice shows.
    units = (*SHORT, 32, 64) if bits > 4 else SHORT
    return _problem(f"recall-{bits}", seed, draw, 1000, units, NOISE**2)


def delay(seed: int, steps: int) -> Problem:
    """The last of some marked bits, to be given back after a delay in which other bits come by; one cell is enough.

    A bit and a mark come at each step. The first 16 steps have marks, each one with probability a quarter, the first
    one always. What is wanted depends on products of bits and marks: a linear model of the window knows a seventh of
    its variance at most (the later a bit, the likelier it is the last one), and an MLP has to learn each of 16 steps.
    """
    marked = 16

    def draw(generator: np.random.Generator, sequences: int) -> Sample:
        bits = generator.choice([-1.0, 1.0], (sequences, marked + steps))
        marks = np.zeros(bits.shape)
        marks[:, :marked] = generator.random((sequences, marked)) < 0.25
        marks[:, 0] = 1
        held = _last_written(bits, marks[:, :, None])
        return _sequences(generator, np.stack([bits, marks], axis=2), held)

    return _problem(f"delay-{steps}", seed, draw, 2000, (1, 2, 4, 8), NOISE**2)


def hold(seed: int, registers: int) -> Problem:
    """Registers that each hold the last bit written to them; all have to be given back. Needs one cell for each.

    A bit comes at each of 12 steps, and for each register a mark that tells whether it is written there, with
    probability a quarter. A register reads 0 until it is written. What it holds depends on products of bits and marks
    and on their order: a linear model of the window knows a seventh of the variance at most, and the MLPs of the grid
    are far too small for so many registers. With n cells n registers can be held.
    """
    steps = 12

    def draw(generator: np.random.Generator, sequences: int) -> Sample:
        bits = generator.choice([-1.0, 1.0], (sequences, steps))
        marks = (generator.random((sequences, steps, registers)) < 0.25).astype(np.float64)
        seen = np.concatenate([bits[:, :, None], marks], axis=2)
        return _sequences(generator, seen, _last_written(bits, marks))

    return _problem(f"hold-{registers}", seed, draw, 4000, (*SHORT, 32, 64), NOISE**2)


def parity(seed: int, bits: int) -> Problem:
    """The product of the marked bits, ±1, with noise; two cells are enough, and few trainings find out how.

    Of twice as many steps, each with a bit, so many have a mark. Every proper subset of the marked bits says nothing,
    and an MLP would have to know every choice of marks.
    """
    steps, noise = 2 * bits, 0.5

    def draw(generator: np.random.Generator, sequences: int) -> Sample:
        signs = generator.choice([-1.0, 1.0], (sequences, steps))
        marks = np.argsort(generator.random((sequences, steps)), axis=1) < bits
        product = np.where(marks, signs, 1.0).prod(axis=1, keepdims=True)
        return _sequences(generator, np.stack([signs, marks], axis=2), product, noise)

    return _problem(f"parity-{bits}", seed, draw, 4000, SHORT, noise**2)


# --- series of a random network ---------------------------------------------------------------------------------------

Noise = Callable[[np.random.Generator, int, float], Values]


def _even(generator: np.random.Generator, rows: int, deviation: float) -> Values:
    return generator.normal(0, deviation, rows)


def _changing(generator: np.random.Generator, rows: int, deviation: float) -> Values:
    """Noise whose standard deviation wanders by a factor of about three either way, over some fifty steps."""
    spread, persistence = 0.6, 0.98
    # Stationary from the first row on.
    first = np.array([persistence * generator.normal(0, spread)])
    steps = generator.normal(0, spread * (1 - persistence**2) ** 0.5, rows)
    logarithms, _ = lfilter([1.0], [1.0, -persistence], steps, zi=first)
    # The mean of exp(2x) is exp(2 spread²) for a normal x.
    changing: Values = deviation * np.exp(logarithms - spread**2) * generator.normal(size=rows)
    return changing


def _heavy(generator: np.random.Generator, rows: int, deviation: float) -> Values:
    """Student's t with three degrees of freedom, whose variance is 3."""
    return deviation / 3**0.5 * generator.standard_t(3, rows)


def teacher(
    seed: int,
    units: int,
    layers: int = 1,
    name: str = "",
    rows: int = 3000,
    deviation: float = 0.1,
    noise: Noise = _even,
    drift: float = 0.0,
) -> Problem:
    """A series driven by noise through a random LSTM of known size; the network sees the noise that drives it.

    Args:
        seed: Of the law, and of all that is drawn from it.
        units: Of each of the teacher's layers.
        layers: Its layers; with several, so many are in the grid.
        name: What the problem is called, in place of its size.
        rows: Of the development set, with its holdout.
        deviation: Standard deviation of the noise; that of the outputs is 1.
        noise: Draws the noise.
        drift: How far the level rises over the last fifth before the holdout. Fresh rows have the level that it
            reaches: what comes next.
    """
    torch.manual_seed(int(_generator(seed, LAW).integers(2**31)))
    cell, out = torch.nn.LSTM(1, units, num_layers=layers, batch_first=True), torch.nn.Linear(units, 1)
    with torch.no_grad():
        for weight in cell.parameters():
            weight.mul_(2.5 * units**0.5)

    def outputs(driver: Floats) -> Floats:
        with torch.no_grad():
            values: Floats = out(cell(torch.from_numpy(driver)[None])[0])[0].numpy()[:, 0].astype(np.float64)
        return values

    scale = outputs(_generator(seed, LAW).normal(size=(20_000, 1)).astype(np.float32))
    mean, std = float(scale.mean()), float(scale.std())

    def draw(generator: np.random.Generator, drawn: int, before_drift: bool = True) -> Sample:
        before = 100  # for the teacher to forget how it began
        driver = generator.normal(size=(before + drawn, 1)).astype(np.float32)
        values = ((outputs(driver) - mean) / std)[before:]
        if before_drift:
            begin, end = round((1 - HOLDOUT) * 0.8 * rows), round((1 - HOLDOUT) * rows)
            values += drift * np.clip((np.arange(drawn) - begin) / (end - begin), 0, 1)
        else:
            values += drift
        # The driver of the hour to be predicted is known, as weather forecasts are.
        return _series(
            values + noise(generator, drawn, deviation), _next(values, 1), lookback=16, ahead=driver[before:]
        )

    name = name or f"teacher-{units}" + f"-{units}" * (layers - 1)
    return _problem(name, seed, draw, rows, SHORT, deviation**2, layers, partial(draw, before_drift=False))


def drifting(seed: int) -> Problem:
    """A teacher of four cells whose level rises by two standard deviations over the last fifth before the holdout."""
    return teacher(seed, 4, name="drift", drift=2.0)


def few(seed: int) -> Problem:
    """A teacher of four cells, and 300 to 600 windows in all."""
    windows = int(_generator(seed, LAW).integers(300, 601))
    return teacher(seed, 4, name="few-windows", rows=windows + 16)


def changing_variance(seed: int) -> Problem:
    """A teacher of four cells, and noise whose variance wanders."""
    return teacher(seed, 4, name="changing-variance", deviation=NOISE, noise=_changing)


def heavy_tails(seed: int) -> Problem:
    """A teacher of four cells, and noise with heavy tails."""
    return teacher(seed, 4, name="heavy-tails", deviation=NOISE, noise=_heavy)


MAKERS: dict[str, Callable[[int], Problem]] = {
    "linear": linear,
    "sinusoids-2": partial(sinusoids, count=2),
    "sinusoids-4": partial(sinusoids, count=4),
    "recall-1": partial(recall, bits=1),
    "recall-2": partial(recall, bits=2),
    "recall-4": partial(recall, bits=4),
    "recall-8": partial(recall, bits=8),
    "parity-5": partial(parity, bits=5),
    "delay-48": partial(delay, steps=48),
    "delay-96": partial(delay, steps=96),
    "hold-24": partial(hold, registers=24),
    "teacher-1": partial(teacher, units=1),
    "teacher-4": partial(teacher, units=4),
    "teacher-4-4": partial(teacher, units=4, layers=2),
    "few-windows": few,
    "drift": drifting,
    "changing-variance": changing_variance,
    "heavy-tails": heavy_tails,
}


# What is known of the size without any training. What a training can do with it is measured.
KNOWN = {
    **dict.fromkeys(("linear", "sinusoids-2", "sinusoids-4"), "linear in the window: no memory cells"),
    **{
        f"recall-{bits}": f"linear in the window: no memory cells; plain networks have to hold {bits} bits"
        for bits in (1, 2, 4, 8)
    },
    "parity-5": "two cells; no linear model, no small MLP",
    **dict.fromkeys(("delay-48", "delay-96"), "one cell; no linear model, no small MLP"),
    "hold-24": "24 cells, so 32 of the grid; no linear model, no small MLP",
    "teacher-1": "one cell",
    "teacher-4-4": "two layers of four cells, or some larger single one",
    **dict.fromkeys(("teacher-4", "few-windows", "drift", "changing-variance", "heavy-tails"), "four cells"),
}


# --- from values to windows -------------------------------------------------------------------------------------------


def _generator(seed: int, what: int) -> np.random.Generator:
    return np.random.default_rng([seed, what])


def _problem(
    name: str,
    seed: int,
    draw: Draw,
    count: int,
    units: tuple[int, ...],
    noise: float,
    layers: int = 1,
    draw_fresh: Draw | None = None,
) -> Problem:
    """A problem with the shipped MLPs, network, training, ridge penalties and metric.

    Args:
        name: What it is called.
        seed: Of all that is drawn, and of the training.
        draw: Draws so many rows of a series, or so many sequences.
        count: Rows or sequences of the development set.
        units: Units of the grid.
        noise: See `Problem`.
        layers: Layers of the grid, at most.
        draw_fresh: Draws fresh rows, where these are not like all of the development set.
    """
    windows = draw(_generator(seed, DEVELOPMENT), count).windows
    settings = shipped()
    # One window for each sequence, or nearly one for each row of a series.
    scheme: Literal["contiguous", "shuffled"] = "contiguous" if len(windows.names) == 1 else "shuffled"

    def fresh(values: int = FRESH) -> Sample:
        sequences_or_rows = -(-values // windows.horizon) + (windows.span if scheme == "contiguous" else 0)
        return (draw_fresh or draw)(_generator(seed, NEW), sequences_or_rows)

    work = Work(
        samples=windows,
        folds=_folds(windows, scheme),
        network=settings.propose.network,
        training=training(),
        penalties=settings.baseline.penalties,
        seed=seed,
        metric=settings.choose.metric,
    )
    return Problem(name, work, units, layers, noise, fresh, settings.propose.mlp_units)


def _folds(windows: Windows, scheme: Literal["contiguous", "shuffled"]) -> Folds:
    return split(windows, how_to_split(scheme))


def how_to_split(scheme: Literal["contiguous", "shuffled", "stratified"]) -> Split:
    """Holdout and folds of every problem, with the shipped early-stopping sets."""
    return Split(
        scheme=scheme,
        duplicates="group",
        holdout=HOLDOUT,
        holdout_of="table",
        holdout_part=None,
        searched_until=None,
        folds=FOLDS,
        early_stopping=shipped().split.early_stopping,
    )


def _last_written(bits: Floats, marks: Floats) -> Floats:
    """The last bit at which each register was marked, 0 before any.

    Args:
        bits: Shape (sequences, steps).
        marks: 0 or 1, shape (sequences, steps, registers).

    Returns:
        Shape (sequences, registers).
    """
    held = np.zeros((len(bits), marks.shape[2]))
    for step in range(bits.shape[1]):
        held = np.where(marks[:, step] > 0, bits[:, step, None], held)
    return held


def _next(values: Floats, horizon: int) -> Floats:
    """The values of the steps after each row, shape (rows, horizon); what wraps around is never in a window."""
    return np.stack([np.roll(values, -step) for step in range(1, horizon + 1)], axis=1)


def _series(values: Floats, expected: Floats, lookback: int, ahead: Floats | None = None) -> Sample:
    """One series, with every window there is.

    Args:
        values: Shape (rows,).
        expected: Of the steps after each row, shape (rows, horizon).
        lookback: Steps seen.
        ahead: Known-future covariates, shape (rows, n).
    """
    rows, horizon = expected.shape
    known_future = np.zeros((rows, 0)) if ahead is None else ahead
    inputs = np.hstack([values[:, None], known_future])
    windows = _windows(inputs, known_future.shape[1], 1, lookback, horizon)
    return Sample(windows, expected[windows.first + lookback - 1][:, :, None])


def _sequences(generator: np.random.Generator, seen: Floats, expected: Floats, deviation: float = NOISE) -> Sample:
    """Independent sequences with one window each; what is to be predicted has noise.

    Without it, a score of 0.0001 would be significantly worse than one of 0.

    Args:
        generator: Draws the noise.
        seen: Inputs of the steps seen, shape (sequences, lookback, n_inputs); the first one is the target's column.
        expected: What follows, without noise, shape (sequences, horizon).
        deviation: Of the noise.
    """
    sequences, lookback, n_inputs = seen.shape
    horizon = expected.shape[1]
    inputs = np.zeros((sequences, lookback + horizon, n_inputs), np.float32)
    inputs[:, :lookback] = seen
    inputs[:, lookback:, 0] = expected + generator.normal(0, deviation, expected.shape)
    windows = _windows(inputs.reshape(-1, n_inputs), 0, sequences, lookback, horizon)
    return Sample(windows, expected[:, :, None])


def _windows(inputs: Floats, n_known_future: int, n_series: int, lookback: int, horizon: int) -> Windows:
    """All windows of equally long series, whose target is the first column of the inputs."""
    length = len(inputs) // n_series
    begins = np.arange(n_series) * length
    values = np.ascontiguousarray(inputs, np.float32)
    return Windows(
        inputs=values,
        n_known_future=n_known_future,
        n_own=0,
        target=values[:, :1].copy(),
        offset=np.zeros(inputs.shape[1]),
        step=np.tile(np.arange(length), n_series),
        series=np.repeat(np.arange(n_series), length),
        first=(begins[:, None] + np.arange(length - lookback - horizon + 1)).ravel(),
        names=tuple(map(str, range(n_series))),
        targets=("value",),
        stamp=np.tile(np.arange(length), n_series) * 3_600_000_000,
        zone="",
        seconds=3600.0,
        lookback=lookback,
        cell_lookback=lookback,
        horizon=horizon,
        transform="none",
        normalise="none",
        origin=np.zeros((len(inputs), 0), np.int16),
        linear_calendar=(),
    )
