"""Forecasts from rows in the user's own columns; that they are those evaluated is held end to end."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import folds, series, table, usable
from cellsize.data.batches import original, truth
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.evaluation.holdout import evaluate
from cellsize.models.baselines import score_folds
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_and_clipped, forecast_rows
from cellsize.params import Baseline, Network, Training
from cellsize.params_data import Csv, Prepare, Split, Window
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit import refit

Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]
Refitted = Callable[..., tuple[Forecaster, Windows, folds.Folds]]
HERE = Path("rows.csv")


def test_a_model_that_was_read_forecasts_what_it_did_before(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    model, rows = make_model(make_table()), make_table(rows=20)
    model.save(tmp_path)
    pd.testing.assert_frame_equal(forecast_rows(Forecaster.load(tmp_path), rows), forecast_rows(model, rows))


def test_each_series_is_forecast_after_its_last_observed_target(make_model: MakeModel, make_table: Table) -> None:
    model = make_model(make_table(places=("north", "south")), series="place")
    rows = make_table(rows=20, places=("north", "south"))
    forecasts = forecast_rows(model, rows.drop(index=19))  # the last row of north
    assert list(forecasts) == ["place", "time", "y"]
    assert forecasts["place"].tolist() == ["north"] * 2 + ["south"] * 2
    assert [moment.hour for moment in forecasts["time"]] == [19, 20, 20, 21]
    assert np.isfinite(forecasts["y"]).all()


def test_a_model_of_quantiles_gives_a_column_for_each_level(make_model: MakeModel, make_table: Table) -> None:
    table = make_table(places=("north", "south"))
    plain = make_model(table, series="place")
    linear = plain.fitted.linear
    assert linear is not None
    # Around the same forecast by one standard deviation.
    weights = np.repeat(linear.weights, 3, axis=1)
    weights[-1] += np.tile([-1.0, 0.0, 1.0], linear.weights.shape[1]).astype(np.float32)
    model = replace(
        plain, net=None, quantiles=(0.1, 0.5, 0.975),
        fitted=replace(plain.fitted, linear=replace(linear, weights=weights)),
    )  # fmt: skip
    found = forecast_rows(model, table)
    (target,) = model.schema.targets
    assert [name for name in map(str, found) if name.startswith(target)] == [
        target, f"{target}_q10", f"{target}_q50", f"{target}_q97.5",
    ]  # fmt: skip
    np.testing.assert_allclose(found[target], found[f"{target}_q50"])
    std = model.fitted.scaling.std[0]
    np.testing.assert_allclose(found[f"{target}_q97.5"] - found[f"{target}_q10"], 2 * std, rtol=1e-3)


def test_names_that_became_numbers_on_the_way_have_the_same_forecasts(make_model: MakeModel, make_table: Table) -> None:
    raw = make_table(places=("007", "008"))
    raw["y"] *= raw["place"].map({"007": 1, "008": 5})
    raw = raw.assign(wind=raw["wind"].map({"N": "1.0", "S": "02"}), zone=raw["place"].map({"007": "1e3", "008": "x"}))
    model = make_model(
        raw, scale="series", series="place", categorical_covariates=["wind"], static_covariates=["zone"],
        series_as_input=True,
    )  # fmt: skip
    rows = raw.groupby("place").head(20)
    sent = pd.read_csv(io.StringIO(rows.to_csv(index=False)))  # as MLflow's server reads it
    assert sent.dtypes[["place", "wind"]].map(str).tolist() == ["int64", "float64"]
    expected = forecast_rows(model, rows)
    assert expected["place"].unique().tolist() == ["007", "008"]
    pd.testing.assert_frame_equal(forecast_rows(model, sent), expected)


def test_a_column_sent_twice_is_refused(make_model: MakeModel, make_table: Table) -> None:
    rows = make_table(rows=20)
    with pytest.raises(InputError, match=r"^the rows given: column 'x' is duplicated; rename one$"):
        forecast_rows(make_model(make_table()), pd.concat([rows, rows[["x"]]], axis=1))


def test_too_short_a_history_is_refused(make_model: MakeModel, make_table: Table) -> None:
    with pytest.raises(InputError, match=r"^series 'all': 5 rows up to the last observed target, but the model looks"):
        forecast_rows(make_model(make_table()), make_table(rows=5))


def test_a_gap_is_filled_no_further_than_in_training(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table(), fill=1), make_table(rows=20)
    rows.loc[17, "y"] = np.nan
    assert len(forecast_rows(model, rows)) == 2
    rows.loc[16, "y"] = np.nan
    with pytest.raises(InputError, match=r"column .y.: values are missing among the last 6 steps before the forecast"):
        forecast_rows(model, rows)


def test_what_is_known_ahead_is_asked_for_and_never_made_up(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table(), known_future_covariates=["planned"]), make_table(rows=22)
    rows.loc[20:, "y"] = np.nan
    assert len(forecast_rows(model, rows)) == 2
    with pytest.raises(InputError, match="column 'planned': not given for 2026-01-01 20:00:00"):
        forecast_rows(model, rows.drop(index=20))
    with pytest.raises(InputError, match="column 'planned': missing, but declared as known"):
        forecast_rows(model, rows.assign(planned=rows["planned"].where(rows.index != 20)))


def test_what_is_added_to_the_target_is_added_to_its_forecast(make_model: MakeModel, make_table: Table) -> None:
    # 1e9 ± 1 once lost its digits on the way to float32.
    table, rows = make_table(), make_table(rows=20)
    plain = forecast_rows(make_model(table), rows)["y"]
    added = forecast_rows(make_model(table.assign(y=table["y"] + 1e9)), rows.assign(y=rows["y"] + 1e9))["y"]
    np.testing.assert_allclose(added - 1e9, plain, rtol=0, atol=2e-6)


def test_an_odd_covariate_is_clipped_and_counted(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table()), make_table(rows=20)
    odd = rows.assign(x=rows["x"].where(rows.index != 18, 1e6))
    forecasts, clipped = forecast_and_clipped(model, odd)
    assert clipped == {"x": 1}
    assert forecasts["y"].between(0, 4).all()
    assert forecast_and_clipped(model, rows)[1] == {}


def test_rows_give_the_linear_part_all_that_windows_did(make_model: MakeModel, make_table: Table) -> None:
    raw = make_table()
    model = make_model(raw, linear_lookback=9, linear_calendar=["hour_of_day"], holidays="DE", timezone="Europe/Berlin")
    arrays = usable.build(series.clean(raw, HERE, model.schema), model.schema, model.window, HERE)
    first = 60 - 2 - 9  # of the last window: its forecasts are those after row 57
    expected = original(arrays, model.fitted.scaling, model.predict(arrays, np.array([first])))
    assert forecast_rows(model, raw.iloc[first : first + 9])["y"].to_numpy() == pytest.approx(expected[0, :, 0])
    with pytest.raises(InputError, match="8 rows up to the last observed target, but the model looks back 9; send"):
        forecast_rows(model, raw.iloc[-8:])


# --- clocks ---------------------------------------------------------------------------------------------------------


def in_zone(rows: pd.DataFrame, name: str, own: str = "Europe/Berlin") -> pd.DataFrame:
    """The same instants, written on the clock of a zone; as the table has them, they are those of `own`."""
    local = pd.DatetimeIndex(rows["when"]).tz_localize(own)
    return rows.assign(when=[moment.isoformat() for moment in local.tz_convert(name)])


def test_the_same_instants_in_any_zone_have_the_same_forecast(make_model: MakeModel, make_table: Table) -> None:
    model = make_model(in_zone(make_table(), "Europe/Berlin"), calendar=["hour", "weekday"], timezone="Europe/Berlin")
    rows = make_table(rows=20)
    forecasts = [forecast_rows(model, in_zone(rows, name)) for name in ("Europe/Berlin", "UTC", "Asia/Tokyo")]
    assert forecasts[0]["time"].iloc[0].isoformat() == "2026-01-01T20:00:00+01:00"
    pd.testing.assert_frame_equal(forecasts[0], forecasts[1])
    pd.testing.assert_frame_equal(forecasts[0], forecasts[2])


def test_times_without_an_offset_are_refused_where_the_tables_had_one(make_model: MakeModel, make_table: Table) -> None:
    zoned = make_model(in_zone(make_table(), "UTC"))
    with pytest.raises(InputError, match="times without an offset, but those of the model's table have one"):
        forecast_rows(zoned, make_table(rows=20))
    with pytest.raises(InputError, match="times with an offset, but the model was trained on times without"):
        forecast_rows(make_model(make_table()), in_zone(make_table(rows=20), "UTC"))


def test_a_model_of_local_times_reads_them_with_and_without_offset(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table(), timezone="Europe/Berlin"), make_table(rows=20)
    pd.testing.assert_frame_equal(forecast_rows(model, rows), forecast_rows(model, in_zone(rows, "Asia/Tokyo")))


@pytest.mark.parametrize(
    ("frequency", "zone"),
    [("MS", None), ("ME", None), ("YE", None), ("B", None), ("D", "Europe/Berlin"), ("QS", "UTC")],
)
def test_a_model_of_any_clock_reads_its_own_forecasts_and_goes_on(
    make_model: MakeModel, make_table: Table, frequency: str, zone: str | None
) -> None:
    raw = make_table(frequency=frequency)
    raw = raw if zone is None else in_zone(raw, zone, zone)
    model = make_model(raw, frequency=frequency, calendar=[], past_covariates=[])
    forecasts = forecast_rows(model, raw.iloc[:30])
    expected = raw["when"].iloc[30:32].map(pd.Timestamp).tolist()
    assert forecasts["time"].tolist() == expected
    known = raw.iloc[:30].assign(time=raw["when"].map(lambda text: pd.Timestamp(text).isoformat())).drop(columns="when")
    sent = pd.concat([known, forecasts.assign(time=forecasts["time"].map(lambda moment: moment.isoformat()))])
    again = forecast_rows(model, sent)
    assert again["time"].tolist() == raw["when"].iloc[32:34].map(pd.Timestamp).tolist()


def test_whole_numbers_go_on_where_the_rows_end(make_model: MakeModel, make_table: Table) -> None:
    raw = make_table().assign(step=np.arange(100, 160))
    model = make_model(raw, frequency="step", time="step", calendar=[])
    assert forecast_rows(model, raw.iloc[:20])["time"].tolist() == [120, 121]
    counted = make_model(raw, frequency="step", time=None, calendar=[])
    assert forecast_rows(counted, raw.iloc[:20])["time"].tolist() == [20, 21]


# --- holes ----------------------------------------------------------------------------------------------------------


def test_an_old_hole_does_not_matter(make_model: MakeModel, make_table: Table) -> None:
    model, rows = make_model(make_table(), gap=1), make_table(rows=40)
    old = rows.iloc[:1].assign(when="1999-01-01 00:00")
    sent = pd.concat([old, rows.iloc[:3], rows.iloc[20:]])
    pd.testing.assert_frame_equal(forecast_rows(model, sent), forecast_rows(model, rows))


def test_a_covariate_that_may_be_missing_may_be_missing_wholly(make_model: MakeModel, make_table: Table) -> None:
    raw = make_table()
    raw.loc[[3, 30], "x"] = np.nan
    model, rows = make_model(raw), make_table(rows=20)
    assert model.schema.flagged == ("x",)
    forecasts = forecast_rows(model, rows.assign(x=np.nan))
    assert np.isfinite(forecasts["y"]).all()
    complete = make_model(make_table())
    with pytest.raises(InputError, match="column 'x': every value is missing"):
        forecast_rows(complete, rows.assign(x=np.nan))


def test_no_rows_are_refused_with_what_to_send(make_model: MakeModel, make_table: Table) -> None:
    with pytest.raises(InputError, match="no rows; send the last 6 steps or more of each series"):
        forecast_rows(make_model(make_table()), make_table().iloc[:0])


CASES = Path(__file__).parents[1] / "data" / "cases"


@pytest.fixture
def refitted(
    make_prepare: Callable[..., Prepare],
    make_window: Callable[..., Window],
    make_network: Callable[..., Network],
    make_training: Callable[..., Training],
    make_split: Callable[..., Split],
) -> Callable[..., tuple[Forecaster, Windows, folds.Folds]]:
    """A model of a raw table as the stages make it, without its last fifth."""

    def made(
        raw: pd.DataFrame, units: int = 0, normalise: str = "none", scale: str = "global", **prepare: Any
    ) -> tuple[Forecaster, Windows, folds.Folds]:
        schema = series.describe(raw, HERE, make_prepare(time="time", calendar=[], **prepare))
        window = make_window(lookback=24, horizon=12, normalise=normalise, scale=scale)
        arrays = usable.build(series.clean(raw, HERE, schema), schema, window, HERE)
        parts = folds.split(arrays, make_split())
        work = Work(arrays, parts, make_network(), make_training(), (1.0,), 0, "mse")
        recipe = Recipe(
            layers=int(units > 0), units=units, learning_rate=0.01, dropout=0.0, weight_decay=0.0,
            skip="linear" if units else "none", head="plain", steps=9 if units else 0, penalty=1.0,
        )  # fmt: skip
        return refit(work, recipe, schema, window), arrays, parts

    return made


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
@pytest.mark.parametrize("units", [0, 4])
@pytest.mark.parametrize("offset", [1e8, 1e9, -1e9])
def test_an_offset_of_the_target_is_an_offset_of_the_forecast_and_nothing_else(
    refitted: Refitted, make_csv: Callable[..., Csv], normalise: str, units: int, offset: float
) -> None:
    # Counters and coordinates: float32 holds 1e9 ± 3 as 1e9.
    raw = table.read(CASES / "d22_offset_1e9.csv.gz", (), make_csv())
    small = raw.assign(y=(raw["y"] - 1e9).round(3))
    large = raw.assign(y=(raw["y"] - 1e9 + offset).round(3))
    forecasts = [
        forecast_rows(refitted(rows, units, normalise, past_covariates=[])[0], rows.tail(100))["y"].to_numpy()
        for rows in (small, large)
    ]
    assert np.abs(forecasts[1] - offset - forecasts[0]).max() < 1e-3
    assert 5 < forecasts[0].mean() < 15


@pytest.mark.parametrize("normalise", ["none", "last"])
@pytest.mark.parametrize("units", [0, 4])
def test_a_covariate_that_was_rare_in_training_makes_no_forecast_worse_than_it_is_without_it(
    refitted: Refitted, make_csv: Callable[..., Csv], normalise: str, units: int
) -> None:
    # Forecasts were -124 and 373, and the error 37 times that of the seasonal naive.
    raw = table.read(CASES / "rare_feature.csv.gz", (), make_csv())
    errors, sales = [], raw["sales"].to_numpy()
    for covariates in (["rain"], []):
        model, arrays, parts = refitted(raw, units, normalise, targets=["sales"], past_covariates=covariates)
        chosen = np.flatnonzero(parts.holdout)
        predicted, true = model.predict(arrays, chosen), truth(arrays, model.fitted.scaling, chosen)
        served = []
        for end in range(3300, 3980, 70):
            forecast = forecast_rows(model, raw.iloc[end - 24 : end])["sales"].to_numpy()
            assert sales[:3200].min() - 30 < forecast.min() <= forecast.max() < sales[:3200].max() + 30
            served.append(((forecast - sales[end : end + 12]) ** 2).mean())
        errors.append((float(((predicted - true) ** 2).mean()), float(np.mean(served))))
    (scored, served_with), (scored_without, served_without) = errors
    # Of 765 windows the difference has a standard error of 0.2 %; it is 0.05 % at most.
    assert scored < 1.005 * scored_without
    assert served_with < 1.005 * served_without


# --- a scale of each series ----------------------------------------------------------------------------------------


def at_levels(make_table: Table, rows: int = 60, **levels: float) -> pd.DataFrame:
    """Series of one shape, each a multiple of it."""
    tables = [make_table(rows=rows, places=(name,)) for name in levels]
    parts = [table.assign(y=table["y"] * level) for table, level in zip(tables, levels.values(), strict=True)]
    return pd.concat(parts, ignore_index=True)


def test_a_served_forecast_is_the_evaluated_one_where_series_have_scales_of_their_own(
    make_model: MakeModel, make_table: Table, tmp_path: Path
) -> None:
    raw = at_levels(make_table, north=1, south=1000)
    make_model(raw, series="place", scale="series").save(tmp_path)
    model = Forecaster.load(tmp_path)
    assert model.fitted.scaling.names == ("north", "south")
    arrays = usable.build(series.clean(raw, HERE, model.schema), model.schema, model.window, HERE)
    last = np.flatnonzero(arrays.start == 52)  # forecasts of rows 58 and 59
    expected = original(arrays, model.fitted.scaling, model.predict(arrays, last), last)
    rows = raw.groupby("place").head(58)
    served = forecast_rows(model, rows)["y"].to_numpy().reshape(2, 2)
    np.testing.assert_allclose(served, expected[:, :, 0], rtol=1e-5)
    # So it is with other series beside it, without them, and with less history.
    for place, part in rows.groupby("place"):
        alone = forecast_rows(model, part.tail(8))["y"].to_numpy()
        np.testing.assert_allclose(alone, served[int(place == "south")], rtol=1e-5)


def test_a_series_that_is_new_to_the_model_is_forecast_as_a_known_one_of_another_level(
    make_model: MakeModel, make_table: Table
) -> None:
    model = make_model(at_levels(make_table, north=1, south=1000), series="place", scale="series")
    rows = at_levels(make_table, rows=48, new=50, other=70_000, north=1)
    served = forecast_rows(model, rows).set_index("place")["y"]
    known = forecast_rows(model, rows[rows["place"] == "north"])["y"].to_numpy()
    # Its scale is that of its recent rows, the last 2 · 6 + 2, where north has that of all its training rows.
    np.testing.assert_allclose(served["new"].to_numpy() / 50, known, rtol=0.1)
    np.testing.assert_allclose(served["other"].to_numpy() / 70_000, served["new"].to_numpy() / 50, rtol=1e-4)
    np.testing.assert_allclose(served["north"].to_numpy(), known, rtol=1e-6)


def test_a_covariate_that_comes_seldom_has_its_last_value_however_old(make_model: MakeModel, make_table: Table) -> None:
    raw = make_table(rows=400)
    raw["x"] = raw["x"].where(raw.index % 3 == 0)
    model, rows = make_model(raw), make_table(rows=200)
    usual = rows.assign(x=np.where(rows.index == 150, 4.0, np.nan))
    low = rows.assign(x=np.where(rows.index == 150, 0.0, np.nan))
    assert not np.allclose(forecast_rows(model, usual)["y"], forecast_rows(model, low)["y"])


@pytest.mark.parametrize(("units", "normalise"), [(0, "none"), (4, "last"), (4, "standard")])
def test_series_of_very_different_levels_have_the_scores_and_forecasts_that_they_have_at_one_level(
    refitted: Refitted, make_csv: Callable[..., Csv], units: int, normalise: str
) -> None:
    # 1e9 ± 3 beside 10 ± 3: with one offset for both, float32 holds the first one as a constant.
    raw = table.read(CASES / "d22_offset_1e9.csv.gz", (), make_csv())[["time", "y"]].iloc[:600]
    near = raw.assign(y=(raw["y"] - 1e9).round(3))
    tables = [
        pd.concat([near.assign(place="a"), near.assign(place="b", y=near["y"][::-1].to_numpy() + level)])
        for level in (0.0, 1e9)
    ]
    options = {"scale": "series", "series": "place", "past_covariates": []}
    plain, far = (refitted(rows, units, normalise, **options) for rows in tables)
    assert (len(plain[1].own_offset), len(far[1].own_offset)) == (0, 2)
    errors, scores = [], []
    baseline = Baseline(seasons=(24,), penalties=(1.0, 100.0), classical="none", origins=2, history=100)
    for model, arrays, parts in (plain, far):
        scores.append(score_folds(arrays, parts, baseline, "mse")[0])
        found = evaluate(arrays, parts, [model], None, baseline, "mse", scores[-1])[0]
        errors.append([found.model.nmse, found.model.mae, found.model.mase or 0.0, found.baselines["naive"].mae])
        errors[-1] += [each.score for each in sorted(found.by_series, key=lambda each: each.series)]
    np.testing.assert_allclose(np.array(errors[1], float), np.array(errors[0], float), atol=1e-3)
    for name in scores[0].all:
        np.testing.assert_allclose(scores[1].all[name], scores[0].all[name], atol=1e-3)
    served = [
        forecast_rows(model, rows.groupby("place").tail(100))["y"].to_numpy()
        for (model, *_), rows in zip((plain, far), tables, strict=True)
    ]
    np.testing.assert_allclose(served[1] - np.repeat([0, 1e9], 12), served[0], atol=1e-3)
    # A series that the model does not know has its own level too, beside one that it knows.
    new = [rows.replace({"place": {"b": "new"}}).groupby("place").tail(100) for rows in tables]
    served = [forecast_rows(model, rows)["y"].to_numpy() for (model, *_), rows in zip((plain, far), new, strict=True)]
    np.testing.assert_allclose(served[1] - np.repeat([0, 1e9], 12), served[0], atol=1e-3)


def test_a_series_that_one_scale_for_all_would_make_a_constant_is_refused(
    refitted: Refitted, make_csv: Callable[..., Csv]
) -> None:
    raw = table.read(CASES / "d22_offset_1e9.csv.gz", (), make_csv())[["time", "y"]].iloc[:600]
    rows = pd.concat([raw.assign(place="b"), raw.assign(place="a", y=raw["y"] - 1e9)], ignore_index=True)
    message = r"^rows\.csv, column 'y', series 'b': .* cannot tell them apart; set window\.scale: series, or subtract"
    with pytest.raises(InputError, match=message):
        refitted(rows, series="place", past_covariates=[])
    # What one series or two of one level have is right.
    refitted(raw, past_covariates=[])
    refitted(rows.assign(y=rows["y"].where(rows["place"] == "b", rows["y"] + 1e9)), series="place", past_covariates=[])


def test_a_series_of_the_table_that_nothing_was_learnt_of_is_forecast_as_a_new_one(
    make_model: MakeModel, make_table: Table
) -> None:
    # Its last rows alone are in the table: it was scaled as if it were of the others' level.
    raw = at_levels(make_table, north=1000, south=2000, east=5)
    model = make_model(raw[(raw["place"] != "east") | (raw.index % 60 >= 50)], series="place", scale="series")
    assert model.fitted.scaling.names == ("north", "south")
    rows = at_levels(make_table, rows=48, east=5)
    served, other = (forecast_rows(model, rows.assign(place=name))["y"].to_numpy() for name in ("east", "new"))
    np.testing.assert_array_equal(served, other)
