"""The gate: whether a model is good enough to become champion."""

from cellsize.data.forecast import BOOSTED_TREES, CLASSICAL_BASELINES, SEASONAL_NAIVE, score_name, season_of
from cellsize.params import Register
from cellsize.sizing.artefacts import Evaluation
from cellsize.sizing.figures import apart

# A choice without memory cells is the ridge-linear model itself: it cannot be below it, and rounding is no loss.
ROUNDING = 1e-6


def gate(evaluation: Evaluation, register: Register, champion: str | None = None) -> tuple[bool, str]:
    """Whether the model is good enough for the alias, and why.

    It is if its error on the holdout, the one that `choose.metric` names, is below that of every baseline named, or
    equal where the choice is that baseline itself, and below that of the champion on the same windows.

    Args:
        evaluation: Errors on the holdout.
        register: The baselines to beat.
        champion: The champion's version now, with which the model has to have been compared; None if there is none,
            or none is asked for.
    """
    error, rivals = evaluation.error(evaluation.model), _rivals(evaluation, register)
    lost = [
        f"{name} ({score_name(evaluation.metric)} {' against '.join(apart(theirs, ours, _sure(evaluation, name)))})"
        for name, ours, theirs in rivals
        if ours > theirs * (1 + ROUNDING)
    ]
    if lost:
        return False, f"not better on the holdout than {', '.join(lost)}"
    measured = evaluation.champion
    if measured is not None and error >= evaluation.error(measured):
        return False, (
            f"not better on the holdout than the champion, version {measured.version} "
            f"({score_name(evaluation.metric)} {evaluation.error(measured):.4f} against {error:.4f})"
        )
    if champion not in (None, evaluation.champion_version):
        # DVC restores an earlier evaluation as it was, and another model may have become champion since.
        return False, (
            f"its holdout error is from before version {champion} became champion; measure both again: "
            "dvc repro --force --single-item evaluate, then cellsize run"
        )
    if champion is not None and measured is None:
        return False, (
            f"version {champion} is champion and {evaluation.champion_not_measured}, so that nobody measured both on "
            "the same rows; evaluate.champion: false promotes without"
        )
    beaten = ", ".join(name for name, _, _ in rivals) or "no baseline asked for"
    champion_too = f", and than the champion before it, version {measured.version}" if measured is not None else ""
    return True, f"no worse on the holdout than {beaten}{champion_too}"


def compared_with_trees(evaluation: Evaluation) -> tuple[bool, str]:
    """Whether boosted trees on the same inputs are better on the holdout, and both errors in words."""
    theirs, ours = evaluation.error(evaluation.baselines[BOOSTED_TREES]), evaluation.error(evaluation.model)
    better = theirs < ours
    return better, f"{'better' if better else 'no better'}: {theirs:.4g} against {ours:.4g}"


def _sure(evaluation: Evaluation, name: str) -> float | None:
    """The standard error of the difference from a classical model; of others it is not known on the whole holdout."""
    subset = evaluation.subset if name in CLASSICAL_BASELINES else None
    return None if subset is None else subset.difference_se.get(name)


def _rivals(evaluation: Evaluation, register: Register) -> list[tuple[str, float, float]]:
    """The baselines to beat: name, the model's error, and the baseline's on the same windows."""
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
    return rivals
