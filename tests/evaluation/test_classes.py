"""The one look at the holdout of labelled sequences."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.evaluation.classes import evaluate, in_words, losses
from cellsize.evaluation.rivals import Champion
from cellsize.evaluation.sequence_comparison import rivals
from cellsize.models.class_baselines import score_folds
from cellsize.models.classifier import Classifier
from cellsize.models.sequence_files import digest
from cellsize.params import Baseline, Register
from cellsize.params_data import Window
from cellsize.sizing.class_records import ClassBaselines, ClassErrors
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_sequences import twins

BASELINE = Baseline(seasons=(1,), penalties=(0.1, 1.0), classical="none", origins=1, history=1)
GATE = Register(name="toy", beat=("majority_class",), margin=1.0, probability=0.9, not_worse=0.8, blocks=4)
RECIPE = Recipe(
    layers=1, units=3, learning_rate=0.05, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=30,
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
def on_folds(work: Work, sequences: Sequences) -> ClassBaselines:
    return score_folds(sequences, work.folds, BASELINE, "log_loss")[0]


@pytest.fixture(scope="module")
def trained(work: Work, sequence_schema: SequenceSchema, make_window: Callable[..., Window]) -> list[Classifier]:
    return twins(work, RECIPE, sequence_schema, make_window(horizon=1), 2)


def test_twins_and_baselines_are_scored_on_the_same_held_out_sequences(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    found, table = evaluate(sequences, work.folds, trained, None, "log_loss", on_folds)
    assert found.sequences == found.groups == len(table) == work.folds.holdout.sum()
    assert len(found.twins) == 2
    assert found.model.accuracy == pytest.approx(np.mean([each.accuracy for each in found.twins]))
    assert sum(map(sum, found.confusion)) == sum(each.count for each in found.reliability) == found.sequences
    assert set(found.baselines) == set(found.differences) == set(on_folds.all)
    assert (table["predicted"] == table["label"]).mean() == found.twins[0].accuracy
    assert in_words(found).startswith(f"accuracy {found.model.accuracy:.1%}, macro-F1")
    assert {each.sequence for each in found.mistakes} <= set(
        table.loc[table["predicted"] != table["label"], "sequence"]
    )


def test_equal_sequences_are_one_group_of_the_holdout(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    holdout = np.flatnonzero(work.folds.holdout)
    first, length = sequences.first.copy(), sequences.length.copy()
    first[holdout[0]], length[holdout[0]] = first[holdout[1]], length[holdout[1]]
    found, _ = evaluate(replace(sequences, first=first, length=length), work.folds, trained, None, "log_loss", on_folds)
    assert found.groups == found.sequences - 1


def test_a_difference_is_that_of_the_errors_and_has_a_standard_error(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    found, _ = evaluate(sequences, work.folds, trained, None, "log_loss", on_folds)
    for name, errors in found.baselines.items():
        difference = found.differences[name]
        assert difference.accuracy == pytest.approx(errors.accuracy - found.model.accuracy)
        assert difference.score == pytest.approx(errors.score - found.model.score)
        assert difference.score_se > 0


def test_the_same_models_give_the_same_evaluation(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    first, again = (evaluate(sequences, work.folds, trained, None, "log_loss", on_folds)[0] for _ in range(2))
    assert first.model_dump_json() == again.model_dump_json()


def test_losses_have_the_score_as_their_mean(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    holdout = np.flatnonzero(work.folds.holdout)
    found, _ = evaluate(sequences, work.folds, trained, None, "log_loss", on_folds)
    of_each = losses(sequences, trained[0].fitted.scaling, trained, holdout)
    assert of_each.mean(axis=1) == pytest.approx([twin.score for twin in found.twins])


def test_the_champion_s_recipe_is_measured_on_the_whole_holdout(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    recipe = RECIPE.model_copy(update={"steps": 3})
    champion = Champion("4", replace(trained[0], learned_from=tuple(map(digest, sequences.names))), recipe, (), None)
    both = rivals(champion, trained, RECIPE, work, GATE, 2)
    found, _ = evaluate(sequences, work.folds, trained, both, "log_loss", on_folds)
    assert found.champion_version == "4"
    assert found.champion is not None
    assert found.comparison is not None
    assert found.comparison.champion == pytest.approx(found.champion.score)
    assert found.comparison.challenger == pytest.approx(found.model.score)
    assert found.comparison.better > 0.9  # it has hardly been trained


def test_a_champion_that_reads_something_else_is_not_measured_and_it_is_said_why(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    schema = replace(trained[0].schema, features=("x", "other"))
    both = rivals(Champion("4", replace(trained[0], schema=schema), RECIPE, (), None), trained, RECIPE, work, GATE, 2)
    found, _ = evaluate(sequences, work.folds, trained, both, "log_loss", on_folds)
    assert (found.champion, found.comparison, found.champion_version) == (None, None, "4")
    assert found.champion_not_measured == "reads other columns, knows other classes, or has another window"


def test_errors_have_four_numbers_each(
    work: Work, sequences: Sequences, trained: list[Classifier], on_folds: ClassBaselines
) -> None:
    found, _ = evaluate(sequences, work.folds, trained, None, "log_loss", on_folds)
    assert set(ClassErrors.model_fields) == set(found.model.model_dump())
