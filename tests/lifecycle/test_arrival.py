"""What a table would be for the stages."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize import params_file
from cellsize.data.folds import load
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.lifecycle import arrival
from cellsize.params import Params
from cellsize.project import template
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


def test_a_new_series_with_a_longer_past_moves_the_holdout_over_rows_that_were_searched_on(
    here: Callable[..., Params],
) -> None:
    def delivered(*begins_and_ends: tuple[str, int, int]) -> Params:
        here()
        parts = [
            pd.DataFrame({
                "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(begin, end), "h"),
                "load": 50 + 5 * np.sin(2 * np.pi * np.arange(begin, end) / 12), "place": name,
            })
            for name, begin, end in begins_and_ends
        ]  # fmt: skip
        pd.concat(parts).to_csv("table.csv", index=False)
        text = template.params({"prepare.series": "place"}, Path("params.yaml").read_text(encoding="utf-8"))
        Path("params.yaml").write_text(text, encoding="utf-8")
        return params_file.load(Path("params.yaml"))

    params = delivered(("a", 0, 400))
    searched = arrival.read(params)
    assert not arrival.holds_searched(searched, searched)
    assert not arrival.holds_searched(arrival.read(delivered(("a", 0, 480))), searched)
    assert not arrival.holds_searched(arrival.read(delivered(("a", 0, 480), ("b", 0, 480))), searched)
    longer = arrival.read(delivered(("a", 0, 410), ("b", -4000, 410)))
    assert arrival.holds_searched(longer, searched)


def test_what_a_stage_would_refuse_is_refused_in_its_words(here: Callable[..., Params]) -> None:
    params = here(400)
    table = Path("table.csv")
    table.write_text(table.read_text(encoding="utf-8") + "2026-01-17 16:00:00,many\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"table.csv, line 402, column 'load': 'many'"):
        arrival.read(params)
    here(20)
    with pytest.raises(InputError, match=r"^split.folds: 3 folds need windows"):
        arrival.read(params)
