"""The score of a training on some samples, piece by piece: all outputs at once would be the largest array."""

from functools import partial

from cellsize.data.batches import chunks
from cellsize.data.windows import Floats, Ints
from cellsize.models import stacked
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, predict
from cellsize.training.records import Work


def outputs(work: Work, fitted: FittedFold, networks: list[Net], chosen: Ints) -> list[Floats]:
    """What each network predicts, or without any the linear model; see `prediction.predict`."""
    forward = partial(stacked.forward, engine=work.training.engine)
    return predict(work.task, work.samples, fitted, networks, chosen, forward)


def score(work: Work, fitted: FittedFold, networks: list[Net], chosen: Ints) -> float:
    """The score of the first network, or without any of the linear model; without that one too, of no model.

    Args:
        work: Data and how to train.
        fitted: Scaling and linear model.
        networks: In evaluation mode.
        chosen: Positions of samples.
    """
    task, total, scale = work.task, 0.0, fitted.scaling.error_scale(work.metric)
    for piece in chunks(chosen):
        first = outputs(work, fitted, networks, piece)[0]
        total += float(task.error_sum(first, task.truth(fitted.scaling, piece), scale, work.metric))
    return task.score(total, int(task.observed(chosen).sum()))
