"""The task `classify`: its target, loss and score in one object, for NumPy arrays and torch tensors alike.

As `data.forecast`, it imports neither torch nor any other module that computes.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from cellsize.data.forecast import Floats, Ints, Values

V = TypeVar("V", bound=Values)


@dataclass(frozen=True)
class Classify:
    """One of several classes for each sequence.

    Outputs and targets have the shape (…, sequences, 1, classes), as a forecast of one step has a column for each
    target. Outputs are log-odds: their softmax is the probability of each class. A target is 1 for its class, else 0.

    The error of a sequence is its log loss, the negative logarithm of the probability of its class. Multiplied by a
    `scale` it is the normalised log loss: divided by the log loss of the class frequencies on the training sequences.
    So the best constant has 1, as in a forecast, whatever the number of classes.

    Attributes:
        classes: Number of classes.
    """

    classes: int

    def target(self, codes: Ints) -> Floats:
        """Codes of classes, shape (n,), as 1 and 0, float32, shape (n, 1, classes)."""
        return np.eye(self.classes, dtype=np.float32)[codes][:, None]

    @staticmethod
    def constant_error(codes: Ints) -> float:
        """The log loss of the frequencies of some codes on themselves, their entropy; 1 where it is 0: of one class."""
        counts = np.bincount(codes)
        frequencies = counts[counts > 0] / len(codes)
        entropy = float(-(frequencies * np.log(frequencies)).sum())
        return entropy if len(frequencies) > 1 else 1.0

    def loss(self, outputs: V, target: V, scale: V, there: V | None = None) -> V:
        """The training loss of each network, shape (networks,): its score on its own batch.

        Args:
            outputs: Log-odds, shape (networks, n, 1, classes).
            target: Of the same shape.
            scale: What errors are multiplied by, shape (networks, n, 1, 1).
            there: What each network's loss is divided by, shape (networks,); None: by 1.
        """
        loss: V = (self._log_loss(outputs, target) * scale).mean(axis=(1, 2, 3))
        return loss if there is None else loss / there

    def error_sum(self, outputs: V, target: V, scale: V) -> V:
        """Errors summed over sequences in float64: one value, of the arrays' kind."""
        errors: Any = self._log_loss(outputs, target) * scale
        total: V = (errors.double() if hasattr(errors, "double") else errors.astype(np.float64)).sum()
        return total

    @staticmethod
    def probabilities(outputs: Floats) -> Floats:
        """Of each class, in float64, of the shape of the outputs."""
        odds = np.exp(outputs - outputs.max(axis=-1, keepdims=True).astype(np.float64))
        probabilities: Floats = odds / odds.sum(axis=-1, keepdims=True)
        return probabilities

    @staticmethod
    def _log_loss(outputs: Any, target: Any) -> Any:
        """Of each sequence, shape (…, n, 1, 1)."""
        if hasattr(outputs, "log_softmax"):
            return -(outputs.log_softmax(-1) * target).sum(-1, keepdim=True)
        shifted = outputs.astype(np.float64)
        shifted -= shifted.max(axis=-1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return -(logarithms * target).sum(axis=-1, keepdims=True)
