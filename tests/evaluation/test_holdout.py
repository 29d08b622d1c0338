"""The one look at the holdout."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_pinball_loss

from cellsize.data.batches import original, truth
from cellsize.evaluation.holdout import coverage, evaluate, in_words
from cellsize.evaluation.measure import Measure, seasonal_error
from cellsize.evaluation.rivals import Rivals
from cellsize.models import boosted_trees, intervals
from cellsize.models.forecaster import Forecaster
from cellsize.params import Baseline, Metric
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.training.records import Work

MakeWork = Callable[..., Work]
BASELINE = Baseline(seasons=(3, 30), penalties=(1.0, 100.0), classical="none", origins=3, history=48)
ON_FOLDS = Baselines(
    metric="mse",
    all={},
    subset={},
    boosting_iterations=((4,), (7,)),
    boosting_steps=(20, 20),
    boosting_windows=(10, 10),
    training_windows=(12, 12),
)


def test_a_network_without_the_linear_skip_connection_is_compared_with_the_same_ridge_linear_model(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    # With normalise: last a column is always 0, and nothing but the penalty keeps the ridge-linear model solvable.
    baselines = []
    for skip, penalty in (("linear", 1.0), ("none", 0.0)):
        work = make_work(network={"skip": [skip]})
        model = refitted(work, penalty=penalty, skip=skip)
        evaluation, _ = evaluate(work.windows, work.folds, [model], None, BASELINE, "mse", ON_FOLDS)
        baselines.append(evaluation.baselines)
    assert baselines[0] == baselines[1]


def test_zero_cells_are_the_ridge_linear_baseline(make_work: MakeWork, refitted: Callable[..., Forecaster]) -> None:
    work = make_work()
    evaluation, _ = evaluate(
        work.windows, work.folds, [refitted(work, units=0, penalty=100.0)], None, BASELINE, "mse", ON_FOLDS
    )
    other, _ = evaluate(
        work.windows, work.folds, [refitted(work, units=0, penalty=1.0)], None, BASELINE, "mse", ON_FOLDS
    )
    assert evaluation.baselines == other.baselines
    errors = {evaluation.model.nmse, other.model.nmse}
    assert len(errors) == 2
    assert evaluation.baselines["ridge_linear"].nmse in errors


def test_quantiles_are_measured_by_their_pinball_loss_and_how_often_each_held(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]], tmp_path: Path
) -> None:
    plain = make_work(np.sin(np.arange(400) / 3) + 0.3 * np.random.default_rng(0).standard_normal(400))
    work = replace(plain, metric="quantile", samples=replace(plain.windows, quantiles=(0.1, 0.5, 0.9)))
    model, found = refitted(work), list[Evaluation]()
    iterations = ON_FOLDS.model_copy(update={"boosting_iterations": ((4, 5, 6), (7, 8, 9))})
    both = against(work, [model], refitted(work, 0))
    evaluation, table = evaluate(work.windows, work.folds, [model, model], both, BASELINE, "quantile", iterations)
    holdout = np.flatnonzero(work.folds.holdout)
    forecasts, right = model.predict(work.windows, holdout), truth(work.windows, model.fitted.scaling, holdout)
    losses = [mean_pinball_loss(right.ravel(), forecasts[..., at].ravel(), alpha=level)
              for at, level in enumerate(work.windows.quantiles)]  # fmt: skip
    assert model.fitted.scaling.pinball is not None
    assert evaluation.model.npinball == pytest.approx(np.mean(losses) / model.fitted.scaling.pinball[0], rel=1e-5)
    assert evaluation.error(evaluation.model) == evaluation.model.npinball
    assert np.mean([step for step in evaluation.model.by_step if step]) == pytest.approx(evaluation.model.npinball)
    below = {f"{level:g}": float((right <= forecasts[..., [at]]).mean())
             for at, level in enumerate(work.windows.quantiles)}  # fmt: skip
    assert evaluation.model.below == pytest.approx(below)
    # Errors in units are those of the median; every baseline has quantiles, and so has the champion.
    median = original(work.windows, model.fitted.scaling, forecasts[..., [1]])
    values = original(work.windows, model.fitted.scaling, right)
    assert evaluation.model.mae == pytest.approx(np.abs(median - values).mean(), rel=1e-4)
    for name, errors in evaluation.baselines.items():
        assert errors.npinball is not None, name
        assert errors.below is not None, name
        assert 0 < errors.npinball < 2
    assert evaluation.champion is not None
    assert evaluation.champion.npinball is not None
    assert {"truth", "model", "ridge_linear"} <= set(table)
    evaluation.write(tmp_path / "evaluation.json")
    found.append(Evaluation.read(tmp_path / "evaluation.json"))
    assert found == [evaluation]


def test_without_quantiles_no_file_says_anything_of_them(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    evaluation, _ = evaluate(work.windows, work.folds, [refitted(work)], None, BASELINE, "mse", ON_FOLDS)
    assert not {"npinball", "below"} & set(evaluation.model_dump()["model"])


def test_a_champion_is_measured_on_the_same_windows(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    model = refitted(work)
    other_gap = replace(model, schema=replace(model.schema, gap=7))
    for champion in (model, other_gap):
        both = against(work, [model], champion)
        evaluation, _ = evaluate(work.windows, work.folds, [model], both, BASELINE, "mse", ON_FOLDS)
        # A champion's forecasts go through its own constants to original units and back: the eighth digit may differ.
        expected = {key: pytest.approx(value, rel=1e-7) for key, value in evaluation.model.model_dump().items()}
        assert evaluation.champion is not None
        assert evaluation.champion.model_dump() == {"version": "4", **expected}
        assert (evaluation.champion_version, evaluation.champion_not_measured) == ("4", None)
        assert evaluation.comparison is not None
        assert evaluation.comparison.windows == evaluation.windows
        assert evaluation.comparison.challenger == pytest.approx(evaluation.model.nmse)
        assert evaluation.comparison.champion == pytest.approx(evaluation.model.nmse)
        assert evaluation.comparison.better == 0.0


def test_a_champion_that_is_compared_on_a_part_of_the_holdout_has_no_errors_on_all_of_it(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    work = make_work()
    model = refitted(work)
    first = work.windows.first[work.folds.holdout]
    champion = replace(model, learned_until=work.windows.said(first[9] + work.windows.lookback))
    both = against(work, [model], champion)
    evaluation, _ = evaluate(work.windows, work.folds, [model], both, BASELINE, "mse", ON_FOLDS)
    assert evaluation.comparison is not None
    assert (evaluation.comparison.how, evaluation.comparison.windows) == ("served", evaluation.windows - 10)
    assert evaluation.champion is None


def test_the_models_errors_are_the_means_of_its_twins(make_work: MakeWork, refitted: Callable[..., Forecaster]) -> None:
    work = make_work(np.sin(np.arange(160) / 3), np.cos(np.arange(160) / 5))
    twins = [refitted(replace(work, seed=seed), steps=60, skip="none") for seed in (1, 2)]
    with_classical = BASELINE.model_copy(update={"classical": "AutoTheta"})
    both, table = evaluate(work.windows, work.folds, twins, None, with_classical, "mse", ON_FOLDS)
    alone = [evaluate(work.windows, work.folds, [twin], None, with_classical, "mse", ON_FOLDS) for twin in twins]
    assert both.twins == tuple(each.model for each, _ in alone)
    assert both.twins[0] != both.twins[1]
    for name in ("mae", "rmse", "mase", "nmse", "nmae"):
        assert getattr(both.model, name) == pytest.approx(np.mean([getattr(twin, name) for twin in both.twins]))
    assert both.model.by_step == pytest.approx(np.array([twin.by_step for twin in both.twins], float).mean(axis=0))
    for series in both.by_series:
        theirs = [next(other for other in each.by_series if other.series == series.series) for each, _ in alone]
        assert series.score == pytest.approx(np.mean([each.score for each in theirs]))
        assert series.mae == pytest.approx(np.mean([each.mae for each in theirs]))
    assert both.subset is not None
    assert both.baselines == alone[0][0].baselines
    assert table.equals(alone[0][1])  # what is drawn is the first twin's
    assert in_words(both).endswith(", mean of 2 twins")
    assert not in_words(alone[0][0]).endswith("twins")


def test_the_holdouts_rows_are_named(make_work: MakeWork, refitted: Callable[..., Forecaster]) -> None:
    work = make_work()
    evaluation, _ = evaluate(work.windows, work.folds, [refitted(work)], None, BASELINE, "mse", ON_FOLDS)
    windows, holdout = work.windows, work.windows.first[work.folds.holdout]
    assert evaluation.rows_from == windows.said(holdout.min() + windows.lookback)
    assert evaluation.rows_until == windows.said(len(windows.step) - 1)
    assert evaluation.series == 1


def test_all_models_are_compared_where_the_classical_one_is_fitted(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    with_classical = BASELINE.model_copy(update={"classical": "AutoETS"})
    evaluation, _ = evaluate(work.windows, work.folds, [refitted(work)], None, with_classical, "mse", ON_FOLDS)
    assert evaluation.subset is not None
    assert evaluation.subset.origins == 3
    assert set(evaluation.subset.models) == {
        "model", "naive", "seasonal_naive_3", "seasonal_naive_30", "ridge_linear", "boosted_trees", "AutoETS",
    }  # fmt: skip
    assert set(evaluation.subset.difference_se) == set(evaluation.subset.models) - {"model"}
    assert all(error > 0 for error in evaluation.subset.difference_se.values())
    plain, _ = evaluate(work.windows, work.folds, [refitted(work)], None, BASELINE, "mse", ON_FOLDS)
    assert plain == evaluation.model_copy(update={"subset": None})


def test_forecasts_and_truth_are_given_at_one_origin_a_horizon_in_the_units_of_the_data(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    windows = work.windows
    _, table = evaluate(windows, work.folds, [refitted(work)], None, BASELINE, "mse", ON_FOLDS)
    assert list(table.columns) == [
        "series", "target", "origin", "time", "step", "truth", "model", "seasonal_naive_3",
        "seasonal_naive_30", "ridge_linear", "boosted_trees",
    ]  # fmt: skip
    assert table["step"].tolist() == [1, 2] * (len(table) // 2)
    assert table["time"].is_unique
    assert (table["time"] - table["origin"]).tolist() == [pd.Timedelta(step, "h") for step in table["step"]]
    by_time = pd.Series(windows.target[:, 0], windows.moment(windows.step))
    np.testing.assert_allclose(table["truth"], by_time[table["time"]], rtol=1e-6)


def test_boosted_trees_have_the_median_of_the_iterations_on_the_folds(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    model = refitted(work)
    scaling, development = model.fitted.scaling, np.flatnonzero(work.folds.development)
    holdout = np.flatnonzero(work.folds.holdout)
    trees = boosted_trees.fit(work.windows, scaling, development, (3, 30), (5,))  # of 4 and 7
    expected = boosted_trees.predict(work.windows, scaling, trees, holdout) - truth(work.windows, scaling, holdout)
    evaluation, _ = evaluate(work.windows, work.folds, [model], None, BASELINE, "mse", ON_FOLDS)
    assert evaluation.baselines["boosted_trees"].nmse == pytest.approx(np.square(expected).mean(), rel=1e-5)


def test_all_errors_are_those_of_the_measure_with_the_first_season(
    make_work: MakeWork, ragged: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    for work in (make_work(), ragged("series", holdout_of="series")):
        model = refitted(work)
        windows, holdout, scaling = work.windows, np.flatnonzero(work.folds.holdout), model.fitted.scaling
        evaluation, _ = evaluate(windows, work.folds, [model], None, BASELINE, "mae", ON_FOLDS)
        measure = Measure(windows, scaling, seasonal_error(windows, work.folds, 3), "mae")
        assert evaluation.model == measure.errors(model.predict(windows, holdout), holdout)
        assert evaluation.model.mase is not None
        assert bool(evaluation.by_series) == (evaluation.series > 1)


def test_with_a_season_longer_than_the_data_errors_are_not_scaled_and_the_forecast_is_the_naive_one(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    long = BASELINE.model_copy(update={"seasons": (1000,)})
    evaluation, _ = evaluate(work.windows, work.folds, [refitted(work)], None, long, "mse", ON_FOLDS)
    assert evaluation.model.mase is None
    assert evaluation.baselines["seasonal_naive_1000"] == evaluation.baselines["naive"]


@pytest.mark.parametrize("metric", ["mse", "mae"])
def test_both_normalised_errors_are_measured_and_the_steps_by_the_metric(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]], metric: Metric
) -> None:
    work = make_work(metric=metric)
    model = refitted(work)
    evaluation, _ = evaluate(
        work.windows, work.folds, [model], against(work, [model], model), BASELINE, metric, ON_FOLDS
    )
    holdout, scaling = np.flatnonzero(work.folds.holdout), model.fitted.scaling
    error = model.predict(work.windows, holdout) - truth(work.windows, scaling, holdout)
    assert evaluation.model.nmse == pytest.approx(np.square(error).mean(), rel=1e-5)
    assert evaluation.model.nmae == pytest.approx(np.abs(error).mean() / scaling.deviation[0], rel=1e-5)
    assert evaluation.metric == metric
    errors = (*evaluation.baselines.values(), evaluation.model, evaluation.champion)
    for each in errors:
        assert each is not None
        steps = [step for step in each.by_step if step is not None]
        assert len(steps) == work.windows.horizon
        assert np.mean(steps) == pytest.approx(evaluation.error(each))
    assert evaluation.error(evaluation.model) == getattr(evaluation.model, f"n{metric}")


def test_values_of_the_holdout_beyond_what_training_has_shown_are_counted_by_column(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    work = make_work()
    model = refitted(work)
    assert evaluate(work.windows, work.folds, [model], None, BASELINE, "mse", ON_FOLDS)[0].clipped == {}
    inputs = work.windows.inputs.copy()
    inputs[-20:-10, 1] = 50
    evaluation, _ = evaluate(replace(work.windows, inputs=inputs), work.folds, [model], None, BASELINE, "mse", ON_FOLDS)
    assert evaluation.clipped == {"x": 10}


def test_errors_do_not_depend_on_what_is_added_to_the_target(
    make_work: MakeWork, refitted: Callable[..., Forecaster], against: Callable[..., Rivals[Forecaster]]
) -> None:
    values = np.round(np.sin(np.arange(160) / 3) + 0.3 * np.random.default_rng(0).standard_normal(160), 3)
    for normalise in ("none", "last", "standard"):
        errors = []
        for added in (0, 1e9):
            work = make_work(values + added, window={"normalise": normalise})
            model = refitted(work, units=0)
            evaluation, _ = evaluate(
                work.windows, work.folds, [model], against(work, [model], model), BASELINE, "mse", ON_FOLDS
            )
            assert evaluation.champion is not None
            measured = [evaluation.model, evaluation.champion, *evaluation.baselines.values()]
            errors.append([[each.mae, each.rmse, each.mase or 0.0, each.nmse] for each in measured])
        np.testing.assert_allclose(errors[1], errors[0], rtol=3e-6)


def test_errors_of_each_series_have_the_errors_of_all_as_their_mean_and_the_worst_is_first(
    make_work: MakeWork, refitted: Callable[..., Forecaster]
) -> None:
    hours = np.arange(160)
    noise = np.random.default_rng(0).standard_normal((3, 160))
    work = make_work(*(np.sin(hours / 3) + amount * each for amount, each in zip((0.1, 2.0, 0.5), noise, strict=True)))
    for metric in ("mse", "mae"):
        evaluation, _ = evaluate(work.windows, work.folds, [refitted(work)], None, BASELINE, metric, ON_FOLDS)
        errors = evaluation.by_series
        assert [entry.series for entry in errors] == ["b", "c", "a"]
        count = [entry.windows for entry in errors]
        assert sum(count) == evaluation.windows
        assert np.average([entry.mae for entry in errors], weights=count) == pytest.approx(evaluation.model.mae)
        score = np.average([entry.score for entry in errors], weights=count)
        assert score == pytest.approx(evaluation.error(evaluation.model))
        seasonal = np.average([entry.seasonal_naive for entry in errors], weights=count)
        assert seasonal == pytest.approx(evaluation.error(evaluation.baselines["seasonal_naive_3"]))


# --- targets that were not observed, and series of their own ----------------------------------------------------------


@pytest.mark.parametrize("scale", ["global", "series"])
def test_errors_on_the_holdout_are_means_over_the_targets_that_were_observed(
    ragged: MakeWork, refitted: Callable[..., Forecaster], scale: str
) -> None:
    work = ragged(scale, holdout_of="series")
    windows, model = work.windows, refitted(work)
    with_classical = BASELINE.model_copy(update={"classical": "AutoTheta"})
    evaluation, table = evaluate(windows, work.folds, [model], None, with_classical, "mse", ON_FOLDS)
    holdout = np.flatnonzero(work.folds.holdout)
    assert set(windows.series[windows.first[holdout]]) == {0, 1}
    scaling = model.fitted.scaling
    right, forecasts = truth(windows, scaling, holdout), model.predict(windows, holdout)
    assert np.isnan(right).any()
    error = original(windows, scaling, forecasts, holdout) - original(windows, scaling, right, holdout)
    assert evaluation.model.mae == pytest.approx(np.nanmean(np.abs(error)), rel=1e-6)
    assert evaluation.model.rmse == pytest.approx(np.sqrt(np.nanmean(np.square(error))), rel=1e-6)
    assert evaluation.model.nmse == pytest.approx(np.nanmean(np.square(forecasts - right)), rel=1e-5)
    assert evaluation.subset is not None
    assert all(np.isfinite(error) for error in evaluation.subset.difference_se.values())
    assert np.isnan(table["truth"]).any()
    assert np.isfinite(table["model"]).all()
    assert Evaluation.model_validate_json(evaluation.model_dump_json()) == evaluation


def test_a_target_that_the_holdout_never_shows_at_a_step_has_no_error_there(
    ragged: MakeWork, refitted: Callable[..., Forecaster], tmp_path: Path
) -> None:
    work = ragged()
    model = refitted(work)
    target = work.windows.target.copy()
    few = work.folds.holdout & (np.cumsum(work.folds.holdout) == 1)
    row = work.windows.first[few][0] + work.windows.lookback
    target[row : row + 2] = [[np.nan], [1.0]]
    alone = replace(work.folds, holdout=few)
    evaluation, _ = evaluate(replace(work.windows, target=target), alone, [model], None, BASELINE, "mse", ON_FOLDS)
    assert evaluation.model.by_step[0] is None
    assert evaluation.model.by_step[1] is not None
    evaluation.write(tmp_path / "evaluation.json")
    assert Evaluation.read(tmp_path / "evaluation.json") == evaluation


def test_coverage_is_the_fraction_of_targets_within_the_intervals(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> None:
    model = make_model(make_table())
    assert coverage(model, np.zeros((4, 2, 1))) == {}  # without residuals
    residuals = np.linspace(-1, 1, 19)[:, None, None] * np.ones((1, 2, 1))
    model = replace(model, residuals=intervals.order_statistics(residuals))
    errors = np.array([[[0.0], [0.95]], [[-1.1], [np.nan]]])
    # 19 residuals are too few for 95 %; of three targets one lies outside of 90 %, and two outside of 80 %.
    assert coverage(model, errors) == {"80": pytest.approx(1 / 3), "90": pytest.approx(2 / 3)}
