"""What somebody who has the ONNX file alone is told."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from cellsize.models import onnx_graph
from cellsize.models.forecaster import Forecaster
from cellsize.models.onnx_sheet import sheet
from cellsize.sizing.sizes import Size


def test_it_names_every_input_of_the_graph_in_its_order_and_who_makes_it(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> None:
    raw = make_table(places=("north", "south"))
    raw["size"] = (raw["place"] == "south") + 1.0
    raw.loc[5, "x"] = None
    model = make_model(
        raw, series="place", scale="series", static_covariates=["size"], known_future_covariates=["planned"],
        categorical_covariates=["wind"], calendar=["hour", "weekday", "weekend", "month"], holidays="DE",
        linear_calendar=["hour_of_week", "harmonics_of_day", "day_of_year"], series_as_input=True,
    )  # fmt: skip
    said, graph = sheet(model, "toy", "3"), onnx_graph.build(model).graph
    assert list(said["inputs"]) == [entry.name for entry in graph.input]
    for entry in graph.input:
        shape = [width.dim_param or width.dim_value for width in entry.type.tensor_type.shape.dim]
        assert said["inputs"][entry.name]["shape"] == shape
    assert list(said["outputs"]) == [entry.name for entry in graph.output]
    assert list(said["inputs"]["past"]["columns"]) == list(model.schema.past_columns)
    assert list(said["inputs"]["known_future"]["columns"]) == list(model.schema.known_future_columns)
    past, known = said["inputs"]["past"]["columns"], said["inputs"]["known_future"]["columns"]
    assert past["wind=N"] == "1 where wind is N, else 0"
    assert past["x_missing"] == "1 where x was missing, else 0"
    assert known["hour_sin"] == "sin of 2π · (hour + minute / 60) / 24, on the clock of the place"
    assert known["holiday"] == "1 on public holidays of DE, else 0"
    assert known["place=south"] == "1 where place is south, else 0; the same in all rows"
    assert said["inputs"]["series"]["positions"] == ["north", "south"]
    assert said["inputs"]["calendar"]["columns"]["harmonics_of_day"].startswith("hour")


def test_quantiles_are_an_output_of_their_own_with_their_levels(draw_model: Callable[..., Any]) -> None:
    model, _ = draw_model(Size(1, 2), second=True, quantiles=(0.25, 0.5, 0.75))
    said, graph = sheet(model, "toy", "3"), onnx_graph.build(model).graph
    assert said["outputs"]["quantiles"]["levels"] == [0.25, 0.5, 0.75]
    assert list(said["outputs"]) == [entry.name for entry in graph.output] == ["forecast", "quantiles"]
    for entry in graph.output:
        shape = [width.dim_param or width.dim_value for width in entry.type.tensor_type.shape.dim]
        assert said["outputs"][entry.name]["shape"] == shape
