"""What the network has to beat; real scores are held by the end-to-end tests."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from cellsize.data import folds, series, table, usable
from cellsize.data.batches import gather, scaled, truth
from cellsize.data.scaling import fit_scaling
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.models import baselines, boosted_trees, ridge_linear
from cellsize.params import Baseline
from cellsize.params_data import Csv, Prepare, Split, Window
from cellsize.training.records import Work

CASES, SOURCE = Path(__file__).parents[1] / "data" / "cases", Path("toy.csv")

MakeWork = Callable[..., Work]
Make = Callable[..., Windows]


def section(**changes: object) -> Baseline:
    plain = {"seasons": [3], "penalties": [1.0, 100.0], "classical": "AutoETS", "origins": 4, "history": 240}
    return Baseline.model_validate(plain | changes)


def test_the_ridge_penalty_is_the_one_that_most_folds_choose(make_work: MakeWork) -> None:
    work = make_work(split={"folds": 3})
    chosen = [
        ridge_linear.fit_chosen(
            work.windows, fit_scaling(work.windows, fold.train), fold, work.penalties, "mse"
        ).penalty
        for fold in work.folds.all()
    ]
    expected = max(sorted(chosen), key=chosen.count)  # also one beyond the list
    assert baselines.ridge_penalty(work.windows, work.folds, work.penalties, "mse") == expected
    assert expected > 0


def test_origins_are_spread_evenly_over_the_windows(make_windows: Make) -> None:
    windows = make_windows(np.sin(np.arange(40)), lookback=8)
    assert baselines.origins(windows, section(), np.arange(7, 17), 4).tolist() == [7, 10, 13, 16]
    assert baselines.origins(windows, section(), np.arange(3), 4).tolist() == [0, 1, 2]


def test_an_origin_too_near_the_begin_of_its_series_is_not_given_to_a_classical_model(make_windows: Make) -> None:
    windows = make_windows(np.sin(np.arange(40)), lookback=3)
    few = baselines.origins(windows, section(), np.arange(36), 100)
    assert few[0] == baselines.SHORTEST - 3
    forecasts = baselines.classical(windows, fit_scaling(windows, np.arange(10)), section(), few[:2])
    assert np.isfinite(forecasts).all()


def test_no_history_at_all_for_a_classical_model_is_reported_in_one_line(make_windows: Make) -> None:
    windows = make_windows(np.sin(np.arange(40)), lookback=3)
    with pytest.raises(
        InputError, match=r"^baseline.classical: AutoETS needs 7 steps of history, and no window has them"
    ):
        baselines.origins(windows, section(history=5), np.arange(36), 4)


def test_the_naive_forecasts_are_values_seen_in_standard_deviations(make_windows: Make) -> None:
    windows = make_windows(np.arange(20.0), lookback=4, horizon=3)
    scaling, chosen = fit_scaling(windows, np.arange(6)), np.array([0, 5])
    linear = ridge_linear.fit(windows, scaling, np.arange(6), (1.0,))[0]
    trees = boosted_trees.fit(windows, scaling, np.arange(6), (2, 6), (1,))
    forecasts = dict(baselines.simple(windows, scaling, linear, trees, (2, 6), chosen, np.arange(6)))
    assert list(forecasts) == ["naive", "seasonal_naive_2", "seasonal_naive_6", "ridge_linear", "boosted_trees"]
    original = {name: values[:, :, 0] * scaling.std[0] + scaling.mean[0] for name, values in forecasts.items()}
    np.testing.assert_allclose(original["naive"], [[3, 3, 3], [8, 8, 8]], rtol=1e-5)
    np.testing.assert_allclose(original["seasonal_naive_2"], [[2, 3, 2], [7, 8, 7]], rtol=1e-5)
    # The second window begins in row 5: a season of 6 steps before its forecast is a row before it.
    np.testing.assert_allclose(original["seasonal_naive_6"], [[3, 3, 0], [3, 4, 5]], rtol=1e-5, atol=1e-5)
    assert forecasts["ridge_linear"].shape == (2, 3, 1)


def test_every_fold_has_a_score_of_each_baseline_on_its_validation_part(make_work: MakeWork) -> None:
    work = make_work()
    scores, _ = baselines.score_folds(work.windows, work.folds, section(classical="none"), "mse")
    assert scores.subset == {}
    assert {name: len(by_fold) for name, by_fold in scores.all.items()} == dict.fromkeys(scores.all, 2)
    for index, fold in enumerate(work.folds.all()):
        scaling = fit_scaling(work.windows, fold.train)
        linear = ridge_linear.fit_chosen(work.windows, scaling, fold, (1.0, 100.0), "mse")
        trees = boosted_trees.fit_chosen(work.windows, scaling, fold, (3,))
        assert scores.boosting_iterations[index] == trees.iterations
        assert scores.boosting_windows[index] == scores.training_windows[index] == len(fold.train)
        assert scores.boosting_steps[index] == work.windows.horizon * len(fold.train)
        forecasts = dict(baselines.simple(work.windows, scaling, linear, trees, (3,), fold.validation, fold.train))
        target = truth(work.windows, scaling, fold.validation)
        assert set(forecasts) == set(scores.all)
        for name, values in forecasts.items():
            assert scores.all[name][index] == pytest.approx(np.square(values - target).mean(), rel=1e-5)


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_the_scores_of_a_counter_are_those_of_its_last_digits(
    make_csv: Callable[..., Csv], make_prepare: Callable[..., Prepare], make_window: Callable[..., Window],
    make_split: Callable[..., Split], offset: float,
) -> None:  # fmt: skip
    # 1e9 ± 3: in float32 every score was 0.0000, and the model was registered as champion.
    raw = table.read(CASES / "d22_offset_1e9.csv.gz", (), make_csv())
    raw["y"] = (raw["y"] - 1e9).round(3) + offset
    schema = series.describe(raw, SOURCE, make_prepare(time="time", past_covariates=[], calendar=[]))
    window = make_window(lookback=24, horizon=6)
    arrays = usable.build(series.clean(raw, SOURCE, schema), schema, window, SOURCE)
    parts = folds.split(arrays, make_split(folds=5, fraction=0.1, blocks=2))
    scores, _ = baselines.score_folds(arrays, parts, section(seasons=[24], classical="none"), "mse")
    means = {name: fmean(by_fold) for name, by_fold in scores.all.items()}
    assert means["naive"] == pytest.approx(0.95, abs=0.005)
    assert means["seasonal_naive_24"] == pytest.approx(0.10, abs=0.005)
    assert means["ridge_linear"] == pytest.approx(0.057, abs=0.0005)


def test_all_models_are_scored_where_the_classical_one_was_fitted(make_work: MakeWork) -> None:
    work = make_work(window={"lookback": 8})
    notes: list[str] = []
    scores, seconds = baselines.score_folds(work.windows, work.folds, section(), "mse", notes.append)
    assert notes[:3] == [f"fold 1 of 2: {name}" for name in ("ridge-linear model", "boosted trees", "AutoETS")]
    assert notes[3] == "fold 2 of 2: ridge-linear model"
    assert list(scores.subset) == ["naive", "seasonal_naive_3", "ridge_linear", "boosted_trees", "AutoETS"]
    assert seconds["baseline"].tolist() == ["ridge_linear", "boosted_trees", "AutoETS"] * 2
    assert seconds["fold"].tolist() == [1] * 3 + [2] * 3
    assert (seconds["seconds"] > 0).all()
    assert scores.subset["naive"] != scores.all["naive"]


def test_the_baselines_are_scored_by_the_metric(make_work: MakeWork) -> None:
    work = make_work()
    scores, _ = baselines.score_folds(work.windows, work.folds, section(classical="none"), "mae")
    assert scores.metric == "mae"
    for index, fold in enumerate(work.folds.all()):
        scaling = fit_scaling(work.windows, fold.train)
        linear = ridge_linear.fit_chosen(work.windows, scaling, fold, (1.0, 100.0), "mae")
        trees = boosted_trees.fit_chosen(work.windows, scaling, fold, (3,), "absolute_error")
        assert scores.boosting_iterations[index] == trees.iterations
        target = truth(work.windows, scaling, fold.validation)
        for name, values in baselines.simple(work.windows, scaling, linear, trees, (3,), fold.validation, fold.train):
            expected = np.abs(values - target).mean() / scaling.deviation[0]
            assert scores.all[name][index] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("scale", ["global", "series"])
def test_every_baseline_is_scored_on_the_targets_that_were_observed(make_work: MakeWork, scale: str) -> None:
    values = [level * (2 + np.sin(np.arange(160) / 3)) for level in (1, 50)]
    for each in values:
        each[np.arange(160) % 7 > 4] = np.nan
    work = make_work(*values, window={"observed": 0.5, "fill": 2, "scale": scale})
    baseline = section(seasons=[7], classical="AutoTheta")
    scores, _ = baselines.score_folds(work.windows, work.folds, baseline, "mse")
    assert all(
        np.isfinite(score) for by_name in (scores.all, scores.subset) for each in by_name.values() for score in each
    )
    fold = work.folds.fold(0)
    scaling = fit_scaling(work.windows, fold.train)
    right = truth(work.windows, scaling, fold.validation)
    assert np.isnan(right).any()
    last = gather(work.windows, replace(scaling, lower=None, upper=None), fold.validation)
    naive = scaled(last, np.zeros_like(right))  # with normalise: last, 0 is the last value seen
    assert scores.all["naive"][0] == pytest.approx(np.nanmean(np.square(naive - right)), rel=1e-5)


def test_a_classical_forecast_is_in_the_scale_of_its_series(make_windows: Make) -> None:
    values = 5 + np.sin(np.arange(60) / 3)
    windows = make_windows(values, 1000 * values, lookback=20, scale="series")
    scaling = fit_scaling(windows, np.arange(len(windows.first)))
    of_both = np.flatnonzero(windows.start == 30)
    forecasts = baselines.classical(windows, scaling, section(classical="AutoTheta", seasons=[19]), of_both)
    np.testing.assert_allclose(forecasts[0], forecasts[1], rtol=0.01)  # its optimiser ends elsewhere
    assert np.abs(forecasts).max() < 3


def test_a_classical_model_is_given_the_values_of_the_table_whatever_the_level_of_its_series(
    make_windows: Make,
) -> None:
    windows = make_windows(np.arange(20), 1e9 + np.arange(20), scale="series")
    for first, level in ((0, 0), (20, 1e9)):
        history = baselines._history(windows, section(history=5), first + 4, 0)
        assert history.tolist() == [level + value for value in range(2, 7)]
