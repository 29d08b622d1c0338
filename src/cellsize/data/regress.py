"""The task `regress`: one number for each sequence, and its scale; errors are those of a forecast of one step.

As `data.forecast`, it imports neither torch nor any other module that computes.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from cellsize.data.forecast import Floats, Forecast
from cellsize.data.scaling import Scaling, absolute_deviation
from cellsize.data.windows import BACKWARD, Transform
from cellsize.params import Metric

# Names of the best constant.
CONSTANT: dict[Metric, str] = {"mse": "mean", "mae": "median"}


@dataclass(frozen=True)
class Regress:
    """How the numbers of some sequences are scaled, so that the best constant has an error of 1.

    Numbers are read by networks in standard deviations from the mean of the training sequences. So a mean squared error
    is the MSE divided by that of the mean; a mean absolute one is divided by `deviation` besides, which makes it the
    MAE divided by that of the median.

    Attributes:
        mean: Of the training numbers.
        std: Their standard deviation; 1 where they are all the same.
        deviation: Their mean absolute deviation from the median, in standard deviations; 1 where they are the same.
    """

    mean: float
    std: float
    deviation: float

    @classmethod
    def fitted(cls, numbers: Floats) -> Self:
        """From the numbers of the training sequences, shape (n,)."""
        mean, std = float(np.mean(numbers)), float(np.std(numbers))
        if std <= 1e-12 * abs(mean):  # rounding: all are the same
            return cls(mean, 1.0, 1.0)
        return cls(mean, std, float(absolute_deviation(numbers[:, None] / std)[0]))

    @classmethod
    def of(cls, scaling: Scaling) -> Self:
        """From the constants of training sequences that are labelled by numbers."""
        assert scaling.label_mean is not None
        assert scaling.label_std is not None
        return cls(float(scaling.label_mean[0]), float(scaling.label_std[0]), float(scaling.deviation[0]))

    def target(self, numbers: Floats) -> Floats:
        """Numbers, shape (n,), as networks read them, float32, shape (n, 1, 1)."""
        scaled: Floats = ((numbers - self.mean) / self.std).astype(np.float32)[:, None, None]
        return scaled

    def original(self, outputs: Floats, transform: Transform) -> Floats:
        """What networks give, shape (n, 1, 1), in the unit of the table, float64, shape (n,)."""
        return untransformed(outputs[:, 0, 0].astype(np.float64) * self.std + self.mean, transform)


FORM = Forecast(lookback=1, horizon=1, n_targets=1)  # loss and score of one number; the lookback plays no part in them


def untransformed(numbers: Floats, transform: Transform) -> Floats:
    """Undoes `window.transform`; log1p and sqrt of what is not negative give nothing below 0."""
    found: Floats = BACKWARD[transform](numbers if transform == "none" else np.maximum(numbers, 0.0))
    return found
