"""What a network has to beat at labelled sequences."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequences import Sequences
from cellsize.models import by_task, nearest_neighbour
from cellsize.models.class_baselines import Fitted, fit, log_odds, score_folds
from cellsize.params import Baseline
from cellsize.sizing.class_records import ClassBaselines
from cellsize.training.records import Work

BASELINE = Baseline(seasons=(1,), penalties=(0.1, 1.0), classical="none", origins=1, history=1)
NAMES = ["majority_class", "logistic_regression", "boosted_trees"]


@pytest.fixture(scope="module")
def sequences(make_sequences: Callable[..., Sequences]) -> Sequences:
    return make_sequences((0, 0, 0, 1) * 12)


@pytest.fixture(scope="module")
def work(make_class_work: Callable[..., Work], sequences: Sequences) -> Work:
    return make_class_work(sequences)


@pytest.fixture(scope="module")
def on_folds(work: Work, sequences: Sequences) -> ClassBaselines:
    return score_folds(sequences, work.folds, BASELINE, "log_loss")[0]


@pytest.fixture(scope="module")
def fitted(work: Work, sequences: Sequences, on_folds: ClassBaselines) -> Fitted:
    return fit(sequences, np.flatnonzero(work.folds.development), on_folds)


def test_the_majority_class_scores_about_1_and_logistic_regression_less(on_folds: ClassBaselines) -> None:
    assert on_folds.all["majority_class"] == pytest.approx([1, 1], abs=0.1)
    assert max(on_folds.all["logistic_regression"]) < 0.9
    assert set(NAMES) <= set(on_folds.all) == set(on_folds.accuracy)
    assert on_folds.accuracy["majority_class"] == pytest.approx([0.75, 0.75], abs=0.1)


def test_scores_are_the_same_again_and_every_baseline_has_its_seconds(
    work: Work, sequences: Sequences, on_folds: ClassBaselines
) -> None:
    again, seconds = by_task.score_folds(sequences, work.folds, BASELINE, "log_loss")
    assert again == on_folds
    assert set(seconds["baseline"]) == set(on_folds.all)
    assert len(seconds) == 2 * len(on_folds.all)


def test_the_majority_class_has_the_frequencies_of_training(sequences: Sequences, fitted: Fitted) -> None:
    train = sequences.target[fitted.train]
    found = np.exp(log_odds(sequences, fitted, np.array([3]))["majority_class"])
    np.testing.assert_allclose(found, [[[(train == 0).mean(), (train == 1).mean()]]])


def test_where_the_nearest_neighbour_cannot_be_measured_it_is_left_out_and_said(
    work: Work, sequences: Sequences, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest_neighbour, "is_installed", lambda: False)
    found, _ = score_folds(sequences, work.folds, BASELINE, "log_loss")
    assert set(found.all) == set(NAMES)
    assert found.left_out == nearest_neighbour.LEFT_OUT
    assert list(log_odds(sequences, fit(sequences, np.arange(24), found), np.arange(24, 30))) == NAMES


def test_on_all_development_sequences_they_are_fitted_with_what_the_folds_chose(
    work: Work, sequences: Sequences, on_folds: ClassBaselines
) -> None:
    chosen = on_folds.model_copy(update={"penalties": (3.0, 1.0, 3.0), "boosting_iterations": (2, 9, 4)})
    found = fit(sequences, np.flatnonzero(work.folds.development), chosen)
    assert (found.linear.penalty, found.trees.iterations) == (3.0, 4)
