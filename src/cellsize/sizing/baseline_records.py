"""baselines.json: scores of the models without memory cells."""

from cellsize.params import Metric
from cellsize.sizing.artefacts import Artefact


class Baselines(Artefact):
    """`build/baselines.json`: the baselines' normalised MSE or MAE on each fold's validation set."""

    metric: Metric
    """What the scores are: normalised MSE (`mse`) or normalised MAE (`mae`)."""
    all: dict[str, tuple[float, ...]]
    """Name → score of each fold, on all windows."""
    subset: dict[str, tuple[float, ...]]
    """The same at the origins where the classical model was fitted, itself included."""
    boosting_iterations: tuple[tuple[int, ...], ...]
    """For each fold, iterations of the boosted trees of each target: the best on the early-stopping set."""
    boosting_steps: tuple[int, ...]
    """For each fold, steps to predict that the boosted trees learnt from; all, or drawn at random."""
    boosting_windows: tuple[int, ...]
    """For each fold, windows that these are steps of."""
    training_windows: tuple[int, ...]
    """For each fold, windows of the training set."""
