"""The gate: whether a model is good enough to become champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cellsize.data.names import BOOSTED_TREES, CLASSICAL_BASELINES, SEASONAL_NAIVE, score_name, season_of
from cellsize.evaluation.paired import level
from cellsize.params import Metric, Register
from cellsize.sizing.evaluation_records import Comparison, Evaluation
from cellsize.sizing.figures import apart
from cellsize.sizing.sequence_records import SequenceComparison

# A choice without memory cells is the ridge-linear model itself: it cannot be below it, and rounding is no loss.
ROUNDING = 1e-6


class Judged(Protocol):
    """What the gate reads of an evaluation, whatever its task."""

    @property
    def metric(self) -> Metric:
        """Which error opens the gate."""

    @property
    def comparison(self) -> Comparison | SequenceComparison | None:
        """Challenger and champion, paired; None if there is no champion or it cannot be measured."""

    @property
    def champion_not_measured(self) -> str | None:
        """Why the champion cannot be compared; None if it can, or there is none."""

    @property
    def champion_version(self) -> str | None:
        """Version of the champion, measured or not; None if there is none."""


@dataclass(frozen=True)
class Rival:
    """A baseline to beat, on the samples of the holdout where both were measured.

    Attributes:
        name: Of the baseline.
        ours: The model's error there.
        theirs: The baseline's.
        difference_se: Standard error of the difference, where it is known: it says which digits are shown.
    """

    name: str
    ours: float
    theirs: float
    difference_se: float | None


def gate(evaluation: Evaluation, register: Register, champion: str | None = None, look: int = 1) -> tuple[bool, str]:
    """Whether a forecast's model is good enough to become champion, and why; see `judge`."""
    return judge(_rivals(evaluation, register), evaluation, register, champion, look)


def judge(
    rivals: Sequence[Rival], evaluation: Judged, register: Register, champion: str | None = None, look: int = 1
) -> tuple[bool, str]:
    """Whether the model is good enough to become champion, and why.

    It is if its error on the holdout, the one that `choose.metric` names, is below that of every baseline named, or
    equal where the choice is that baseline itself, and if it passes against the champion: see `_passes`.

    Args:
        rivals: The baselines to beat, with both errors.
        evaluation: What was measured against the champion.
        register: What is asked for against the champion.
        champion: The champion's version now, with which the model has to have been compared; None if there is none,
            or none is asked for.
        look: Which look at the compared rows this is, from 1: each one asks for more.
    """
    lost = [
        f"{each.name} ({score_name(evaluation.metric)} "
        f"{' against '.join(apart(each.theirs, each.ours, each.difference_se))})"
        for each in rivals
        if each.ours > each.theirs * (1 + ROUNDING)
    ]
    if lost:
        return False, f"not better on the holdout than {', '.join(lost)}"
    beaten = f"no worse on the holdout than {', '.join(each.name for each in rivals) or 'no baseline asked for'}"
    if champion is None:
        return True, beaten
    if champion != evaluation.champion_version:
        # DVC restores an earlier evaluation as it was, and another model may have become champion since.
        return False, (
            f"its holdout error is from before version {champion} became champion; measure both again: "
            "dvc repro --force --single-item evaluate, then cellsize run"
        )
    if evaluation.comparison is None:
        return False, (
            f"version {champion} is champion and {evaluation.champion_not_measured}, so that nobody measured both on "
            f"the same rows; cellsize promote {register.name} VERSION --why REASON promotes by hand"
        )
    passes, reason = _passes(evaluation, evaluation.comparison, register, look)
    return passes, f"{beaten}, and {reason}" if passes else reason


def _passes(
    evaluation: Judged, compared: Comparison | SequenceComparison, register: Register, look: int
) -> tuple[bool, str]:
    """Whether a model takes the champion's place, and why.

    In one of three ways: it is better by more than the margin; or it is smaller, or the same network that has learned
    from newer rows, and worse by no more than the margin. A rerun of the champion on its own rows never does.

    What may go wrong is shared by all looks at the same rows (`paired.level`). The third way is apart: each time it
    takes rows that nobody has looked at, and asks for no more at a later look, or a champion could only grow old.
    """
    name, champion = score_name(evaluation.metric), f"the champion, version {compared.version}"
    figures = f"{name} {compared.champion:.4f} against {compared.challenger:.4f} on {compared.where}"
    if compared.rerun:
        return False, f"the champion, version {compared.version}, again: the same recipe on the same rows"
    better, smaller = level(register.probability, look), level(register.not_worse, look)
    margin = f"{compared.margin:g} %"
    if compared.better >= better:
        return True, f"better by {margin} than {champion}, with probability {compared.better:.2f} ({figures})"
    within = f"not worse by {margin}, with probability {compared.not_worse:.2f} ({figures})"
    if compared.smaller and compared.not_worse >= smaller:
        return True, f"smaller than {champion}, and {within}"
    fresh = compared.same_network and compared.newer_rows
    if fresh and compared.how == "served" and compared.not_worse >= register.not_worse:
        return True, f"the network of {champion}, with newer rows, and {within}"
    asked = [f"better by {margin} with probability {compared.better:.2f}, asked for is {better:.3f}"]
    if compared.smaller:
        asked.append(f"smaller and {within}, asked for is {smaller:.3f}")
    if fresh and compared.how == "served":
        asked.append(f"newer rows and {within}, asked for is {register.not_worse:g}")
    elif fresh:
        asked.append("too few rows are newer than the champion's to judge what they change")
    looks = f", look {look} at these rows" if look > 1 else ""
    return False, f"not shown to be better than {champion} ({figures}{looks}): {'; '.join(asked)}"


def compared_with_trees(evaluation: Evaluation) -> tuple[bool, str]:
    """Whether boosted trees on the same inputs are better on the holdout, and both errors in words."""
    return trees_in_words(evaluation.error(evaluation.baselines[BOOSTED_TREES]), evaluation.error(evaluation.model))


def trees_in_words(theirs: float, ours: float) -> tuple[bool, str]:
    """Whether the trees' error is lower, and both in words."""
    better = theirs < ours
    return better, f"{'better' if better else 'no better'}: {theirs:.4g} against {ours:.4g}"


def _sure(evaluation: Evaluation, name: str) -> float | None:
    """The standard error of the difference from a classical model; of others it is not known on the whole holdout."""
    subset = evaluation.subset if name in CLASSICAL_BASELINES else None
    return None if subset is None else subset.difference_se.get(name)


def _rivals(evaluation: Evaluation, register: Register) -> list[Rival]:
    """The baselines to beat, each on the same windows as the model."""
    rivals: list[tuple[str, float, float]] = []
    error = evaluation.error
    for name in register.beat:
        if name == SEASONAL_NAIVE:
            rivals += [
                (key, error(evaluation.model), error(errors))
                for key, errors in evaluation.baselines.items()
                if season_of(key) is not None
            ]
        elif name != "classical":
            rivals.append((name, error(evaluation.model), error(evaluation.baselines[name])))
        elif evaluation.subset is not None:
            models = evaluation.subset.models
            rivals += [
                (key, error(models["model"]), error(errors))
                for key, errors in models.items()
                if key in CLASSICAL_BASELINES
            ]
    return [Rival(*each, _sure(evaluation, each[0])) for each in rivals]
