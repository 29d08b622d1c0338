"""Static covariates and the series as an input: constant in each series, known in future, read once if linear."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import series, static, usable
from cellsize.data import table as tables
from cellsize.data.batches import cell_steps, design, gather
from cellsize.data.scaling import fit_scaling
from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.params_data import Csv, Prepare, Window
from cellsize.sizing.bound import count_inputs
from cellsize.sizing.sizes import shape

HERE = Path("toy.parquet")
Table = Callable[..., pd.DataFrame]
MakePrepare = Callable[..., Prepare]


@pytest.fixture
def towns(make_table: Table) -> pd.DataFrame:
    """Three places, each with a height and a kind."""
    raw = make_table(rows=6, places=("a", "b", "c"))
    places = raw["place"]
    return raw.assign(
        height=places.map({"a": 10, "b": 20, "c": 20}), kind=places.map({"a": "up", "b": "on", "c": "on"})
    )


def described(raw: pd.DataFrame, prepare: Prepare) -> tuple[Schema, pd.DataFrame]:
    schema = series.describe(raw, HERE, prepare)
    return schema, series.clean(raw, HERE, schema)


def test_a_number_is_one_column_and_a_text_an_indicator_for_each_level(
    towns: pd.DataFrame, make_prepare: MakePrepare
) -> None:
    schema, clean = described(towns, make_prepare(series="place", static_covariates=["height", "kind"]))
    assert schema.static_covariates == {"height": (), "kind": ("on", "up")}
    assert schema.static_columns == ("height", "kind=on", "kind=up")
    firsts = clean.groupby("series", observed=True)[list(schema.static_columns)].first()
    assert firsts.to_numpy().tolist() == [[10, 0, 1], [20, 1, 0], [20, 1, 0]]
    assert {str(clean[column].dtype) for column in ("kind=on", "kind=up")} == {"float32"}


@pytest.mark.parametrize(
    ("heights", "signs"),
    [(("52,5", "48,1", "1,0"), {"decimal": ","}), (("1.052,5", "48", "-3"), {"decimal": ",", "thousands": "."})],
)
def test_a_number_is_one_in_the_way_of_writing_of_the_file(
    tmp_path: Path, make_csv: Callable[..., Csv], make_prepare: MakePrepare, heights: tuple[str, ...],
    signs: dict[str, str],
) -> None:  # fmt: skip
    path, csv = tmp_path / "towns.csv", make_csv(separator=";", **signs)
    places = zip("abc", heights, strict=True)
    path.write_text("\n".join(["place;height", *(f"{place};{height}" for place, height in places)]), encoding="utf-8")
    prepare = make_prepare(series="place", static_covariates=["height"])
    table = tables.read(path, series.texts(prepare), csv)
    assert table["height"].tolist() == list(heights)
    assert static.levels(table, path, prepare) == {"height": ()}
    text = table.assign(height=["52.5", "north", "1"])
    assert static.levels(text, path, prepare) == {"height": ("1", "52.5", "north")}


def test_they_are_the_first_of_the_columns_known_in_future(towns: pd.DataFrame, make_prepare: MakePrepare) -> None:
    schema, _ = described(
        towns, make_prepare(series="place", static_covariates=["height"], known_future_covariates=["planned"])
    )
    assert schema.known_future_columns == ("height", "planned", "hour_sin", "hour_cos")


def test_the_series_itself_is_an_indicator_each(towns: pd.DataFrame, make_prepare: MakePrepare) -> None:
    schema, clean = described(towns, make_prepare(series="place", series_as_input=True))
    assert schema.series_levels == ("a", "b", "c")
    assert schema.static_columns == ("place=a", "place=b", "place=c")
    assert clean.loc[[0, 6, 12], list(schema.static_columns)].to_numpy().tolist() == np.eye(3).tolist()


def test_a_missing_row_and_an_empty_cell_have_the_value_of_their_series(
    towns: pd.DataFrame, make_prepare: MakePrepare
) -> None:
    towns["height"] = towns["height"].astype(float)
    towns.loc[1, "height"] = np.nan
    _, clean = described(towns.drop(index=[8]), make_prepare(series="place", static_covariates=["height"]))
    assert clean["height"].tolist() == [10] * 6 + [20] * 12


def test_a_column_read_as_text_is_a_number_if_every_value_is_one(
    towns: pd.DataFrame, make_prepare: MakePrepare
) -> None:
    towns["height"] = towns["height"].astype(str).where(towns.index != 3, "NA")
    schema, clean = described(towns, make_prepare(series="place", static_covariates=["height"]))
    assert schema.static_covariates == {"height": ()}
    assert clean["height"].tolist() == [10] * 6 + [20] * 12


def test_an_unseen_level_or_series_has_0_in_all_indicators_like_a_categorical_covariate(
    towns: pd.DataFrame, make_prepare: MakePrepare
) -> None:
    schema = series.describe(
        towns, HERE, make_prepare(series="place", static_covariates=["kind"], series_as_input=True)
    )
    other = towns.assign(place=towns["place"].replace("a", "z"), kind=towns["kind"].replace("up", "down"))
    clean = series.clean(other, HERE, schema)
    assert not clean.loc[clean["series"] == "z", list(schema.static_columns)].to_numpy().any()


@pytest.mark.parametrize(
    ("changes", "prepare", "message"),
    [
        ({"kind": "x"}, {}, "column 'kind': the same in all series"),
        ({"height": range(18)}, {}, r"row 1, column 'height': 1, but 0 before in series 'a'; a static covariate "
         "never changes in a series: fix it, or name it under prepare.past_covariates"),
        ({"kind": ["up", "on"] * 9}, {}, "row 1, column 'kind': 'on', but 'up' before in series 'a'.*categorical"),
        ({"height": [np.nan] * 6 + [1.0] * 6 + [2.0] * 6}, {}, "row 0, column 'height': no value in series 'a'; fill"),
        ({}, {"series": None, "series_as_input": True, "static_covariates": []}, "one series, so that it is no input"),
        ({}, {"static_covariates": ["depth"]}, "no column 'depth'; fix prepare.static_covariates"),
    ],
)  # fmt: skip
def test_what_is_no_static_covariate_is_refused(
    towns: pd.DataFrame, make_prepare: MakePrepare, changes: dict[str, Any], prepare: dict[str, Any], message: str
) -> None:
    asked = {"series": "place", "static_covariates": ["height", "kind"], **prepare}
    with pytest.raises(InputError, match=message):
        series.describe(towns.assign(**changes), HERE, make_prepare(**asked))


def test_more_than_fifty_series_or_levels_are_refused_with_a_remedy(
    make_table: Table, make_prepare: MakePrepare
) -> None:
    raw = make_table(rows=2, places=tuple(f"p{index}" for index in range(51)))
    with pytest.raises(InputError, match=r"51 series.*at most 50.*series_as_input: false.*prepare\.static_covariates"):
        static.series_levels(raw, HERE, make_prepare(series="place", series_as_input=True))
    assert len(static.series_levels(raw.iloc[2:], HERE, make_prepare(series="place", series_as_input=True))) == 50
    with pytest.raises(InputError, match="51 levels; a static covariate has at most 50"):
        static.levels(raw.assign(kind=raw["place"]), HERE, make_prepare(series="place", static_covariates=["kind"]))


def test_the_linear_part_reads_once_what_is_constant_and_the_cells_do_not_see_it(
    towns: pd.DataFrame, make_prepare: MakePrepare, make_window: Callable[..., Window]
) -> None:
    schema, clean = described(
        towns, make_prepare(series="place", static_covariates=["height", "kind"], known_future_covariates=["planned"])
    )
    arrays = usable.build(clean, schema, make_window(lookback=3, horizon=2), HERE)
    assert (arrays.n_static, arrays.n_known_future, arrays.n_known) == (3, 6, 3 + 3 * 2)
    batch = gather(arrays, fit_scaling(arrays, np.arange(len(arrays.first))), np.arange(4))
    inputs = design(arrays, batch)
    assert inputs.shape == (4, arrays.n_linear)
    np.testing.assert_array_equal(inputs[:, 2 * 3 : 2 * 3 + 3], batch.known_future[:, 0, :3])
    # The cells see what changes alone: y, x, planned and the hour.
    seen = cell_steps(arrays, batch.steps)
    assert seen.shape == (4, 3, arrays.n_cell_inputs) == (4, 3, 5)
    np.testing.assert_array_equal(seen, batch.steps[:, :, [0, 1, 5, 6, 7]])
    assert count_inputs(arrays).step == shape(arrays).n_inputs == 5


def test_forecasts_know_which_series_they_are_of(
    make_table: Table, make_model: Callable[..., Any], make_prepare: MakePrepare
) -> None:
    from cellsize.models.row_forecasts import forecast_rows

    generator = np.random.default_rng(0)
    raw = make_table(rows=60, places=("a", "b"))
    raw["y"] = np.where(raw["place"] == "a", 10.0, 20.0) + generator.normal(0, 3, len(raw))
    raw["size"] = np.where(raw["place"] == "a", "small", "large")
    for prepare in ({"series_as_input": True}, {"static_covariates": ["size"]}):
        model = make_model(raw, series="place", past_covariates=[], calendar=[], **prepare)
        forecasts = forecast_rows(model, raw)
        means = forecasts.groupby("place")["y"].mean()
        assert means["a"] == pytest.approx(10, abs=1.5)
        assert means["b"] == pytest.approx(20, abs=1.5)
    with pytest.raises(InputError, match="no column 'size'"):
        forecast_rows(model, raw.drop(columns="size"))
