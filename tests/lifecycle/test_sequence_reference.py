"""What is kept of sequences: summaries as codes of one byte, and the losses of the twins."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import Sequences
from cellsize.lifecycle import sequence_reference
from cellsize.lifecycle.reference import Reference
from cellsize.lifecycle.sequence_losses import measure
from cellsize.lifecycle.sequence_reference import SequenceReference, columns, summarised
from tests.lifecycle.known_classifier import LEARNED, KnownClassifier
from tests.lifecycle.known_model import Known

NONE = np.empty(0, np.int64)


def test_it_is_read_as_it_was_written_and_not_taken_for_that_of_a_forecast(
    labels: KnownClassifier, known: Known, tmp_path: Path
) -> None:
    labels.reference.save(tmp_path / "a")
    read = SequenceReference.load(tmp_path / "a")
    assert read is not None
    assert read.columns == labels.reference.columns
    for key in ("borders", "codes", "group", "constant", "characters", "contents"):
        np.testing.assert_array_equal(getattr(read, key), getattr(labels.reference, key))
    assert read.holdout is not None
    assert labels.reference.holdout is not None
    assert read.holdout.error == labels.reference.holdout.error
    assert Reference.load(tmp_path / "a") is None
    known.reference.save(tmp_path / "b")
    assert SequenceReference.load(tmp_path / "b") is None
    (tmp_path / "a/reference.npz").write_bytes(b"")
    assert SequenceReference.load(tmp_path / "a") is None


def test_columns_are_summaries_of_each_feature_and_the_length(labels: KnownClassifier) -> None:
    assert columns(labels.sequences, NONE)[:2] == ("mean of x", "mean of z")
    found = summarised(labels.sequences, np.arange(5), labels.model, NONE)
    assert found.shape == (5, len(columns(labels.sequences, NONE)))
    assert found[:, -1].tolist() == labels.sequences.length[:5].tolist()
    rows, scaling = labels.sequences.rows(np.array([2])), labels.model.fitted.scaling
    values = (labels.sequences.inputs[rows, 0] + labels.sequences.offset[0] - scaling.mean[0]) / scaling.std[0]
    assert found[2, 0] == pytest.approx(values.mean(), abs=1e-5)
    assert found[2, 4] == pytest.approx(values.min(), abs=1e-5)


def test_of_very_many_the_last_ones_are_kept(labels: KnownClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_reference, "MOST_SEQUENCES", 20)
    made = sequence_reference.make(
        labels.sequences, labels.folds, [labels.model], labels.model, measure, labels.reference.constant, "log_loss"
    )
    assert made.group.tolist() == list(range(LEARNED - 20, LEARNED))
    assert made.codes.shape == (20, 13)


def test_groups_are_kept_as_groups(make_known_classifier: Callable[..., KnownClassifier]) -> None:
    assert np.bincount(make_known_classifier(people=5).reference.group).tolist() == [5] * (LEARNED // 5)


def test_shares_of_known_characters_then_of_all_others_then_the_length(make_texts: Callable[..., Sequences]) -> None:
    texts = make_texts(["aab", "abx", "bb"])
    model: Any = SimpleNamespace(fitted=SimpleNamespace(scaling=fit_scaling(texts, np.arange(3))))
    compared = np.array([ord("a"), ord("b")])
    assert columns(texts, compared) == ("share of 'a'", "share of 'b'", "share of all other characters", "characters")
    found = summarised(texts, np.arange(3), model, compared)
    np.testing.assert_allclose(
        found, np.array([[2 / 3, 1 / 3, 0, 3], [1 / 3, 1 / 3, 1 / 3, 3], [0, 1, 0, 2]]), atol=1e-6
    )
