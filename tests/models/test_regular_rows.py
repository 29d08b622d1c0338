"""The usual request has the forecast that it has when it is prepared as any other."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.models import regular_rows, row_forecasts
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import ROWS, forecast_and_clipped
from cellsize.params_data import Window

MakeModel = Callable[..., Forecaster]
Table = Callable[..., pd.DataFrame]

MODELS: dict[str, dict[str, Any]] = {
    "plain": {},
    "local": {"timezone": "Europe/Berlin"},
    "zoned": {"timezone": "UTC"},
    "far": {"timezone": "Asia/Kolkata"},
    "linear calendar": {"linear_calendar": ["hour_of_week"], "linear_lookback": 12},
    "covariates": {"known_future_covariates": ["planned"], "categorical_covariates": ["wind"], "holidays": "DE"},
    "own scale": {"series": "place", "scale": "series"},
    "one series of several": {"series": "place", "calendar": ["hour", "weekday", "weekend", "month"]},
    "no covariates": {"past_covariates": [], "calendar": []},
}


@pytest.fixture(scope="module")
def models(make_model: MakeModel, make_table: Table) -> dict[str, tuple[Forecaster, pd.DataFrame]]:
    made = {}
    for name, prepare in MODELS.items():
        raw = make_table(places=("north", "south") if "series" in prepare else ())
        if name in ("zoned", "far"):
            raw["when"] += "Z"
        made[name] = make_model(raw, **prepare), raw[raw["place"] == "south"] if "place" in raw else raw
    return made


def both(
    model: Forecaster, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[pd.DataFrame, dict[str, int]]]:
    """What is answered, and what is answered if every request counts as unusual."""
    quick = forecast_and_clipped(model, rows)
    with monkeypatch.context() as patched:
        patched.setattr(regular_rows, "one_series", lambda *_: None)
        return [quick, forecast_and_clipped(model, rows)]


def is_usual(model: Forecaster, rows: pd.DataFrame) -> bool:
    named, read = row_forecasts._with_times(
        row_forecasts._by_known_names(rows.reset_index(drop=True), model), model.schema
    )
    return regular_rows.one_series(model, named, read, ROWS) is not None


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("transform", ["none", "sqrt"])
def test_a_usual_request_has_the_same_forecast_to_the_last_bit(
    models: dict[str, tuple[Forecaster, pd.DataFrame]], name: str, transform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, table = models[name]
    model = replace(model, window=Window.model_validate(model.window.model_dump() | {"transform": transform}))
    rows = table.tail(20).reset_index(drop=True)
    rows.loc[rows.index[-2:], "y"] = np.nan  # the horizon of known-future covariates
    rows.loc[3, "x"] = 1e4  # is clipped, if it is seen
    assert is_usual(model, rows)
    (quick, clipped), (whole, clipped_as_any) = both(model, rows, monkeypatch)
    pd.testing.assert_frame_equal(quick, whole)
    assert clipped == clipped_as_any


@pytest.mark.parametrize(
    "write",
    [
        lambda when: when.dt.strftime("%Y-%m-%dT%H:%M:%S"),
        lambda when: when.dt.strftime("%Y-%m-%d %H:%M"),
        lambda when: when.dt.strftime("%Y-%m-%dT%H:%M:%S.000"),
        lambda when: when,
        lambda when: when.map(lambda moment: moment.to_pydatetime()).astype(object),
    ],
)
@pytest.mark.parametrize(("name", "ending"), [("plain", ""), ("zoned", "Z"), ("far", "+00:00"), ("far", "+05:30")])
def test_times_are_the_same_however_they_are_written(
    models: dict[str, tuple[Forecaster, pd.DataFrame]], name: str, ending: str, write: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    model, table = models[name]
    written = write(pd.to_datetime(table["when"].str.removesuffix("Z")))
    if pd.api.types.is_string_dtype(written):
        written = written + ending
    elif ending:
        return
    quick, whole = both(model, table.assign(when=written).tail(20), monkeypatch)
    pd.testing.assert_frame_equal(quick[0], whole[0])


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.sample(frac=1, random_state=0),
        lambda rows: rows.drop(index=rows.index[1]),
        lambda rows: rows.assign(x=rows["x"].where(np.arange(len(rows)) != 17)),
        lambda rows: pd.concat([rows, rows.assign(place="north")]),
        lambda rows: rows.assign(place="elsewhere"),
    ],
)
def test_what_is_not_usual_is_left_to_the_preparation_of_any_rows(
    models: dict[str, tuple[Forecaster, pd.DataFrame]], change: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:  # fmt: skip
    model, table = models["own scale"]
    assert not is_usual(model, change(table.tail(20)))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_sent_both_answer_or_refuse_alike(
    models: dict[str, tuple[Forecaster, pd.DataFrame]], data: st.DataObject
) -> None:
    model, table = models[data.draw(st.sampled_from(sorted(MODELS)))]
    rows = table.tail(data.draw(st.integers(1, 40))).reset_index(drop=True)
    odd = st.sampled_from(
        [
            "2026-02-30 05:00",
            "2026-01-01T24:00",
            "2026-01-01 05:00Z",
            None,
            -1.0,
            0.0,
            1e20,
            np.inf,
            "text",
            "2026-01-01 05:00",
            "south",
            True,
        ]
    )
    for column in ("y", "x", "planned", "wind", "when", *(("place",) if "place" in rows else ())):
        for at in data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=2)):
            if data.draw(st.booleans()):
                rows[column] = rows[column].astype(object)
                rows.loc[at, column] = data.draw(odd)
    with pytest.MonkeyPatch.context() as patched:
        answers = []
        for _ in range(2):
            try:
                made, clipped = forecast_and_clipped(model, rows)
                answers.append((made.to_json(date_format="iso"), clipped))
            except InputError as error:
                answers.append((error.for_caller, {}))
            patched.setattr(regular_rows, "one_series", lambda *_: None)
    assert answers[0] == answers[1]
