"""What a table would be for the stages."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import load
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.lifecycle import arrival
from cellsize.params import Params
from cellsize.stages import prepare, split, window


def test_it_is_what_the_stages_make_and_nothing_is_written(here: Callable[..., Params]) -> None:
    params = here()
    before = sorted(Path.cwd().iterdir())
    arrived = arrival.read(params)
    assert sorted(Path.cwd().iterdir()) == before
    clean, schema, arrays, folds, searched, searched_folds = (Path(name) for name in "abcdef")
    prepare.main(params, clean, schema)
    window.main(params, clean, schema, arrays, searched)
    split.main(params, searched, arrays, searched_folds, folds)
    pd.testing.assert_frame_equal(arrived.frame, pd.read_parquet(clean))
    arrived.windows.save(Path("again"))
    assert Path("again").read_bytes() == arrays.read_bytes() == searched.read_bytes()
    np.testing.assert_array_equal(arrived.folds.labels, load(folds).labels)
    assert folds.read_bytes() == searched_folds.read_bytes()


def test_of_a_longer_table_the_search_gets_the_bytes_that_it_had(here: Callable[..., Params]) -> None:
    """What makes a refit need no search, and no record of DVC a lie."""

    def made(params: Params) -> list[bytes]:
        clean, schema, arrays, folds, searched, searched_folds = (Path(name) for name in "abcdef")
        prepare.main(params, clean, schema)
        window.main(params, clean, schema, arrays, searched)
        split.main(params, searched, arrays, searched_folds, folds)
        return [path.read_bytes() for path in (searched, searched_folds, arrays)]

    short, longer = here(400), here(520)
    until = longer.model_copy(
        update={"split": longer.split.model_copy(update={"searched_until": "2026-01-17T15:00:00"})}
    )
    here(400)
    then = made(short)
    here(520)
    now = made(until)
    assert now[:2] == then[:2]
    assert now[2] != then[2]
    assert arrival.until(arrival.read(longer), "2026-01-17T15:00:00", longer).windows.first.size == (
        Windows.load(Path("e")).first.size
    )


def test_what_a_stage_would_refuse_is_refused_in_its_words(here: Callable[..., Params]) -> None:
    params = here(400)
    table = Path("table.csv")
    table.write_text(table.read_text(encoding="utf-8") + "2026-01-17 16:00:00,many\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"table.csv, line 402, column 'load': 'many'"):
        arrival.read(params)
    here(20)
    with pytest.raises(InputError, match=r"^split.folds: 3 folds need windows"):
        arrival.read(params)
