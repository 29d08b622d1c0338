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
    """Of the trainings of this size, their median: a refit that learns much less is begun anew; null: nobody looks."""
    start_score: float | None = None
    """The ridge-linear model's on the same sets, from which cells beside it begin; null: they stand beside nothing."""

    def trains_as(self, other: "Recipe") -> bool:
        """Whether both train the same: how much should be learnt is no part of that, but whether anybody looks is."""
        if (self.early_stopping_score is None) != (other.early_stopping_score is None):
            return False
        bar = {"early_stopping_score": self.early_stopping_score, "start_score": self.start_score}
        return self == other.model_copy(update=bar)
