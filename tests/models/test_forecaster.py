"""The refitted model as files."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from cellsize.data.schema import Schema
from cellsize.errors import InputError
from cellsize.models import stacked
from cellsize.models.forecaster import Forecaster
from cellsize.params import Head, Skip
from cellsize.params_data import Window
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import Architecture, Size
from cellsize.training.records import Work
from cellsize.training.refit import refit

Table = Callable[..., pd.DataFrame]
MakeWork = Callable[..., Work]


@pytest.fixture
def with_network(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> tuple[Work, Forecaster]:
    """A model with two layers of three cells, and what it was trained on."""
    return fitted_model(make_work(), make_schema, make_window, Size(2, 3), Architecture("linear", "plain"))


def fitted_model(
    work: Work, make_schema: Callable[..., Schema], make_window: Callable[..., Window], size: Size, of: Architecture
) -> tuple[Work, Forecaster]:
    recipe = Recipe(
        layers=size.layers, units=size.units, learning_rate=1e-2, dropout=0.0, weight_decay=0.0, skip=of.skip,
        head=of.head, steps=6, penalty=1.0,
    )  # fmt: skip
    schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
    return work, refit(work, recipe, schema, make_window(normalise="last"))


@pytest.mark.parametrize("head", ["plain", "mixed", "encoder_decoder"])
@pytest.mark.parametrize("skip", ["none", "linear", "joint"])
@pytest.mark.parametrize("size", [Size(1, 3), Size(0, 4)], ids=str)
def test_every_architecture_is_read_as_it_was_written(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window], tmp_path: Path,
    size: Size, skip: Skip, head: Head,
) -> None:  # fmt: skip
    if not size.layers and head != "plain":
        return  # an MLP has a plain head
    architecture = Architecture(skip, head)
    work = make_work(network={"skip": ["none", "linear", "joint"], "head": ["plain", head]} if head != "plain" else {})
    work, model = fitted_model(work, make_schema, make_window, size, architecture)
    model.save(tmp_path)
    read = Forecaster.load(tmp_path)
    assert read.net is not None
    assert (read.size, read.network, read.net.architecture) == (size, work.network, architecture)
    # Nothing is kept that is not used.
    assert (read.fitted.linear is None) == (skip == "none")
    expected = model.predict(work.windows, np.arange(20))
    np.testing.assert_array_equal(read.predict(work.windows, np.arange(20)), expected)
    # It did learn something: an untrained one would be the ridge-linear model, or nothing.
    assert (expected != replace(model, net=None).predict(work.windows, np.arange(20))).any()


def test_a_model_is_read_as_it_was_written(with_network: tuple[Work, Forecaster], tmp_path: Path) -> None:
    work, model = with_network
    model.save(tmp_path)
    read = Forecaster.load(tmp_path)
    for name in ("size", "schema", "window", "network", "learned_until", "learned_of"):
        assert getattr(read, name) == getattr(model, name)
    assert read.net is not None
    assert not read.net.training
    for forward in (None, stacked.forward):
        options = {} if forward is None else {"forward": forward}
        expected = model.predict(work.windows, np.arange(20), **options)
        np.testing.assert_array_equal(read.predict(work.windows, np.arange(20), **options), expected)


def test_a_model_of_quantiles_is_read_as_it_was_written_and_they_never_cross(
    make_work: MakeWork, make_schema: Callable[..., Schema], make_window: Callable[..., Window], tmp_path: Path
) -> None:
    plain = make_work(metric="quantile")
    work = replace(plain, samples=replace(plain.windows, quantiles=(0.1, 0.5, 0.9)))
    _, model = fitted_model(work, make_schema, make_window, Size(1, 3), Architecture("linear", "plain"))
    model.save(tmp_path)
    again, chosen = Forecaster.load(tmp_path), np.arange(40)
    assert again.quantiles == (0.1, 0.5, 0.9)
    forecasts = model.predict(work.windows, chosen)
    assert forecasts.shape == (40, work.windows.horizon, 3)
    assert (np.diff(forecasts, axis=2) >= 0).all()
    # Whoever makes windows anew need not know of them.
    np.testing.assert_array_equal(again.predict(plain.windows, chosen), forecasts)
    replace(model, quantiles=()).save(tmp_path / "plain")
    assert "quantiles" not in json.loads((tmp_path / "plain/model.json").read_text())


def test_a_model_without_memory_cells_is_read_as_it_was_written(
    tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Table
) -> None:
    model = make_model(make_table())
    model.save(tmp_path)
    read = Forecaster.load(tmp_path)
    assert (read.net, model.fitted.linear is None) == (None, False)
    assert read.fitted.linear is not None
    assert model.fitted.linear is not None
    np.testing.assert_array_equal(read.fitted.linear.weights, model.fitted.linear.weights)
    assert read.fitted.linear.penalty == model.fitted.linear.penalty
    np.testing.assert_array_equal(read.fitted.scaling.mean, model.fitted.scaling.mean)
    np.testing.assert_array_equal(read.fitted.scaling.std, model.fitted.scaling.std)
    np.testing.assert_array_equal(read.fitted.scaling.deviation, model.fitted.scaling.deviation)
    for name in ("mean", "std", "lower", "upper"):
        np.testing.assert_array_equal(getattr(read.fitted.scaling, name), getattr(model.fitted.scaling, name))
        assert getattr(read.fitted.scaling, name).dtype == getattr(model.fitted.scaling, name).dtype


def test_no_pickle_is_needed_to_read_the_weights(with_network: tuple[Work, Forecaster], tmp_path: Path) -> None:
    with_network[1].save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "weights.safetensors"]
    arrays = load_file(tmp_path / "weights.safetensors")  # by NumPy alone
    weights = with_network[1].net
    assert weights is not None
    np.testing.assert_array_equal(arrays["net.head.weight"], weights.head.weight.detach().numpy())


def test_equal_models_are_equal_files(with_network: tuple[Work, Forecaster], tmp_path: Path) -> None:
    for name in ("one", "another"):
        with_network[1].save(tmp_path / name)
    for file in ("model.json", "weights.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "another" / file).read_bytes()


def test_a_model_that_was_registered_before_safetensors_forecasts_as_it_did(make_work: MakeWork) -> None:
    # Written by version 3, with the tensors in a zip of torch.
    folder = Path(__file__).parent / "version_3"
    assert (folder / "weights.pt").is_file()
    read = Forecaster.load(folder)
    expected = json.loads((folder / "forecasts.json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(read.predict(make_work().windows, np.arange(3)), expected, rtol=0, atol=1e-6)
    assert read.residuals is None


def test_a_model_says_until_when_it_has_learned(make_model: Callable[..., Forecaster], make_table: Table) -> None:
    # 60 hours, a holdout of a fifth: the last window before it ends with hour 47.
    assert make_model(make_table()).learned_until == "2026-01-02T23:00:00"


@pytest.mark.parametrize(
    ("version", "message"),
    [(2, "version 2 of the format"), (5, "version 5 of the format"), (None, "version none of the format")],
)
def test_a_model_of_another_format_is_refused_in_one_line(
    tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Table, version: int | None, message: str
) -> None:
    make_model(make_table()).save(tmp_path)
    path = tmp_path / "model.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content.pop("version") == 4
    path.write_text(json.dumps(content | ({} if version is None else {"version": version})), encoding="utf-8")
    with pytest.raises(InputError, match=f"model.json: {message}, but this cellsize reads 3 and 4; `dvc repro` makes"):
        Forecaster.load(tmp_path)


def test_reading_tables_is_no_part_of_a_model() -> None:
    # A change there must not refit.
    command = "import sys; import cellsize.models.forecaster; assert 'cellsize.data.table' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)


def test_a_model_keeps_the_scale_of_each_series_it_knows(
    tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Table
) -> None:
    model = make_model(make_table(places=("north", "south")), series="place", scale="series")
    model.save(tmp_path)
    written, read = model.fitted.scaling, Forecaster.load(tmp_path).fitted.scaling
    assert read.names == written.names == ("north", "south")
    for name, value in vars(written).items():
        np.testing.assert_array_equal(getattr(read, name), value)
    plain = make_model(make_table(places=("north", "south")), series="place")
    plain.save(tmp_path)
    assert Forecaster.load(tmp_path).fitted.scaling.own_mean is None
    assert json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))["scaled_series"] == []
