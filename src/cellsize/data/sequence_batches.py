"""Batches of sequences: gathered by index, scaled, and filled up with zeros on the right; and their summaries."""

from dataclasses import replace

import numpy as np

from cellsize.data import characters
from cellsize.data.classify import Classify
from cellsize.data.regress import Regress
from cellsize.data.scaling import MARGIN, Scaling
from cellsize.data.sequences import SUMMARIES, Sequences
from cellsize.data.windows import Floats, Ints


def fit_scaling(sequences: Sequences, train: Ints) -> Scaling:
    """Mean, standard deviation and bounds of each feature over the steps of the training sequences, and over no other.

    Steps where a feature is missing do not count; one that is always missing has the mean 0.
    `Scaling.deviation` is the log loss of the class frequencies of the training sequences, or the mean absolute
    deviation of their numbers. Of texts the constants are the characters and n-grams that are known.
    """
    labels = sequences.target[train]
    if sequences.classes:
        return _of_steps(sequences, train, Classify.constant_error(labels))
    number = Regress.fitted(labels)
    scaling = _of_steps(sequences, train, number.deviation)
    return replace(scaling, label_mean=np.array([number.mean]), label_std=np.array([number.std]))


def _of_steps(sequences: Sequences, train: Ints, error: float) -> Scaling:
    """The same without what is of labels, but for the error of the best constant."""
    deviation = np.array([error], np.float32)
    if sequences.characters:
        return characters.fit(sequences, train, deviation)
    values = sequences.inputs[sequences.rows(train)]
    missing = np.isnan(values)
    mean_of, std_of, min_of, max_of = np.mean, np.std, np.min, np.max
    if missing.any():
        values = values.astype(np.float64)
        values[:, missing.all(axis=0)] = 0.0
        mean_of, std_of, min_of, max_of = np.nanmean, np.nanstd, np.nanmin, np.nanmax
    mean = np.asarray(mean_of(values, axis=0, dtype=np.float64))
    std = np.asarray(std_of(values, axis=0, dtype=np.float64))
    lowest, highest = min_of(values, axis=0).astype(np.float64), max_of(values, axis=0).astype(np.float64)
    # A feature that is constant in training is divided by 1, as in `scaling.fit_scaling`.
    rounding = np.maximum(1e-6 * np.abs(mean), 1e-12 * np.abs(sequences.offset))
    std = np.where(std > np.maximum(rounding, np.finfo(np.float32).tiny), std, 1.0)
    room = MARGIN * (highest - lowest)
    return Scaling(
        mean=mean + sequences.offset,
        std=std.astype(np.float32),
        deviation=deviation,
        lower=((lowest - room - mean) / std).astype(np.float32),
        upper=((highest + room - mean) / std).astype(np.float32),
    )


def padded_steps(sequences: Sequences, scaling: Scaling, chosen: Ints) -> Floats:
    """Scaled and clipped steps of some sequences, float32, shape (n, longest, n_inputs).

    Zeros stand behind their ends, and where a number is missing: the mean of training.
    """
    assert scaling.lower is not None
    assert scaling.upper is not None
    rows, length = sequences.rows(chosen), sequences.length[chosen]
    steps = np.zeros((len(chosen), sequences.longest, sequences.n_inputs), np.float32)
    if sequences.characters:
        steps[there(length, sequences.longest)] = characters.one_hot(sequences, scaling, rows)
        return steps
    values = sequences.inputs[rows] - (scaling.mean - sequences.offset).astype(np.float32)
    values /= scaling.std
    np.clip(values, scaling.lower, scaling.upper, out=values)
    np.nan_to_num(values, copy=False, nan=0.0)
    steps[there(length, sequences.longest)] = values
    return steps


def there(length: Ints, longest: int) -> np.ndarray:
    """True for the steps that a sequence has, shape (n, longest)."""
    return np.asarray(np.arange(longest) < length[:, None])


def linear_inputs(sequences: Sequences, scaling: Scaling, chosen: Ints, steps: Floats) -> Floats:
    """What the linear model reads of some sequences, a 1 last, float32, shape (n, n_linear).

    Args:
        sequences: Base arrays and index.
        scaling: Constants of the training sequences.
        chosen: Positions of the sequences, shape (n,).
        steps: What `padded_steps` has made of them.
    """
    if sequences.characters:
        return characters.counts(sequences, scaling, chosen)
    return summaries(steps, sequences.length[chosen])


def summaries(steps: Floats, length: Ints) -> Floats:
    """What the linear model reads of sequences, float32, shape (n, SUMMARIES · n_inputs + 2).

    Of each feature mean, standard deviation, smallest, largest, first and last value; then the length, as a fraction of
    the longest; then a 1. No order of the steps between the first and the last is in it: what is better has a memory.

    Args:
        steps: Scaled, zeros behind the end, shape (n, longest, n_inputs).
        length: Shape (n,).
    """
    mask, count = there(length, steps.shape[1])[:, :, None], length[:, None].astype(np.float32)
    mean = steps.sum(axis=1) / count
    std = np.sqrt((np.square(steps - mean[:, None]) * mask).sum(axis=1) / count)
    smallest = np.where(mask, steps, np.float32(np.inf)).min(axis=1)
    largest = np.where(mask, steps, np.float32(-np.inf)).max(axis=1)
    last = steps[np.arange(len(steps)), length - 1]
    parts = [mean, std, smallest, largest, steps[:, 0], last]
    assert len(parts) == SUMMARIES
    return np.concatenate([*parts, count / steps.shape[1], np.ones_like(count)], axis=1).astype(np.float32)
