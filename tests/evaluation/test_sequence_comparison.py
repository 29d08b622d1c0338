"""Challenger and champion on the same sequences."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.evaluation.rivals import Champion, Rivals
from cellsize.evaluation.sequence_comparison import FairSequences, compare, fair, learned, rivals
from cellsize.models.classifier import Classifier
from cellsize.models.sequence_files import digest
from cellsize.params import Register
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit import cut_of
from cellsize.training.refit_sequences import refit_on_all, twins

GATE = Register(name="toy", beat=(), margin=1.0, probability=0.9, not_worse=0.8, blocks=4)
RECIPE = Recipe(
    layers=1, units=2, learning_rate=0.05, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=3,
    penalty=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def work(make_class_work: Callable[..., Work]) -> Work:
    return make_class_work()


@pytest.fixture(scope="module")
def sequences(work: Work) -> Sequences:
    assert isinstance(work.samples, Sequences)
    return work.samples


@pytest.fixture(scope="module")
def trained(work: Work, sequence_schema: SequenceSchema, make_window: Callable[..., Window]) -> list[Classifier]:
    return twins(work, RECIPE, sequence_schema, make_window(horizon=1), 2)


@pytest.fixture(scope="module")
def against(work: Work, trained: list[Classifier]) -> Callable[..., Rivals[Classifier]]:
    """Rivals: two twins, and a champion that has learned from some sequences."""

    def make(learned_from: Sequence[str], recipe: Recipe | None = RECIPE, **known: Any) -> Rivals[Classifier]:
        champions = {"twins": (), "cut": None} | known
        model = replace(trained[0], learned_from=tuple(map(digest, learned_from)))
        made = rivals(Champion("4", model, recipe, **champions), trained, RECIPE, work, GATE, 2)
        assert made is not None
        return made

    return make


def test_without_a_champion_there_are_no_rivals(work: Work, trained: list[Classifier]) -> None:
    assert rivals(None, trained, RECIPE, work, GATE, 2) is None


def test_a_champion_is_measured_as_it_is_on_sequences_that_are_new_to_it(
    work: Work, sequences: Sequences, against: Callable[..., Rivals[Classifier]]
) -> None:
    holdout = np.flatnonzero(work.folds.holdout)
    known = [name for at, name in enumerate(sequences.names) if at not in holdout[2:]]
    found = fair(sequences, work.folds, against(known))
    assert isinstance(found, FairSequences)
    assert found.is_served
    np.testing.assert_array_equal(found.chosen, holdout[2:])


def test_a_new_sequence_of_a_group_that_the_champion_knows_is_not_new(
    work: Work, sequences: Sequences, against: Callable[..., Rivals[Classifier]]
) -> None:
    holdout = np.flatnonzero(work.folds.holdout)
    group = sequences.group.copy()
    group[holdout[0]] = group[holdout[1]]
    found = fair(replace(sequences, group=group), work.folds, against([sequences.names[holdout[1]]]))
    assert isinstance(found, FairSequences)
    np.testing.assert_array_equal(found.chosen, holdout[2:])


def test_a_new_sequence_that_equals_one_that_the_champion_knows_is_not_new(
    work: Work, sequences: Sequences, against: Callable[..., Rivals[Classifier]]
) -> None:
    holdout = np.flatnonzero(work.folds.holdout)
    first, length = sequences.first.copy(), sequences.length.copy()
    first[holdout[0]], length[holdout[0]] = first[holdout[1]], length[holdout[1]]
    equal = replace(sequences, first=first, length=length)
    found = fair(equal, work.folds, against([sequences.names[holdout[1]]]))
    assert isinstance(found, FairSequences)
    np.testing.assert_array_equal(found.chosen, holdout[2:])


def test_one_that_has_seen_the_holdout_is_measured_by_its_recipe_or_by_twins_of_this_cut(
    work: Work, sequences: Sequences, trained: list[Classifier], against: Callable[..., Rivals[Classifier]]
) -> None:
    found = fair(sequences, work.folds, against(sequences.names))
    assert isinstance(found, FairSequences)
    assert not found.is_served
    assert len(found.models) == 2  # by the recipe of the champion, which is that of the twins here
    np.testing.assert_array_equal(
        found.models[1].probabilities(sequences, found.chosen), trained[1].probabilities(sequences, found.chosen)
    )
    cut = cut_of(sequences, work.folds)
    kept = fair(sequences, work.folds, against(sequences.names, twins=(trained[1],), cut=cut))
    assert isinstance(kept, FairSequences)
    assert kept.models == (trained[1],)


def test_without_a_recipe_or_enough_groups_it_is_said_why(
    work: Work, sequences: Sequences, against: Callable[..., Rivals[Classifier]]
) -> None:
    found = fair(sequences, work.folds, against(sequences.names, recipe=None))
    assert found == "has learned from sequences of this holdout, and the registry does not have its recipe"
    together = replace(sequences, group=np.where(work.folds.holdout, 0, 1 + np.arange(len(sequences.group))))
    said = "the holdout holds 1 groups of sequences, but a comparison needs 4 (register.blocks)"
    assert fair(together, work.folds, against(sequences.names)) == said


@pytest.mark.parametrize(("theirs", "better"), [(1.0, 1.0), (0.1, 0.0)])
def test_the_lower_loss_is_better_and_a_rerun_is_named(
    sequences: Sequences, work: Work, against: Callable[..., Rivals[Classifier]], theirs: float, better: float
) -> None:
    both = against(sequences.names, cut=cut_of(sequences, work.folds))
    chosen = FairSequences(np.flatnonzero(work.folds.holdout), (both.champion.model,), False)

    def losses(models: Sequence[Classifier], positions: Ints) -> Floats:
        return np.full((len(models), len(positions)), 0.5 if len(models) == 2 else theirs)

    found = compare(sequences, both, chosen, losses)
    assert (found.better, found.challenger, found.champion) == (better, 0.5, theirs)
    assert (found.same_network, found.rerun, found.smaller, found.newer_rows) == (True, True, False, False)
    assert found.blocks == found.sequences == work.folds.holdout.sum()


def test_what_a_model_has_learned_from_is_known_by_name(
    work: Work, sequences: Sequences, trained: list[Classifier], sequence_schema: SequenceSchema,
    make_window: Callable[..., Window],
) -> None:  # fmt: skip
    np.testing.assert_array_equal(learned(sequences, trained[0]), np.flatnonzero(work.folds.development))
    served = refit_on_all(work, RECIPE, sequence_schema, make_window(horizon=1))
    assert served.learned_from == tuple(map(digest, sequences.names))
