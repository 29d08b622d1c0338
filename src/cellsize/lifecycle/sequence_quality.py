"""Words for how good a model is on new sequences, by what it says of them: labels with probabilities, or numbers."""

import numpy as np

from cellsize.data.names import score_name
from cellsize.data.regress import CONSTANT
from cellsize.data.windows import Floats
from cellsize.lifecycle import check_verdict, unpaired
from cellsize.lifecycle.check_verdict import more
from cellsize.lifecycle.sequence_losses import SequenceLosses
from cellsize.params import Metric

FEWEST_GROUPS = 20  # of sequences, on each side: losses of single ones are skewed


def label_word(metric: Metric | None) -> str:
    """What labels are called."""
    return "labels" if metric is None or metric == "log_loss" else "numbers"


def constant_word(metric: Metric) -> str:
    """What the best constant of training is."""
    return "class frequencies" if metric == "log_loss" else CONSTANT[metric]


def meaning(metric: Metric) -> str:
    """What a normalised error is."""
    kind = {"log_loss": "log loss", "mse": "mean squared error"}.get(metric, "mean absolute error")
    return (
        f"{score_name(metric)} is the {kind} divided by that of the {constant_word(metric)} of training: 0 is perfect, "
        "1 is useless."
    )


def hardness_in_words(new: SequenceLosses | None, holdout: SequenceLosses | None, metric: Metric | None) -> str:
    """Whether the labels are other ones than before; empty where nobody knows."""
    if new is None or holdout is None or metric is None or not holdout.constant_error:
        return ""
    higher = 100 * (new.constant_error / holdout.constant_error - 1)
    return f"The error of the {constant_word(metric)} of training is {more(higher)} than on the holdout."


def in_words(new: SequenceLosses | None, holdout: SequenceLosses | None) -> list[str]:
    """Accuracy, and whether the probabilities hold what they promise; of numbers whether the intervals do."""
    if new is None or holdout is None:
        return []
    if not new.right.size:
        return check_verdict.coverage_in_words(new, holdout, FEWEST_GROUPS)
    accuracy, said = interval(new, new.right), f"Accuracy {100 * new.accuracy:.1f} %"
    if accuracy is not None:
        low, high = (min(max(100 * end, 0), 100) for end in accuracy)
        said += f" ({low:.1f} to {high:.1f} % with a probability of 90 %)"
    too_sure = ": too sure now" if is_too_sure(new, holdout) else ""
    return [
        f"{said}; on the holdout {100 * holdout.accuracy:.1f} %.",
        f"The labels that it says have a probability of {100 * new.sureness:.1f} % in the mean, and "
        f"{100 * new.accuracy:.1f} % of them are right; on the holdout {100 * holdout.sureness:.1f} and "
        f"{100 * holdout.accuracy:.1f} %{too_sure}.",
    ]


def is_too_sure(new: SequenceLosses | None, holdout: SequenceLosses | None) -> bool:
    """Whether it promises more than it holds, and more so than on the holdout, as sure as can be asked for."""
    if new is None or holdout is None:
        return False
    between = interval(new, new.sure - new.right)
    return between is not None and between[0] > max(0.0, holdout.sureness - holdout.accuracy)


def interval(side: SequenceLosses, sums: Floats) -> tuple[float, float] | None:
    """An interval of 90 % for a mean over sequences, by groups; None where there are too few.

    Args:
        side: The sequences.
        sums: What is meant, summed over each group, shape (groups,).
    """
    if len(side.sequences) < FEWEST_GROUPS:
        return None
    low, high = np.quantile(unpaired.means(sums, side.sequences.astype(np.float64), 0)[1], [0.05, 0.95])
    return float(low), float(high)
