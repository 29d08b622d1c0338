"""inspection.json, baselines.json, evaluation.json and metrics.json of labelled sequences."""

from typing import Literal

from cellsize.params import Metric
from cellsize.sizing.artefacts import Artefact
from cellsize.sizing.evaluation_records import MAY_BE_LEFT_OUT
from cellsize.sizing.sequence_records import SequenceComparison


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


class ClassBaselines(Artefact):
    """`build/baselines.json` of `task: classify`: the baselines on each fold's validation set."""

    metric: Metric
    """What the scores are: normalised log loss (`log_loss`)."""
    all: dict[str, tuple[float, ...]]
    """Name → score of each fold."""
    accuracy: dict[str, tuple[float, ...]]
    """Name → accuracy on each fold."""
    penalties: tuple[float, ...]
    """For each fold, the ridge penalty of the logistic regression: the best on the early-stopping set."""
    boosting_iterations: tuple[int, ...]
    """For each fold, trees of each class: the best number on the early-stopping set."""
    sureness: tuple[float, ...]
    """For each fold, the probability that a nearest neighbour's class gets, measured on the early-stopping set; none
    where it is left out."""
    left_out: str | None
    """Why the nearest neighbour is left out; null if it is not."""


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


class ChampionClassErrors(ClassErrors):
    """Errors of the current champion."""

    version: str
    """Its version."""


class ClassDifference(Artefact):
    """What a baseline has more than the model, on the same sequences of the holdout.

    Standard errors count the sequences, whole groups of them where these are declared, and the twins' seeds.
    """

    accuracy: float
    """Its accuracy minus the model's."""
    accuracy_se: float
    """Standard error of this difference."""
    score: float
    """Its normalised log loss minus the model's."""
    score_se: float
    """Standard error of this difference."""


class ReliabilityBin(Artefact):
    """The sequences whose label the first twin was about equally sure of."""

    count: int
    """Sequences."""
    probability: float
    """Mean probability of the class that was said."""
    right: float
    """Fraction of them whose class it is."""


class Mistake(Artefact):
    """A sequence of the holdout that the first twin labels wrongly."""

    sequence: str
    """Its name."""
    label: str
    """Its class."""
    predicted: str
    """The class that was said."""
    probability: float
    """Probability of the class that was said."""
    probability_of_label: float
    """Probability of its class."""


class ClassEvaluation(Artefact):
    """`reports/evaluation.json` of `task: classify`: errors on the untouched holdout."""

    task: Literal["classify"]
    """Which task it is."""
    metric: Metric
    """What ranks models: `log_loss`."""
    sequences: int
    """Sequences of the holdout."""
    groups: int
    """Groups that they belong to; each sequence its own where none are declared, but equal ones together."""
    classes: tuple[str, ...]
    """Names of the classes."""
    model: ClassErrors
    """The refitted choice: the mean errors of its twins, which have not learned from the holdout."""
    twins: tuple[ClassErrors, ...]
    """Errors of each twin, in the order of the seeds; one without memory cells."""
    accuracy_se: float
    """Standard error of the model's accuracy: of the sequences, whole groups of them, and of the twins' seeds."""
    baselines: dict[str, ClassErrors]
    """Name → errors of the models without memory cells."""
    differences: dict[str, ClassDifference]
    """Name → how far the same are from the model, paired by sequence."""
    left_out: str | None
    """Why the nearest neighbour by dynamic time warping is not among the baselines; null if it is."""
    champion: ChampionClassErrors | None
    """The current champion on all of these sequences; null if there is none, it cannot be measured, or only on some."""
    comparison: SequenceComparison | None
    """Challenger and champion, paired; null if there is no champion or it cannot be measured."""
    champion_not_measured: str | None
    """Why the champion cannot be compared on the same sequences; null if it can, or there is none."""
    champion_version: str | None
    """Version of the current champion, measured or not; null if there is none."""
    confusion: tuple[tuple[int, ...], ...]
    """For each true class, how many sequences the first twin has labelled as each class."""
    reliability: tuple[ReliabilityBin, ...]
    """Sequences by the probability of the class that the first twin says, in tenths; empty ones are left out."""
    mistakes: tuple[Mistake, ...]
    """Sequences that the first twin labels wrongly, those whose class it holds least probable first; at most ten."""

    def error(self, errors: ClassErrors) -> float:
        """Of some errors the one that opens the gate."""
        return errors.score


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
    holdout_macro_f1_logistic_regression: float | None = MAY_BE_LEFT_OUT
    """Its macro-F1; versions registered before 2026-11-28 have none."""
    holdout_log_loss_logistic_regression: float
    """Its log loss."""
    holdout_accuracy_boosted_trees: float
    """The accuracy of boosted trees."""
    holdout_macro_f1_boosted_trees: float | None = MAY_BE_LEFT_OUT
    """Their macro-F1, likewise."""
    holdout_log_loss_boosted_trees: float
    """Their log loss."""
