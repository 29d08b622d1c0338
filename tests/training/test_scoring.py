"""The score of a training on some samples."""

from collections.abc import Callable

import numpy as np
import pytest

from cellsize.data import batches
from cellsize.data.batches import gather, scaled, truth
from cellsize.data.folds import Fold
from cellsize.data.windows import Windows
from cellsize.models import ridge_linear
from cellsize.models.prediction import FittedFold
from cellsize.training.records import Work
from cellsize.training.scoring import outputs, score

MakeWork = Callable[..., Work]
NOTHING = np.empty(0, np.int64)


def fitted_on(work: Work, has_linear: bool) -> FittedFold:
    """A fold of which everything before the holdout is learnt from."""
    every = np.flatnonzero(work.folds.development)
    assert isinstance(work.samples, Windows)
    scaling = work.task.fit_scaling(every)
    linear = ridge_linear.fit(work.samples, scaling, every, (1.0,))[0] if has_linear else None
    return FittedFold(Fold(every, NOTHING, NOTHING), scaling, linear, 0.0, 0.0)


def test_without_networks_it_is_the_score_of_the_linear_model(make_work: MakeWork) -> None:
    work = make_work()
    fitted = fitted_on(work, has_linear=True)
    chosen = fitted.fold.train[:40]
    assert isinstance(work.samples, Windows)
    assert fitted.linear is not None
    expected = ridge_linear.score(work.samples, fitted.scaling, fitted.linear, chosen, work.metric)
    assert score(work, fitted, [], chosen) == pytest.approx(expected, rel=1e-6)


def test_without_any_model_it_is_the_error_of_a_forecast_of_nothing(make_work: MakeWork) -> None:
    work = make_work()
    fitted = fitted_on(work, has_linear=False)
    chosen = fitted.fold.train[:40]
    assert isinstance(work.samples, Windows)
    true = truth(work.samples, fitted.scaling, chosen)
    errors = scaled(gather(work.samples, fitted.scaling, chosen), np.zeros_like(true)) - true
    assert score(work, fitted, [], chosen) == pytest.approx(float(np.square(errors).mean()), rel=1e-5)
    assert len(outputs(work, fitted, [], chosen)) == 1


def test_pieces_change_no_more_than_the_last_digits(make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    work = make_work()
    fitted = fitted_on(work, has_linear=True)
    chosen = fitted.fold.train
    whole = score(work, fitted, [], chosen)
    monkeypatch.setattr(batches.chunks, "__defaults__", (7,))
    assert score(work, fitted, [], chosen) == pytest.approx(whole, rel=1e-6)
