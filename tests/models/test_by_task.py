"""The baselines of each task."""

from collections.abc import Callable

from cellsize.models import baselines, by_task
from cellsize.params import Baseline
from cellsize.training.records import Work


def test_those_of_a_forecast_are_the_forecasts(make_work: Callable[..., Work]) -> None:
    work = make_work()
    settings = Baseline(seasons=(6,), penalties=(1.0,), classical="none", origins=1, history=24)
    found = by_task.score_folds(work.samples, work.folds, settings, "mse")[0]
    assert found == baselines.score_folds(work.windows, work.folds, settings, "mse")[0]
