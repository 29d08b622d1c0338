"""Who wants to be champion, who is it, and how the champion's recipe is trained where its model cannot be measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.params import Register
from cellsize.progress import unsaid
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit import cut_of, twins

M = TypeVar("M", Forecaster, Classifier, Regressor)  # models of one task, which can be compared
Train = Callable[[Recipe, M], Sequence[M]]  # a recipe, and whose network it is → its twins


@dataclass(frozen=True)
class Champion(Generic[M]):
    """The champion as the registry has it.

    Attributes:
        version: Its version.
        model: The model that is served.
        recipe: What it was trained by; None if the registry does not say.
        twins: Its twins, which have not learned from its holdout; none of a version that was registered without.
        cut: Names the rows that these have learned from and were measured on; see `training.refit.cut_of`.
    """

    version: str
    model: M
    recipe: Recipe | None
    twins: tuple[M, ...]
    cut: str | None


@dataclass(frozen=True)
class Challenger(Generic[M]):
    """The model that wants to be champion.

    Attributes:
        twins: Its twins.
        recipe: What they were trained by.
        cut: As in `Champion`.
    """

    twins: Sequence[M]
    recipe: Recipe
    cut: str


@dataclass(frozen=True)
class Rivals(Generic[M]):
    """Both, and how they are compared.

    Attributes:
        challenger: The model's twins, by which recipe and on which rows.
        champion: The current champion.
        gate: Margin and blocks.
        train: Trains twins by the champion's recipe on the challenger's rows.
    """

    challenger: Challenger[M]
    champion: Champion[M]
    gate: Register
    train: Train[M]


def rivals(
    champion: Champion[Forecaster] | None,
    trained: Sequence[Forecaster],
    recipe: Recipe,
    work: Work,
    gate: Register,
    count: int,
    note: Callable[[str], None] = unsaid,
) -> Rivals[Forecaster] | None:
    """The rivals of a run of forecasts; None without a champion.

    Args:
        champion: The current champion.
        trained: The challenger's twins.
        recipe: What they were trained by.
        work: Data and how to train; its seed is that of the first twin.
        gate: Margin and blocks.
        count: Twins of the champion's recipe, where these have to be trained.
        note: Is told what is done now; see `progress.lines`.
    """
    if champion is None:
        return None

    def train(of: Recipe, model: Forecaster) -> Sequence[Forecaster]:
        theirs = replace(work, network=model.network)
        return twins(theirs, of, model.schema, model.window, count, lambda text: note(f"the champion's recipe: {text}"))

    return Rivals(Challenger(trained, recipe, cut_of(work.windows, work.folds)), champion, gate, train)
