"""Results on labelled sequences that tests of several floors share; every factory takes changes to what it makes."""

from typing import Any

from cellsize.sizing.class_records import ClassDifference, ClassErrors, ClassEvaluation, Mistake, ReliabilityBin
from cellsize.sizing.sequence_records import SequenceComparison


def errors(score: float, accuracy: float = 0.9) -> ClassErrors:
    """Errors with a score."""
    return ClassErrors(accuracy=accuracy, macro_f1=accuracy, log_loss=2 * score, score=score)


def comparison(**changes: Any) -> SequenceComparison:
    """Version 4 against a challenger that is neither better nor smaller nor fresher, and may be worse."""
    plain = {
        "version": "4", "how": "same_cut", "sequences": 40, "blocks": 20, "challenger": 0.4, "champion": 0.41,
        "margin": 1.0, "better": 0.5, "not_worse": 0.7, "smaller": False, "same_network": False, "newer_rows": False,
        "rerun": False,
    }  # fmt: skip
    return SequenceComparison.model_validate(plain | changes)


def evaluation(**changes: Any) -> ClassEvaluation:
    """A model with a score of 0.2, better than all baselines; two of 40 sequences go wrong."""
    plain: dict[str, Any] = {
        "task": "classify", "metric": "log_loss", "sequences": 40, "groups": 40, "classes": ("a", "b"),
        "model": errors(0.2, 0.95), "twins": (errors(0.1, 0.95), errors(0.3, 0.95)), "accuracy_se": 0.03,
        "baselines": {
            "majority_class": errors(1.0, 0.5), "logistic_regression": errors(0.25, 0.9),
            "boosted_trees": errors(0.3, 0.875),
        },
        "differences": {
            name: ClassDifference(accuracy=more, accuracy_se=0.02, score=score, score_se=0.03)
            for name, more, score in (
                ("majority_class", -0.45, 0.8), ("logistic_regression", -0.05, 0.05), ("boosted_trees", -0.075, 0.1),
            )
        },
        "left_out": "the nearest neighbour is not measured", "champion": None, "comparison": None,
        "champion_not_measured": None, "champion_version": None, "confusion": ((19, 1), (1, 19)),
        "reliability": (
            ReliabilityBin(count=4, probability=0.6, right=0.5), ReliabilityBin(count=36, probability=0.98, right=1.0),
        ),
        "mistakes": (
            Mistake(sequence="s1", label="a", predicted="b", probability=0.7, probability_of_label=0.3),
            Mistake(sequence="s2", label="b", predicted="a", probability=0.6, probability_of_label=0.4),
        ),
    }  # fmt: skip
    return ClassEvaluation.model_validate(plain | changes)
