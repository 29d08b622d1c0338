"""The champion on sequences that are new to it, against its twins on their holdout."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cellsize.data import sequence_arrays, sequence_table, stratified
from cellsize.evaluation.rivals import Champion
from cellsize.lifecycle.sequence_ageing import ageing, incomparable
from cellsize.lifecycle.sequence_arrival import SequenceArrival
from cellsize.lifecycle.sequence_losses import measure
from cellsize.models.classifier import Classifier
from tests.lifecycle.known_classifier import LEARNED, PATH, KnownClassifier, sequences_table

EVEN = np.array([0.5, 0.5])


def arrived(known: KnownClassifier, count: int, **table: float) -> SequenceArrival:
    """The known table with so many sequences behind it."""
    parts = [sequences_table(0, LEARNED)]
    if count:
        parts.append(sequences_table(LEARNED, LEARNED + count, **table))  # type: ignore[arg-type]
    rows = pd.concat(parts, ignore_index=True)
    frame, schema = sequence_table.clean(rows, PATH, known.prepare, None)
    samples = sequence_arrays.build(frame, schema, known.model.window)
    folds = stratified.split(samples, known.split.model_copy(update={"searched_until": str(LEARNED)}))
    return SequenceArrival(frame, schema, samples, folds)


def of(known: KnownClassifier) -> Champion[Classifier]:
    return Champion("4", known.model, None, (), None)


def test_without_new_sequences_there_is_nothing_to_compare(labels: KnownClassifier) -> None:
    found = ageing(arrived(labels, 0), of(labels), labels.reference, 1.0, measure, EVEN)
    assert (found.windows, found.blocks, found.now, found.worse) == (0, 0, None, None)
    assert labels.reference.holdout is not None
    assert found.before == labels.reference.holdout.error


def test_all_new_ones_are_measured_and_those_held_out_are_counted(labels: KnownClassifier) -> None:
    table = arrived(labels, 60)
    found = ageing(table, of(labels), labels.reference, 1.0, measure, EVEN)
    assert (found.windows, found.blocks) == (60, table.folds.holdout[LEARNED:].sum())
    chosen = np.arange(LEARNED, LEARNED + 60)
    expected = measure(table.samples, chosen, [labels.model], labels.model, np.array([0.5, 0.5])).error
    assert found.now == pytest.approx(expected)
    assert found.worse is not None
    assert found.worse < 0.9


def test_sequences_that_are_harder_look_like_ageing(labels: KnownClassifier) -> None:
    found = ageing(arrived(labels, 100, noise=6.0), of(labels), labels.reference, 1.0, measure, EVEN)
    assert found.worse is not None
    assert found.worse > 0.9


def test_what_the_version_does_not_keep_is_not_compared(labels: KnownClassifier) -> None:
    found = ageing(arrived(labels, 60), of(labels), None, 1.0, measure, EVEN)
    assert (found.before, found.worse) == (None, None)
    assert found.now is not None


def test_a_label_that_it_has_never_seen_is_named(labels: KnownClassifier) -> None:
    table = arrived(labels, 10)
    assert incomparable(table, labels.model, labels.model.window) is None
    more = replace(table, schema=replace(table.schema, classes=("a", "b", "c", "d")))
    assert incomparable(more, labels.model, labels.model.window) == "has never seen the label 'c', nor 1 more"
    other = replace(table, schema=replace(table.schema, features=("x",)))
    assert (
        incomparable(other, labels.model, labels.model.window)
        == "reads other columns, or knows labels that are not there"
    )
