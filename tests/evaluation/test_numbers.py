"""The one look at the holdout of sequences with numbers."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.evaluation.numbers import errors_of, evaluate, in_words
from cellsize.models.intervals import order_statistics
from cellsize.models.number_baselines import score_folds
from cellsize.models.regressor import Regressor
from cellsize.params import Baseline
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_numbers import refit, twins

BASELINE = Baseline(seasons=(1,), penalties=(0.1, 1.0), classical="none", origins=1, history=1)
LINEAR = Recipe(
    layers=0, units=0, learning_rate=0.0, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=0, penalty=1.0
)
RECIPE = LINEAR.model_copy(update={"layers": 1, "units": 3, "learning_rate": 0.05, "steps": 30})


@pytest.fixture
def make_linear(
    make_number_work: Callable[..., Work], number_schema: SequenceSchema, make_window: Callable[..., Window]
) -> Callable[[str], Regressor]:
    def make(transform: str = "none") -> Regressor:
        window = make_window(horizon=1, transform=transform)
        return refit(make_number_work(), LINEAR, number_schema, window, None)

    return make


def test_errors_have_their_textbook_values(make_linear: Callable[..., Regressor]) -> None:
    model, truth = make_linear(), np.array([0.0, 1.0, 2.0])
    assert model.fitted.scaling.label_mean is not None
    assert model.fitted.scaling.label_std is not None
    mean, std = model.fitted.scaling.label_mean[0], model.fitted.scaling.label_std[0]
    outputs = ((np.array([0.0, 1.0, 5.0]) - mean) / std)[:, None, None]
    found = errors_of(outputs, truth, model, "mae")
    assert (found.mse, found.mae) == pytest.approx((3, 1))
    assert found.r2 == pytest.approx(1 - 3 / (2 / 3))
    assert found.nmse == pytest.approx(3 / std**2)
    assert found.nmae == found.score == pytest.approx(1 / (std * model.fitted.scaling.deviation[0]))
    assert errors_of(outputs, truth, model, "mse").score == pytest.approx(found.nmse)


def test_errors_are_in_the_unit_of_the_table_and_scores_in_that_of_the_training(
    make_linear: Callable[..., Regressor],
) -> None:
    model = make_linear("sqrt")
    assert model.fitted.scaling.label_mean is not None
    assert model.fitted.scaling.label_std is not None
    mean, std = model.fitted.scaling.label_mean[0], model.fitted.scaling.label_std[0]
    found = errors_of(((np.array([1.0, 3.0]) - mean) / std)[:, None, None], np.array([1.0, 2.0]), model, "mse")
    assert found.mae == pytest.approx((0 + 5) / 2)
    assert found.score == pytest.approx(0.5 / std**2)


def test_twins_and_baselines_are_scored_on_the_same_held_out_sequences(
    make_number_work: Callable[..., Work], number_schema: SequenceSchema, make_window: Callable[..., Window]
) -> None:
    work = make_number_work()
    assert isinstance(work.samples, Sequences)
    kept = order_statistics(np.linspace(-9, 9, 39)[:, None, None])
    trained = twins(work, RECIPE, number_schema, make_window(horizon=1), 2, kept)
    scored = score_folds(work.samples, work.folds, BASELINE, "mse")[0]
    found, table = evaluate(work.samples, work.folds, trained, None, BASELINE, "mse", scored)
    assert found.sequences == len(table) == work.folds.holdout.sum()
    assert len(found.twins) == 2
    assert found.model.mae == pytest.approx(np.mean([each.mae for each in found.twins]))
    assert (table["predicted"] - table["true"]).abs().mean() == pytest.approx(found.twins[0].mae)
    assert set(found.baselines) == {"mean", "ridge_linear", "boosted_trees", "nearest_neighbour"}
    assert found.left_out is None
    assert found.baselines["mean"].score == pytest.approx(1, abs=0.3)
    assert found.differences["mean"].score == pytest.approx(found.baselines["mean"].score - found.model.score)
    assert found.differences["mean"].score_se > 0
    assert found.coverage == {"80": 1, "90": 1, "95": 1}
    assert in_words(found).startswith(f"MAE {found.model.mae:.4g}, R² {found.model.r2:.3f} on {found.sequences} seq")
