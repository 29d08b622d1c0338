"""The rule of thumb N_h = N_s / (α (N_i + N_o)), the same bound on parameters, and what a sample and an input are."""

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from cellsize.data import duplicates
from cellsize.data.folds import Folds
from cellsize.data.forecast import Forecast
from cellsize.data.sequences import Sequences
from cellsize.params import Network
from cellsize.sizing.candidate_records import InputCounts, SampleCounts
from cellsize.sizing.sizes import Size, recurrent_parameters
from cellsize.tasks.samples import Samples


def count_samples(samples: Samples, folds: Folds) -> SampleCounts:
    """Counts the samples of the fold with the fewest training windows, in four ways.

    Of several targets each counts for its part: a row with one of two observed is half a target. A labelled sequence is
    one sample, whatever its length: it has one label. What is effective of them is what belongs together, groups and
    equal sequences: as if those of one person, or a name that stands in the table again and again, said the same.
    """
    train = min((fold.train for fold in folds.all()), key=len)
    if isinstance(samples, Sequences):
        groups = len(np.unique(duplicates.together(samples)[train]))
        return SampleCounts(targets=len(train), windows=len(train), sequences=len(train), effective=groups)
    windows = samples
    edges = np.zeros(len(windows.step) + 1, np.int64)
    np.add.at(edges, windows.first[train] + windows.lookback, 1)
    np.add.at(edges, windows.first[train] + windows.span, -1)
    predicted = np.cumsum(edges[:-1]) > 0
    targets = max(1, int(Forecast.of(windows).observed(windows.target[predicted]).sum()) // windows.n_targets)
    rows = np.flatnonzero(predicted)  # ordered by series: one look at all rows for each of many series takes long
    begins = np.flatnonzero(np.diff(windows.series[rows])) + 1
    inefficiency = max(
        autocorrelation_time(values[np.isfinite(values)])
        for of_series in np.split(rows, begins)
        for values in windows.target[of_series].T
    )
    return SampleCounts(
        targets=targets,
        windows=len(train),
        sequences=len(np.unique(windows.series[windows.first[train]])),
        effective=max(1, int(targets / inefficiency)),
    )


def count_inputs(samples: Samples) -> InputCounts:
    """Counts what memory cells are fed, in two ways: at one step, and in a whole window.

    What the linear part alone sees counts for nothing: the rules of thumb size the cells. A sequence counts as the
    window that a network is fed with: as long as the longest of all.
    """
    if isinstance(samples, Sequences):
        return InputCounts(step=samples.n_cell_inputs, window=samples.n_cell_inputs * samples.longest)
    past = samples.n_past * samples.cell_lookback
    return InputCounts(step=samples.n_cell_inputs, window=past + samples.n_known)


def count_outputs(samples: Samples) -> int:
    """N_o: the numbers that a network gives for a sample; of two classes one, as textbooks count.

    A network gives a log-odds for each class. Of two only their difference says anything: one number, as that of the
    sigmoid that others put there. Of more classes textbooks count all.
    """
    if isinstance(samples, Sequences) and len(samples.classes) == 2:
        return 1
    return samples.horizon * samples.n_columns


def autocorrelation_time(values: npt.NDArray[np.floating], window: float = 5.0) -> float:
    """Integrated autocorrelation time, 1 + 2 Σ ρ(t), summed up to Sokal's self-consistent window.

    Args:
        values: One series, shape (rows,), without NaN.
        window: The sum ends at the first lag t ≥ window · τ(t) (Sokal 1997 recommends 4 to 10).

    Returns:
        τ ≥ 1, in steps: n values are worth n / τ independent ones. 1 for a constant series.
    """
    n = len(values)
    if n < 3:
        return 1.0
    centred = values.astype(np.float64) - np.mean(values, dtype=np.float64)
    if not np.any(centred):
        return 1.0
    padded = next_fast_len(2 * n - 1, real=True)
    correlation = irfft(np.abs(rfft(centred, padded)) ** 2, padded)[:n]
    times = 2 * np.cumsum(correlation / correlation[0]) - 1
    converged = np.flatnonzero(np.arange(n) >= window * times)
    return float(max(1.0, times[converged[0]] if converged.size else times[-1]))


def neurons(samples: float, alpha: float, n_inputs: int, n_outputs: int) -> int:
    """N_h: hidden units in all layers together, at least 1."""
    return max(1, int(samples / (alpha * (n_inputs + n_outputs))))


def units_within(parameters: float, network: Network, n_inputs: int, layers: int = 1, n_decoder: int = 0) -> int:
    """The most units that each layer can have within a number of recurrent parameters, at least 1.

    Args:
        parameters: The number.
        network: What all candidates have in common.
        n_inputs: What the first layer reads at a step.
        layers: Recurrent layers.
        n_decoder: What a decoder reads at a step; 0 without one.
    """
    units = 1
    while recurrent_parameters(Size(layers, units + 1), network, n_inputs, n_decoder=n_decoder) <= parameters:
        units += 1
    return units
