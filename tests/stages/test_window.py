"""The arrays of all rows, and of those that are searched on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data.history import history_of
from cellsize.data.schema import Schema
from cellsize.params import Params
from cellsize.stages import prepare, window
from tests.lifecycle.conftest import here

__all__ = ["here"]
CLEAN, SCHEMA, ALL, SEARCHED = (Path(name) for name in ("s.parquet", "schema.json", "all.npz", "searched.npz"))


@pytest.fixture
def arrays(here: Callable[..., Params]) -> Callable[..., tuple[bytes, bytes, str]]:
    """Both files of a table with so many rows, of which so many have a target; and until when is searched."""

    def make(rows: int, observed: int, until: str | None = None) -> tuple[bytes, bytes, str]:
        params = here(rows, price=np.arange(rows) % 7)
        table = pd.read_csv("table.csv")
        table.loc[table.index >= observed, "load"] = np.nan
        table.to_csv("table.csv", index=False)
        params = params.model_copy(
            update={
                "prepare": params.prepare.model_copy(update={"known_future_covariates": ("price",)}),
                "split": params.split.model_copy(update={"searched_until": until}),
            }
        )
        prepare.main(params, CLEAN, SCHEMA)
        window.main(params, CLEAN, SCHEMA, ALL, SEARCHED)
        said = history_of(pd.read_parquet(CLEAN), Schema.load(SCHEMA), until).searched_until
        return ALL.read_bytes(), SEARCHED.read_bytes(), said

    return make


def test_where_all_rows_are_observed_all_are_searched_on(arrays: Callable[..., tuple[bytes, bytes, str]]) -> None:
    everything, searched, until = arrays(400, 400)
    assert searched == everything
    assert until == "2026-01-17T15:00:00"


def test_what_was_searched_on_stays_when_targets_of_known_rows_come_in(
    arrays: Callable[..., tuple[bytes, bytes, str]],
) -> None:
    everything, searched, until = arrays(410, 400)
    assert until == "2026-01-17T15:00:00"
    assert searched != everything
    later, again, _ = arrays(450, 440, until)
    assert again == searched
    assert later != everything
