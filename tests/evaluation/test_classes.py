"""The one look at the holdout of labelled sequences."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.scaling import Scaling
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.evaluation.classes import errors_of, evaluate, in_words
from cellsize.params import Baseline
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_sequences import twins

BASELINE = Baseline(seasons=(1,), penalties=(0.1, 1.0), classical="none", origins=1, history=1)
# Of two balanced classes.
SCALING = Scaling(np.zeros(1), np.ones(1), np.array([np.log(2)], np.float32))


def test_accuracy_macro_f1_and_log_loss_have_their_textbook_values() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    found = errors_of(probabilities, np.array([0, 0, 1, 1]), SCALING)
    assert found.accuracy == 0.75
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.6, 0.8, 0.3]).mean())
    assert found.score == pytest.approx(found.log_loss / np.log(2))


def test_a_class_that_is_neither_there_nor_named_does_not_count_in_macro_f1() -> None:
    found = errors_of(np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]), np.array([0, 1]), SCALING)
    assert found.macro_f1 == 1


def test_a_certain_mistake_has_a_log_loss_that_is_a_number() -> None:
    assert np.isfinite(errors_of(np.array([[0.0, 1.0]]), np.array([0]), SCALING).log_loss)


def test_twins_and_baselines_are_scored_on_the_same_held_out_sequences(
    make_class_work: Callable[..., Work], sequence_schema: SequenceSchema, make_window: Callable[..., Window]
) -> None:
    work = make_class_work()
    assert isinstance(work.samples, Sequences)
    recipe = Recipe(
        layers=1, units=3, learning_rate=0.05, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=30,
        penalty=0.0,
    )  # fmt: skip
    trained = twins(work, recipe, sequence_schema, make_window(horizon=1), 2)
    found, table = evaluate(work.samples, work.folds, trained, BASELINE, "log_loss")
    assert found.sequences == len(table) == work.folds.holdout.sum()
    assert len(found.twins) == 2
    assert found.model.accuracy == pytest.approx(np.mean([each.accuracy for each in found.twins]))
    assert sum(map(sum, found.confusion)) == found.sequences
    assert set(found.baselines) == {"majority_class", "logistic_regression"}
    assert (table["predicted"] == table["label"]).mean() == found.twins[0].accuracy
    assert in_words(found).startswith(f"accuracy {found.model.accuracy:.1%}, macro-F1")
