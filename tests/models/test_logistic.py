"""Logistic regression on summaries: what it knows, and the form that a skip connection needs."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.models import logistic
from cellsize.tasks.classification import Classification
from cellsize.training.records import Work


@pytest.mark.parametrize("classes", [2, 3])
def test_what_a_mean_tells_it_knows(make_sequences: Callable[..., Sequences], classes: int) -> None:
    sequences = make_sequences(tuple(range(classes)) * 20, spread=0.1)
    train, rest = np.arange(20 * classes // 2), np.arange(20 * classes // 2, 20 * classes)
    scaling = Classification(sequences).fit_scaling(train)
    model = logistic.fit(sequences, scaling, train, (0.1,))[0]
    outputs = logistic.predict(sequences, scaling, model, rest)
    assert outputs.shape == (len(rest), 1, classes)
    assert (outputs[:, 0].argmax(axis=1) == sequences.target[rest]).all()
    assert logistic.score(sequences, scaling, model, rest, "log_loss") < 0.2


def test_a_huge_penalty_leaves_the_class_frequencies(make_sequences: Callable[..., Sequences]) -> None:
    sequences = make_sequences((0, 0, 0, 1) * 8)
    scaling = Classification(sequences).fit_scaling(np.arange(32))
    model = logistic.fit(sequences, scaling, np.arange(32), (1e9,))[0]
    outputs = logistic.predict(sequences, scaling, model, np.arange(4))[:, 0]
    np.testing.assert_allclose(outputs[:, 0] - outputs[:, 1], np.log(3), rtol=1e-3)
    assert logistic.score(sequences, scaling, model, np.arange(32), "log_loss") == pytest.approx(1, rel=1e-3)


def test_the_penalty_that_is_best_on_the_early_stopping_set_is_chosen(make_class_work: Callable[..., Work]) -> None:
    work = make_class_work()
    assert isinstance(work.samples, Sequences)
    fold, penalties = work.folds.fold(0), (0.01, 1.0, 1e4)
    scaling = work.task.fit_scaling(fold.train)
    scores = {
        model.penalty: logistic.score(work.samples, scaling, model, fold.early_stopping, "log_loss")
        for model in logistic.fit(work.samples, scaling, fold.train, penalties)
    }
    chosen = logistic.fit_chosen(work.samples, scaling, fold, penalties, "log_loss")
    assert scores[chosen.penalty] == min(scores.values())


def test_texts_are_learnt_from_piece_by_piece_to_the_same_weights(
    make_texts: Callable[..., Sequences], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = make_texts(["anna", "bob", "carla", "dirk", "elena", "frank"] * 3)
    every = np.arange(18)
    scaling = Classification(texts).fit_scaling(every)
    whole = logistic.fit(texts, scaling, every, (1.0,))[0]
    outputs = logistic.predict(texts, scaling, whole, every)
    monkeypatch.setattr(logistic, "chunks", lambda chosen: np.array_split(chosen, 4))
    pieces = logistic.fit(texts, scaling, every, (1.0,))[0]
    np.testing.assert_array_equal(pieces.weights, whole.weights)
    np.testing.assert_allclose(logistic.predict(texts, scaling, whole, every), outputs, atol=1e-6)
