"""What a prediction of fresh samples costs beyond what can be known of them, and what the best constant costs.

Of forecasts that is the squared distance to what who knows the law would forecast. Of labels it is the Kullback-Leibler
divergence of the true probabilities from the predicted ones: the expected log loss less the entropy of the true
probabilities. No label or noise is drawn for it, so it is 0 for who knows the law, whatever the fresh samples are.
"""

import numpy as np

from benchmarks.problems import Problem, Sample
from cellsize.data.batches import original
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats


def excess(problem: Problem, sample: Sample, scaling: Scaling, outputs: Floats) -> float:
    """The mean error of some outputs beyond `Problem.noise`.

    Args:
        problem: Its metric says which error.
        sample: The fresh samples.
        scaling: Of the model.
        outputs: Forecasts in standard deviations of the training rows, or log-odds; of the shape of `Sample.expected`.
    """
    if problem.work.metric == "log_loss":
        probabilities = sample.expected
        shifted = outputs.astype(np.float64) - outputs.max(axis=-1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return float(-(probabilities * logarithms).sum(axis=-1).mean()) - entropy(probabilities)
    values = original(sample.windows, scaling, outputs)
    return float(np.mean((values - sample.expected) ** 2))


def of_best_constant(problem: Problem, sample: Sample) -> float:
    """The error of the best constant: the target's variance, or the entropy of the labels."""
    if problem.work.metric == "log_loss":
        return entropy(sample.expected.mean(axis=(0, 1)))
    return problem.noise + float(np.var(sample.expected))


def entropy(probabilities: Floats) -> float:
    """Mean entropy of some distributions over the last axis, in nats."""
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    return float(-(probabilities * logarithms).sum(axis=-1).mean())
