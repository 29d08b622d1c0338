"""How large a trained model is: the order in which the gate, like the sizing, calls one smaller than another."""

from torch import nn

from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor


def extent(model: Forecaster | Classifier | Regressor) -> tuple[int, int, int]:
    """Recurrent parameters, then the hidden units of an MLP, then all parameters, as `sizing.scores.extent`.

    The recurrent ones come first, so that the order does not depend on a setting such as the skip connection: beside
    a large linear model four cells are smaller than sixteen that stand alone.
    """
    linear = 0 if model.fitted.linear is None else int(model.fitted.linear.weights.size)
    if model.net is None:
        return 0, 0, linear
    layers = [module for module in model.net.modules() if isinstance(module, nn.RNNBase)]
    recurrent = sum(weight.numel() for layer in layers for weight in layer.parameters())
    # A linear part that is trained along counts once.
    trained_along = linear if model.net.architecture.skip == "joint" else 0
    every = sum(weight.numel() for weight in model.net.parameters()) + linear - trained_along
    return recurrent, 0 if model.size.has_memory else model.size.units, every
