"""Challenger and champion on the same sequences: which are fair to both, and what is compared on them.

As `comparison` does for forecasts, with groups of sequences in place of blocks of time. Equal sequences are a group
too: all models say the same of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from cellsize.data.duplicates import together
from cellsize.data.folds import Folds
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.evaluation.comparison import network_of
from cellsize.evaluation.paired import paired
from cellsize.evaluation.rivals import Challenger, Champion, Rivals
from cellsize.models.classifier import Classifier
from cellsize.models.extent import extent
from cellsize.models.regressor import Regressor
from cellsize.models.sequence_files import digest
from cellsize.params import Register
from cellsize.progress import unsaid
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sequence_records import SequenceComparison
from cellsize.training import refit_numbers
from cellsize.training.records import Work
from cellsize.training.refit import cut_of
from cellsize.training.refit_sequences import twins

S = TypeVar("S", Classifier, Regressor)  # models of whole sequences
Losses = Callable[[Sequence[S], Ints], Floats]  # models, sequences → shape (models, n)


@dataclass(frozen=True)
class FairSequences(Generic[S]):
    """What the challenger's twins are compared with.

    Attributes:
        chosen: Positions of sequences, shape (n,).
        models: The champion as it is served, or twins by its recipe on the challenger's cut.
        is_served: Which of the two.
    """

    chosen: Ints
    models: tuple[S, ...]
    is_served: bool


def rivals(
    champion: Champion[Classifier] | None,
    trained: Sequence[Classifier],
    recipe: Recipe,
    work: Work,
    gate: Register,
    count: int,
    note: Callable[[str], None] = unsaid,
) -> Rivals[Classifier] | None:
    """The rivals of a run that labels sequences; None without a champion. See `rivals.rivals`."""
    if champion is None:
        return None

    def train(of: Recipe, model: Classifier) -> Sequence[Classifier]:
        theirs = replace(work, network=model.network)
        return twins(theirs, of, model.schema, model.window, count, lambda text: note(f"the champion's recipe: {text}"))

    return Rivals(Challenger(trained, recipe, cut_of(work.samples, work.folds)), champion, gate, train)


def rivals_with_numbers(
    champion: Champion[Regressor] | None,
    trained: Sequence[Regressor],
    recipe: Recipe,
    work: Work,
    gate: Register,
    count: int,
    note: Callable[[str], None] = unsaid,
) -> Rivals[Regressor] | None:
    """The same of a run that gives sequences their numbers."""
    if champion is None:
        return None

    def train(of: Recipe, model: Regressor) -> Sequence[Regressor]:
        theirs = replace(work, network=model.network)

        def said(text: str) -> None:
            note(f"the champion's recipe: {text}")

        return refit_numbers.twins(theirs, of, model.schema, model.window, count, None, said)

    return Rivals(Challenger(trained, recipe, cut_of(work.samples, work.folds)), champion, gate, train)


def fair(sequences: Sequences, folds: Folds, rivals: Rivals[S]) -> FairSequences[S] | str:
    """The sequences that neither has learned from, and what is compared there.

    The champion that is served has seen everything that there was. Where enough groups of the holdout are new to it, it
    is measured as it is; where equal sequences are kept together, one that equals what it knows is not new. Elsewhere
    its recipe is, trained on the challenger's cut: twins that the registry has of that cut serve too.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout.
        rivals: Who is compared; the challenger's twins have not learned from the holdout.

    Returns:
        What to compare, or why nothing can be.
    """
    champion, challenger, fewest = rivals.champion, rivals.challenger, rivals.gate.blocks
    if incomparable(champion.model, challenger.twins[0]):
        return "reads other columns, knows other classes, or has another window"
    holdout = np.flatnonzero(folds.holdout)
    group = together(sequences)  # who has learned from an equal sequence has seen this one
    new = holdout[~np.isin(group[holdout], group[learned(sequences, champion.model)])]
    groups = [len(np.unique(group[chosen])) for chosen in (new, holdout)]
    if groups[0] >= fewest:
        return FairSequences(new, (champion.model,), True)
    if groups[1] < fewest:
        return f"the holdout holds {groups[1]} groups of sequences, but a comparison needs {fewest} (register.blocks)"
    if champion.cut == challenger.cut and champion.twins:
        return FairSequences(holdout, champion.twins, False)
    if champion.recipe is None:
        return "has learned from sequences of this holdout, and the registry does not have its recipe"
    return FairSequences(holdout, tuple(rivals.train(champion.recipe, champion.model)), False)


def compare(sequences: Sequences, rivals: Rivals[S], chosen: FairSequences[S], losses: Losses[S]) -> SequenceComparison:
    """Compares both on the sequences that are fair: whole groups are drawn, and the seeds' variance counts.

    Args:
        sequences: Base arrays and index.
        rivals: Who is compared.
        chosen: What `fair` returned.
        losses: Losses of models on sequences.
    """
    challenger, champion, margin = rivals.challenger, rivals.champion, rivals.gate.margin
    result = paired(
        losses(challenger.twins, chosen.chosen), losses(chosen.models, chosen.chosen),
        together(sequences)[chosen.chosen], margin,
    )  # fmt: skip
    ours, theirs = challenger.twins[0], champion.model
    same_network = network_of(ours) == network_of(theirs)
    same_recipe = champion.recipe is not None and champion.recipe.trains_as(challenger.recipe)
    return SequenceComparison(
        version=champion.version,
        how="served" if chosen.is_served else "same_cut",
        sequences=len(chosen.chosen),
        blocks=result.blocks,
        challenger=result.challenger,
        champion=result.champion,
        margin=margin,
        better=result.better,
        not_worse=result.not_worse,
        smaller=extent(ours) < extent(theirs),
        same_network=same_network,
        newer_rows=len(learned(sequences, theirs)) < len(sequences.names),
        rerun=same_network and same_recipe and champion.cut == challenger.cut,
    )


def learned(sequences: Sequences, model: Classifier | Regressor) -> Ints:
    """Positions of the sequences that a model has learned from, by their names."""
    known = set(model.learned_from)
    return np.flatnonzero([digest(name) in known for name in sequences.names])


def incomparable(champion: Classifier | Regressor, challenger: Classifier | Regressor) -> bool:
    """Whether the champion cannot read what the challenger reads, or means other classes."""
    return champion.schema != challenger.schema or champion.window != challenger.window
