"""recipe.json: the size and settings that the last trainings use; apart from why they were chosen."""

from cellsize.params import Head, Skip
from cellsize.sizing.artefacts import Sized


class Recipe(Sized):
    """`build/recipe.json`: what the refit trains."""

    learning_rate: float
    """Of the network; 0 without memory cells."""
    dropout: float
    """Fraction dropped after every layer."""
    weight_decay: float
    """Decoupled weight decay."""
    skip: Skip
    """What the cells stand beside: nothing (none), the ridge-linear model (linear), the same trained along (joint)."""
    head: Head
    """plain; mixed: known-future covariates and what is remembered through one hidden layer; or encoder_decoder."""
    steps: int
    """Optimizer steps."""
    penalty: float
    """Ridge penalty of the ridge-linear model."""
    early_stopping_score: float | None = None
    """Median of these trainings: a refit that learns much less is begun anew; null: nobody looks."""

    def trains_as(self, other: "Recipe") -> bool:
        """Whether both train the same; what a training should reach is no part of that."""
        return self == other.model_copy(update={"early_stopping_score": self.early_stopping_score})
