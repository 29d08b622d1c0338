"""inspection.json, evaluation.json and metrics.json of labelled sequences."""

from typing import Literal

from cellsize.params import Metric
from cellsize.sizing.artefacts import Artefact


class DuplicateLeak(Artefact):
    """What equal sequences on both sides make of a score: logistic regression, cross-validated twice."""

    folds: int
    """How many folds both were measured with."""
    accuracy_grouped: float
    """Accuracy with equal sequences in one fold: what it is for sequences never seen."""
    accuracy_spread: float
    """Accuracy with equal sequences spread over folds as they come: some are known by heart."""
    score_grouped: float
    """Normalised log loss of the first."""
    score_spread: float
    """Normalised log loss of the second."""
    is_in_the_folds: bool
    """Whether sizes are searched on folds that spread them too (`split.duplicates`)."""


class SequenceInspection(Artefact):
    """`reports/inspection.json` of `task: classify`: what is odd about the sequences before the holdout."""

    task: Literal["classify"]
    """Which task it is."""
    sequences: int
    """Sequences before the holdout."""
    groups: int
    """Groups that they belong to."""
    classes: dict[str, int]
    """Class → its sequences."""
    shortest: int
    """Steps of the shortest sequence."""
    longest: int
    """Steps of the longest one."""
    duplicates: int
    """Sequences that are equal to an earlier one, step by step, and are in no group with it."""
    leak: DuplicateLeak | None
    """What they would make of scores; null without any."""


class ClassErrors(Artefact):
    """How well one model labels the holdout."""

    accuracy: float
    """Fraction of the sequences whose most probable class is theirs."""
    macro_f1: float
    """Mean over the classes of F1, the harmonic mean of precision and recall; 0 for a class that is never right."""
    log_loss: float
    """Mean negative logarithm of the probability of the true class."""
    score: float
    """Normalised log loss: divided by that of the class frequencies on the training sequences."""


class ClassEvaluation(Artefact):
    """`reports/evaluation.json` of `task: classify`: errors on the untouched holdout."""

    task: Literal["classify"]
    """Which task it is."""
    metric: Metric
    """What ranks models: `log_loss`."""
    sequences: int
    """Sequences of the holdout."""
    classes: tuple[str, ...]
    """Names of the classes."""
    model: ClassErrors
    """The refitted choice: the mean errors of its twins, which have not learned from the holdout."""
    twins: tuple[ClassErrors, ...]
    """Errors of each twin, in the order of the seeds; one without memory cells."""
    baselines: dict[str, ClassErrors]
    """Name → errors of the models without memory cells."""
    confusion: tuple[tuple[int, ...], ...]
    """For each true class, how many sequences the first twin has labelled as each class."""


class ClassMetrics(Artefact):
    """`reports/metrics.json` of `task: classify`: the numbers that `dvc metrics diff` compares."""

    layers: int
    """Chosen layers."""
    units: int
    """Chosen units a layer."""
    parameters: int
    """All parameters of the choice."""
    recurrent: int
    """Its recurrent parameters."""
    score: float
    """Its cross-validated score."""
    score_best: float
    """The best size's score."""
    score_zero_cells: float
    """The score without memory cells."""
    holdout_accuracy: float
    """The model's accuracy on the holdout."""
    holdout_macro_f1: float
    """Its macro-F1."""
    holdout_log_loss: float
    """Its log loss."""
    holdout_accuracy_logistic_regression: float
    """The accuracy of the logistic regression."""
    holdout_log_loss_logistic_regression: float
    """Its log loss."""
