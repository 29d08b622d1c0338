"""How many settings of a size race, stay at a rung, and run to the end: what a race and the count of its work share.

It imports nothing of scores and rules: a change of these shall not train a size again.
"""

from cellsize.params import Network, Skip, Training
from cellsize.sizing.sizes import Size

# Settings of a fold that run to the end: a lead after some hundred steps is too noisy to decide on.
FINALISTS = 2
# Fraction of a family's settings that a rung keeps.
KEPT = 0.25


def families(network: Network) -> list[tuple[Skip, ...]]:
    """The skip connections whose settings race among themselves: none, and those with a linear model."""
    plain = tuple(skip for skip in network.skip if skip == "none")
    linear = tuple(skip for skip in network.skip if skip != "none")
    return [family for family in (plain, linear) if family]


def finalists(families: int, settings: int) -> int:
    """Settings of each fold that run to the end with every seed: one of each family, or two of a single one."""
    return families if families > 1 else min(FINALISTS, settings)


def settings(network: Network, training: Training, size: Size) -> int:
    """How many settings are tuned for a size."""
    heads = len(network.head) if size.layers else 1
    rates = len(training.learning_rates) * len(training.dropouts) * len(training.weight_decays)
    return len(network.skip) * heads * rates
