"""What several modules of data are tested with: windows, times as they are written, and text files."""

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import table, times, usable
from cellsize.data.scaling import Scaling, fit_scaling
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.params_data import Csv, Window

Make = Callable[..., Windows]

ROWS = 2000
HERE = Path("toy.csv")
HOURS = [f"2021-03-01 0{hour}:00" for hour in range(3)]


@pytest.fixture(scope="session")
def eight(make_windows: Make) -> Callable[..., Windows]:
    """Eight rows, y = 0 … 7: four windows of three steps seen and two predicted."""
    return lambda **window: make_windows(range(8), **window)


@pytest.fixture(scope="session")
def with_covariates(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> Callable[..., tuple[Windows, Scaling]]:
    """A rising target, a past covariate x and a known-future k; scaling of the first half of the rows."""

    def make(x: object = 0.0, k: object = 0.0, normalise: str = "none") -> tuple[Windows, Scaling]:
        frame = pd.DataFrame(
            {
                "series": "a",
                "time": pd.date_range("2026-01-01", periods=ROWS, freq="h"),
                "y": np.arange(ROWS) / ROWS,
                "x": np.broadcast_to(np.asarray(x, float), ROWS),
                "k": np.broadcast_to(np.asarray(k, float), ROWS),
            }
        )
        schema = make_schema(past_covariates=("x",), known_future_covariates=("k",))
        arrays = usable.build(frame, schema, make_window(normalise=normalise), Path("a.csv"))
        return arrays, fit_scaling(arrays, np.arange(ROWS // 2 - arrays.span + 1))

    return make


@pytest.fixture
def no_bare_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def read(values: Any, time_format: str | None = None) -> times.Written:
    return times.read(pd.DataFrame({"t": values}), HERE, ("t",), time_format)


def stamps(written: times.Written) -> list[str]:
    assert written.local.dtype == "datetime64[us]"
    return [moment.isoformat(" ") for moment in written.local]


def complaint(values: Any, time_format: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read(values, time_format)
    return str(caught.value)


def keys(message: str) -> dict[str, Any]:
    """What a message says to set under `prepare.csv`, as params.yaml would read it."""
    words = {"true": True, "null": None, '"\\t"': "\t"}
    found = re.findall(r'prepare\.csv\.(\w+): ("\\t"|"."|[\w-]+)', message)
    return {key: words.get(value, value.strip('"')) for key, value in found}


def numbers(path: Path, csv: Csv) -> np.ndarray:
    return table.numbers(table.read(path, ("time",), csv), path, "y")


def advised(path: Path, csv: Csv) -> dict[str, Any]:
    """What the message about a file, or about its column of numbers, says to set."""
    with pytest.raises(InputError) as caught:
        numbers(path, csv)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert not re.search("pandas|tokenizing|codec|C error", message)
    return keys(message)
