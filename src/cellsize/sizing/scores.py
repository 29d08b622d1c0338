"""Scores of sizes from the trials table, and how two sizes are compared."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from cellsize.errors import InputError
from cellsize.sizing.sizes import ZERO, Size


@dataclass(frozen=True)
class Scores:
    """Scores of one size, mean over the seeds of each fold.

    Attributes:
        size: The size.
        parameters: All its parameters.
        folds: Validation score of each fold, shape (folds,).
        train: Training score of each fold, shape (folds,).
        test_ratio: Validation windows over training windows, mean over the folds.
    """

    size: Size
    parameters: int
    folds: npt.NDArray[np.float64]
    train: npt.NDArray[np.float64]
    test_ratio: float

    @property
    def mean(self) -> float:
        """Mean over the folds."""
        return float(self.folds.mean())

    @property
    def standard_error(self) -> float:
        """Plain standard error of the mean over the folds."""
        return float(self.folds.std(ddof=1) / np.sqrt(len(self.folds)))


@dataclass(frozen=True)
class Difference:
    """A paired difference between two sizes: positive if the first is worse.

    Attributes:
        mean: Mean over the folds.
        standard_error: Nadeau–Bengio-corrected standard error.
        degrees: Degrees of freedom, folds − 1.
    """

    mean: float
    standard_error: float
    degrees: int

    def probability_above(self, threshold: float) -> float:
        """Probability that the true difference exceeds a threshold (t distribution, flat prior)."""
        if self.standard_error == 0.0:
            return float(self.mean > threshold)
        return float(stdtr(self.degrees, (self.mean - threshold) / self.standard_error))


def paired(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64], test_ratio: float) -> Difference:
    """Compares two sets of fold scores.

    Training parts of folds overlap, so that the plain variance of the mean, s²/n, is too small;
    Nadeau and Bengio (2003) replace it by (1/n + n_test/n_train) s².

    Args:
        first: Scores of one model, shape (folds,).
        second: Scores of the other on the same folds.
        test_ratio: Validation windows over training windows.
    """
    differences = first - second
    variance = float(differences.var(ddof=1)) * (1 / len(differences) + test_ratio)
    return Difference(float(differences.mean()), float(np.sqrt(variance)), len(differences) - 1)


def compare(first: Scores, second: Scores) -> Difference:
    """Paired difference of two sizes."""
    return paired(first.folds, second.folds, first.test_ratio)


def extent(scores: Scores) -> tuple[bool, int]:
    """What makes one size smaller than another: no memory cells at all, then the parameters.

    Without the linear skip connection, a few cells have fewer parameters than the ridge-linear model of zero cells.
    """
    return scores.size != ZERO, scores.parameters


def from_trials(trials: pd.DataFrame, source: str, folds: int) -> list[Scores]:
    """Averages the scored rows over the seeds of each fold.

    Args:
        trials: Rows as `training.records.Row` describes them.
        source: Where they come from, for messages.
        folds: Number of folds that every size must have.

    Returns:
        One entry for each size, no memory cells first, then fewest parameters first.

    Raises:
        InputError: A size has a failed row, a fold missing, or a score that is not a number.
    """
    sizes = []
    for _, group in trials.groupby(["layers", "units"], sort=True):
        size = Size(int(group["layers"].iloc[0]), int(group["units"].iloc[0]))
        scored = group[group["status"] == "ok"]
        failed = group[group["status"] == "failed"]
        # A setting may fail where another one did not: only a fold and seed without any score is incomplete.
        broken, trained = ({*zip(rows["fold"], rows["seed"], strict=True)} for rows in (failed, scored))
        if broken - trained:
            fold, seed = min(broken - trained)
            raise InputError(
                f"{source}: size {size} failed in fold {fold}, seed {seed}: no size is chosen among incomplete ones; "
                "lower search.training.learning_rates and run again"
            )
        if not np.isfinite(scored["score"]).all():
            raise InputError(f"{source}: size {size} has a row without a score; remove the file and run search again")
        by_fold = scored.groupby("fold")[["score", "train_score", "n_train", "n_validation"]].mean()
        if list(by_fold.index) != list(range(1, folds + 1)):
            raise InputError(
                f"{source}: size {size} has scores for folds {list(by_fold.index)} of {folds}; "
                "remove the file and run search again"
            )
        sizes.append(
            Scores(
                size=size,
                parameters=int(group["parameters"].iloc[0]),
                folds=by_fold["score"].to_numpy(np.float64),
                train=by_fold["train_score"].to_numpy(np.float64),
                test_ratio=float((by_fold["n_validation"] / by_fold["n_train"]).mean()),
            )
        )
    return sorted(sizes, key=lambda scores: (*extent(scores), scores.size))
