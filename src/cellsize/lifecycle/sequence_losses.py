"""How wrong labels are, group by group of sequences; and whether the probabilities that come with them hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models.classifier import Classifier
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.regressor import Regressor

SMALLEST = np.finfo(np.float64).tiny  # of a probability, so that its logarithm is finite
M = TypeVar("M", Classifier, Regressor)  # models of whole sequences


@dataclass(frozen=True)
class SequenceLosses:
    """Sums over the sequences of each group, in the order of the table; a sequence is its own group where none are.

    Attributes:
        sequences: Their number, shape (groups,).
        losses: Losses of each model, divided by that of the best constant in training, shape (models, groups).
        constant: What the best constant in training loses, likewise, shape (groups,): class frequencies or a number.
        right: How many sequences have the label that is said, mean of the models, shape (groups,); empty of numbers.
        sure: Probabilities of the labels that are said, mean of the models, shape (groups,); empty of numbers.
        inside: How many numbers lie within the intervals of each of `LEVELS`, mean of the models, shape (levels,
            groups); NaN for levels that the models' residuals do not allow; empty of labels.
    """

    sequences: Ints
    losses: Floats
    constant: Floats
    right: Floats
    sure: Floats
    inside: Floats = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def samples(self) -> Ints:
        """The same as `sequences`."""
        return self.sequences

    @property
    def observed(self) -> Ints:
        """The same: each sequence has its label."""
        return self.sequences

    @property
    def error(self) -> float:
        """Normalised error, the mean of the models."""
        return float(self.losses.sum(axis=1).mean() / self.sequences.sum())

    @property
    def constant_error(self) -> float:
        """Normalised error of the best constant in training."""
        return float(self.constant.sum() / self.sequences.sum())

    @property
    def accuracy(self) -> float:
        """Fraction of the sequences that have the label that is said."""
        return float(self.right.sum() / self.sequences.sum())

    @property
    def sureness(self) -> float:
        """Mean probability of the label that is said: the accuracy that the model promises."""
        return float(self.sure.sum() / self.sequences.sum())

    def coverage(self, level: int) -> float:
        """Fraction of the numbers within the intervals of the n-th level; NaN if there are none."""
        return float(self.inside[level].sum() / self.sequences.sum())


# Sequences, which of them, models, whose training normalises all, what the best constant says, what runs networks.
Measure = Callable[[Sequences, Ints, Sequence[M], M, Floats, Forward], SequenceLosses]


def measure(
    sequences: Sequences,
    chosen: Ints,
    models: Sequence[Classifier],
    served: Classifier,
    frequencies: Floats,
    forward: Forward = plain_forward,
) -> SequenceLosses:
    """Measures models on sequences.

    Args:
        sequences: Base arrays and index; labels are positions in the classes of the models.
        chosen: Positions of sequences, shape (n,).
        models: One, or twins.
        served: By whose training all losses are normalised.
        frequencies: Of the classes in training, shape (classes,).
        forward: Runs the networks; see `prediction.forecast`.
    """
    counts, sums = by_group(sequences, chosen)
    target, scale = sequences.target[chosen], 1 / float(served.fitted.scaling.deviation[0])

    def loss(of_truth: Floats) -> Floats:
        return sums(-scale * np.log(np.maximum(of_truth, SMALLEST)))

    found = [model.probabilities(sequences, chosen, forward) for model in models]
    return SequenceLosses(
        sequences=counts,
        losses=np.stack([loss(each[np.arange(len(chosen)), target]) for each in found]),
        constant=loss(frequencies[target]),
        right=np.mean([sums((each.argmax(axis=1) == target).astype(np.float64)) for each in found], axis=0),
        sure=np.mean([sums(each.max(axis=1)) for each in found], axis=0),
    )


def by_group(sequences: Sequences, chosen: Ints) -> tuple[Ints, Callable[[Floats], Floats]]:
    """How many of some sequences each of their groups has, and what sums values of these over each group."""
    codes = np.unique(_in_order(sequences.group[chosen]), return_inverse=True)[1]
    counts = np.bincount(codes)

    def sums(values: Floats) -> Floats:
        return np.asarray(np.bincount(codes, weights=values, minlength=len(counts)), np.float64)

    return counts, sums


def frequencies(sequences: Sequences, folds: Folds) -> Floats:
    """Of the classes before the holdout, shape (classes,)."""
    counts = np.bincount(sequences.target[folds.development], minlength=len(sequences.classes))
    return np.asarray(counts / counts.sum())


def _in_order(groups: Ints) -> Ints:
    """Codes of groups in the order in which they come first."""
    first, codes = np.unique(groups, return_index=True, return_inverse=True)[1:]
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[codes]
