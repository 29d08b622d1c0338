"""Scores of sizes from the trials table, and how two sizes are compared."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from cellsize.errors import InputError
from cellsize.sizing.sizes import ZERO, Size


@dataclass(frozen=True)
class Scores:
    """Scores of one size.

    Attributes:
        size: The size.
        recurrent: Parameters of its recurrent layers.
        parameters: All its parameters, with the setting that most folds chose.
        trainings: Validation score of each training, shape (folds, seeds); NaN where a fold has fewer seeds.
        train: Training score of each training, shape (folds, seeds), NaN likewise.
        test_ratio: Validation windows over training windows, mean over the folds.
    """

    size: Size
    recurrent: int
    parameters: int
    trainings: npt.NDArray[np.float64]
    train: npt.NDArray[np.float64]
    test_ratio: float

    @cached_property
    def folds(self) -> npt.NDArray[np.float64]:
        """Mean over the seeds of each fold, shape (folds,)."""
        return np.asarray(np.nanmean(self.trainings, axis=1), dtype=np.float64)

    @property
    def train_folds(self) -> npt.NDArray[np.float64]:
        """Mean training score over the seeds of each fold, shape (folds,)."""
        return np.asarray(np.nanmean(self.train, axis=1), dtype=np.float64)

    @property
    def n_seeds(self) -> int:
        """Seeds that it was trained with."""
        return int(self.trainings.shape[1])

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


def with_seeds(scores: Scores, seeds: int) -> Scores:
    """The scores of the first seeds alone."""
    if scores.n_seeds <= seeds:
        return scores
    return replace(scores, trainings=scores.trainings[:, :seeds], train=scores.train[:, :seeds])


def compare(first: Scores, second: Scores) -> Difference:
    """Paired difference of two sizes."""
    return paired(first.folds, second.folds, first.test_ratio)


def extent(scores: Scores) -> tuple[int, int, int]:
    """What makes one size smaller than another: recurrent parameters, then those of an MLP, then all.

    The recurrent ones come first, so that the order does not depend on a setting such as the skip connection.
    """
    return scores.recurrent, 0 if scores.size.has_memory else scores.size.units, scores.parameters


SETTING = ["learning_rate", "dropout", "weight_decay", "skip", "head"]


def preferred(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the setting that most folds chose.

    With two dozen settings each fold often has one of its own. So the skip connection is voted on first, then the head,
    then the setting as a whole, and of several the one with the lowest early-stopping score.

    Args:
        rows: Scored rows of one size, as `training.records.Row` describes them.
    """
    for key in ("skip", "head"):
        votes = rows.groupby(key).agg(votes=("fold", "nunique"), score=("early_stopping_score", "mean"))
        first = votes.sort_values(["votes", "score"], ascending=[False, True], kind="stable").index[0]
        rows = rows[rows[key] == first]
    settings = rows.groupby(SETTING).agg(votes=("fold", "nunique"), score=("early_stopping_score", "mean"))
    ordered = settings.reset_index().sort_values(["votes", "score"], ascending=[False, True], kind="stable")
    return rows[(rows[SETTING] == ordered.iloc[0][SETTING]).all(axis=1)]


def marked(trials: pd.DataFrame) -> pd.DataFrame:
    """The same rows, with status `ok` for one kind of network in each size, plain or with a linear model.

    Either kind's best setting of each fold is trained to the end, and the fold marks the one with the lower
    early-stopping score. Taken fold by fold a size would be part one kind and part the other, of which one alone can be
    refitted. So the kinds are two candidates, and which of them stands for the size is decided as the size itself is:
    by the mean validation score, over the seeds that both have. A common setting by the early-stopping scores of all
    folds would be a leak: each validation block lies in the training time of the other folds.

    Args:
        trials: Rows as `training.records.Row` describes them.
    """
    trials = trials.reset_index(drop=True)
    is_plain, status = trials["skip"] == "none", trials["status"].copy()
    is_finalist = _is_finalist(trials)
    for _, group in trials[is_finalist & (trials["units"] > 0)].groupby(["layers", "units"]):
        plain = is_plain[group.index]
        # Seeds are added to the kind that counts alone: they have no say in which one that is.
        seeds = set(group.loc[plain, "seed"]) & set(group.loc[~plain, "seed"])
        raced = group[group["seed"].isin(seeds)]
        errors = raced.groupby([plain[raced.index], "fold"])["score"].mean().unstack()
        errors = errors[errors.notna().sum(axis=1) == group["fold"].nunique()]
        if len(errors):
            kind = bool(errors.mean(axis=1).idxmin())
            status[group.index] = np.where(plain == kind, "ok", "runner_up")
    return trials.assign(status=status)


def counted(trials: pd.DataFrame) -> pd.DataFrame:
    """Of the rows those that scores are made of."""
    trials = marked(trials)
    return trials[trials["status"] == "ok"]


def _is_finalist(trials: pd.DataFrame) -> "pd.Series[bool]":
    """Rows trained to the end that are the better setting of their kind in their fold.

    Where one kind alone is tuned both settings that ran to the end are of it, and one of them is marked `ok`.
    """
    scored = trials["status"].isin(["ok", "runner_up"])
    place = [trials["layers"], trials["units"], trials["fold"]]
    kinds = (trials["skip"] == "none").where(scored).groupby(place).transform("nunique")
    return scored & ((trials["status"] == "ok") | (kinds > 1))


