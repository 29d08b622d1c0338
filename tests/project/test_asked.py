"""What is declared: followed, or refused where it contradicts itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from tests.project.conftest import params

Hourly = Callable[..., Path]


def test_options_are_followed(hourly: Hourly) -> None:
    rows = np.arange(600)
    path = hourly(price=np.cos(rows).round(3), rain=np.sin(rows).round(2))
    made = params(examine(Asked(path, targets=("load",), past=(), future=("price",), horizon=5, lookback=10)))
    assert made.prepare.known_future_covariates == ("price",)
    assert made.prepare.past_covariates == ()
    assert (made.window.lookback, made.window.horizon) == (10, 5)
    with pytest.raises(InputError, match="no column 'prize'; fix --future"):
        examine(Asked(path, targets=("load",), future=("prize",)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.assign(load=1.0), "column 'load': the target never changes"),
        (lambda table: table.head(12), "12 rows are too few"),
        (lambda table: table.assign(load="x"), "no column of numbers to forecast"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(
    hourly: Hourly, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    path = hourly()
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(InputError, match=message) as refused:
        examine(Asked(path))
    assert "\n" not in str(refused.value)