def from_trials(trials: pd.DataFrame, source: str, folds: int) -> list[Scores]:
    """The scores of each size, of the kind of network that counts for it; see `marked`.

    Args:
        trials: Rows as `training.records.Row` describes them.
        source: Where they come from, for messages.
        folds: Number of folds that every size must have.

    Returns:
        One entry for each size, no memory cells first, then fewest parameters first. A seed that diverged is NaN.

    Raises:
        InputError: A size has a fold without any score, or a score that is not a number.
    """
    sizes = []
    for _, group in marked(trials).groupby(["layers", "units"], sort=True):
        size = Size(int(group["layers"].iloc[0]), int(group["units"].iloc[0]))
        scored = group[group["status"] == "ok"]
        lost = sorted({*group.loc[group["status"] == "failed", "fold"]} - {*scored["fold"]})
        if lost:
            raise InputError(
                f"{source}: size {size} has no score in fold {lost[0]}, since every training of it diverged there; "
                "lower search.training.learning_rates or search.training.max_gradient_norm and run again"
            )
        if not np.isfinite(scored["score"]).all():
            raise InputError(f"{source}: size {size} has a row without a score; remove the file and run search again")
        by_fold = scored.groupby("fold")[["n_train", "n_validation"]].mean()
        if list(by_fold.index) != list(range(1, folds + 1)):
            raise InputError(
                f"{source}: size {size} has scores for folds {list(by_fold.index)} of {folds}; "
                "remove the file and run search again"
            )
        n_seeds = int(group["seed"].max()) + 1
        sizes.append(
            Scores(
                size=size,
                recurrent=int(group["recurrent"].iloc[0]),
                parameters=int(preferred(scored)["parameters"].iloc[0]),
                trainings=_by_seed(scored, "score", n_seeds),
                train=_by_seed(scored, "train_score", n_seeds),
                test_ratio=float((by_fold["n_validation"] / by_fold["n_train"]).mean()),
            )
        )
    return sorted(sizes, key=lambda scores: (*extent(scores), scores.size))


def _by_seed(scored: pd.DataFrame, column: str, n_seeds: int) -> npt.NDArray[np.float64]:
    """A column by fold and seed; a seed that failed in every fold was trained all the same."""
    table = scored.pivot_table(column, "fold", "seed").reindex(columns=range(n_seeds))
    return np.asarray(table.to_numpy(np.float64), dtype=np.float64)


def ladders(trials: pd.DataFrame, folds: int) -> dict[str, list[Scores]]:
    """Scores of the sizes with memory cells, apart for networks without a linear skip connection and with one.

    In each fold the best setting of either kind is trained to the end, so that both have a score wherever both are
    tuned.

    Args:
        trials: Rows as `training.records.Row` describes them.
        folds: Number of folds; a size that has a kind in fewer of them is left out there.

    Returns:
        `plain` and `linear`, each with its sizes from the smallest; empty where a kind was not trained.
    """
    trained = trials[(trials["layers"] > 0) & _is_finalist(trials)]
    trained = trained.assign(status="ok", is_plain=trained["skip"] == "none")
    result: dict[str, list[Scores]] = {}
    for kind, rows in (("plain", trained[trained["is_plain"]]), ("linear", trained[~trained["is_plain"]])):
        counts = rows.groupby(["layers", "units"])["fold"].transform("nunique")
        complete = rows[counts == folds]
        result[kind] = from_trials(complete, "build/trials.csv", folds) if len(complete) else []
    return result


# A training has learnt nothing if it gains less than this fraction of what the best training gains. That says something
# only where the best one gains much.
LITTLE, MUCH = 0.25, 0.3


def failure_rates(trials: pd.DataFrame, reference: Size = ZERO) -> dict[Size, float]:
    """For each size with something random in it the fraction of its trainings that failed.

    A training failed if it diverged, or if it learnt nothing although there was much to learn: compared with the
    reference in its fold it gains less than a quarter of what the best training gains. Which best one? Where some size
    learns in most of its trainings, the best one in the same fold: a fold in which it gains nothing either has nothing
    to gain. Where no size does, the best one of all: that nobody learnt in a fold may then be bad luck.
    Trainings of a setting that was only second say nothing: a kind of network may not suit the data.

    Args:
        trials: Rows as `training.records.Row` describes them.
        reference: The size without memory cells that a gain is one over.
    """
    trials = marked(trials)
    counts = trials["status"] == "ok"
    of_reference = counts & (trials["layers"] == reference.layers) & (trials["units"] == reference.units)
    to_beat = trials[of_reference].groupby("fold")["score"].mean()
    # A setting that diverged and lost the race for it is no failed training of the size.
    place = ["layers", "units", "fold", "seed"]
    scored = set(zip(*(trials.loc[counts, key] for key in place), strict=True))
    places = zip(*(trials[key] for key in place), strict=True)
    lost = (trials["status"] == "failed") & pd.Series([place not in scored for place in places], trials.index)
    # Several settings may have diverged where one training was wanted.
    rows = trials[(trials["units"] > 0) & (counts | lost)].drop_duplicates(place)
    gains = 1 - rows["score"] / rows["fold"].map(to_beat)
    most = pd.Series(gains.max(), gains.index)
    learnt = (gains >= LITTLE * most).groupby([rows["layers"], rows["units"]]).mean()
    if (learnt > 0.5).any():
        most = gains.groupby(rows["fold"]).transform("max")
    failed = (rows["status"] == "failed") | ((most >= MUCH) & (gains < LITTLE * most))
    groups = rows.assign(failed=failed).groupby(["layers", "units"], sort=True)
    return {
        Size(int(group["layers"].iloc[0]), int(group["units"].iloc[0])): float(group["failed"].mean())
        for _, group in groups
    }
