"""Where there are too few windows, what the message says works."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cellsize.data import constant_targets, folds, remedies, usable
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.errors import InputError
from cellsize.params_data import Split, Window

HERE = Path("clean.parquet")
MakeSchema = Callable[..., Schema]
MakeWindow = Callable[..., Window]
MakeSplit = Callable[..., Split]
NAN = float("nan")


def frame(*values: Any) -> pd.DataFrame:
    """Clean series a, b, … that begin at the same hour."""
    return pd.concat(
        [
            pd.DataFrame(
                {SERIES: name, TIME: pd.date_range("2026-01-01", periods=len(y), freq="h"), "y": np.asarray(y, float)}
            )
            for name, y in zip("abcdefgh", values, strict=False)
        ],
        ignore_index=True,
    )


def divided(rows: pd.DataFrame, schema: Schema, window: Window, split: Split) -> folds.Folds:
    """What the stages window and split do."""
    return remedies.split(remedies.build(rows, schema, window, split, HERE), split, window)


def advised(message: str) -> dict[str, Any]:
    """Key → value of what a message says to set."""
    listed = re.search(r"; set (.*?)(, or give .*)?$", message)
    if listed is None:
        return {}
    pairs = [pair.split(": ") for pair in re.split(r", | and ", listed[1])]
    return {key: YAML(typ="safe", pure=True).load(value) for key, value in pairs}


def followed(message: str, window: Window, split: Split) -> tuple[Window, Split]:
    """Both sections with what a message says to set."""
    content: dict[str, Any] = {"window": window.model_dump(), "split": split.model_dump()}
    for key, value in advised(message).items():
        *path, last = key.split(".")
        part = content
        for name in path:
            part = part[name]
        assert last in part
        part[last] = value
    return Window.model_validate(content["window"]), Split.model_validate(content["split"])


def complaint(*arguments: Any) -> str:
    with pytest.raises(InputError) as caught:
        divided(*arguments)
    return str(caught.value)


def test_144_rows_with_twelve_steps_and_three_need_one_early_stopping_block(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit
) -> None:
    # The advice was once "fewer folds", without a key.
    message = complaint(
        frame(range(144)),
        make_schema(),
        make_window(lookback=12, horizon=3),
        make_split(fraction=0.2, blocks=2, folds=5),
    )
    assert message == (
        "split.folds: 5 folds of 101 windows leave fold 1 without a training set (windows are 15 steps long); set "
        "split.early_stopping.blocks: 1, or give at least 170 rows without a gap"
    )


def test_a_window_longer_than_the_series_names_the_window_that_fits(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit
) -> None:
    window, split = make_window(lookback=8, linear_lookback=90, horizon=2), make_split()
    message = complaint(frame(range(90)), make_schema(), window, split)
    assert message.startswith(
        "clean.parquet, series 'a': 90 rows, but a window needs 92 (window.linear_lookback + window.horizon); set "
        "window.linear_lookback: null, or give at least "
    )


def test_gaps_that_a_longer_filling_closes_name_it(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit
) -> None:
    values = np.where(np.arange(200) % 5 == 3, NAN, np.arange(200))
    message = complaint(frame(values), make_schema(), make_window(lookback=6, horizon=2, fill=0), make_split())
    assert "no window of 8 steps has every value it needs; set window.fill: 1" in message


def test_too_few_series_for_folds_by_series_name_the_scheme_or_fewer_folds(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit
) -> None:
    rows, window = frame(*[range(60)] * 3), make_window()
    message = complaint(rows, make_schema(), window, make_split(scheme="groups", folds=3))
    assert message == "split.folds: 3 folds by series need at least 4 series, found 3; set split.folds: 2"
    message = complaint(frame(*[range(60)] * 2), make_schema(), window, make_split(scheme="groups", folds=2))
    assert message.endswith("; set split.scheme: contiguous")


def test_where_nothing_is_enough_the_rows_that_are_needed_are_told(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit
) -> None:
    window, split = make_window(lookback=3, horizon=2), make_split(folds=3)
    message = complaint(frame(range(6)), make_schema(), window, split)
    told = re.search(r"; no smaller window and no fewer folds are enough; give at least (\d+) rows", message)
    assert told is not None
    needed = int(told[1])
    divided(frame(range(needed)), make_schema(), window, split)
    complaint(frame(range(needed - 1)), make_schema(), window, split)


@settings(max_examples=80, deadline=None)
@given(
    lengths=st.lists(st.integers(8, 140), min_size=1, max_size=3),
    lookback=st.integers(1, 30),
    more=st.none() | st.integers(0, 40),
    horizon=st.integers(1, 12),
    fill=st.integers(0, 2),
    scheme=st.sampled_from(["contiguous", "expanding", "sliding", "groups", "shuffled"]),
    number=st.integers(2, 12),
    holdout=st.floats(0.05, 0.5),
    fraction=st.floats(0.05, 0.5),
    blocks=st.integers(1, 4),
    gaps=st.lists(st.integers(0, 139), max_size=6),
)
def test_what_a_message_says_to_set_works(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit, lengths: list[int], lookback: int,
    more: int | None, horizon: int, fill: int, scheme: str, number: int, holdout: float, fraction: float, blocks: int,
    gaps: list[int],
) -> None:  # fmt: skip
    values = [np.arange(float(length)) for length in lengths]
    for gap in gaps:
        values[0][gap % lengths[0]] = NAN
    linear = None if more is None else lookback + more
    window = make_window(lookback=lookback, linear_lookback=linear, horizon=horizon, fill=fill)
    split = make_split(fraction=fraction, blocks=blocks, folds=number, holdout=holdout, scheme=scheme)
    rows, schema = frame(*values), make_schema()
    try:
        divided(rows, schema, window, split)
    except InputError as error:
        message = str(error)
    else:
        return
    if advised(message):
        divided(rows, schema, *followed(message, window, split))
    else:
        assert "no smaller window and no fewer folds are enough" in message
    told = re.search(r"give at least ([\d,]+) rows", message)
    if told is not None:
        divided(frame(range(int(told[1].replace(",", "")))), schema, window, split)


def test_windows_that_are_enough_are_those_of_build_and_split(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit
) -> None:
    rows, schema, window, split = frame(range(80)), make_schema(), make_window(), make_split()
    arrays = usable.build(rows, schema, window, HERE)
    np.testing.assert_array_equal(divided(rows, schema, window, split).labels, folds.split(arrays, split).labels)


@pytest.mark.parametrize(
    ("missing", "horizon", "advice"),
    [
        ((5, 6), 10, {"window.fill": 2, "window.observed": 0.6}),  # business days
        ((6,), 7, {"window.fill": 1, "window.observed": 0.85}),  # a shop closed on Sundays
    ],
)
def test_days_that_are_never_there_are_filled_where_seen_and_left_out_where_predicted(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit, missing: tuple[int, ...], horizon: int,
    advice: dict[str, Any],
) -> None:  # fmt: skip
    values = np.where(np.isin(np.arange(700) % 7, missing), NAN, np.arange(700.0))
    window, split = make_window(lookback=14, horizon=horizon), make_split(folds=3)
    message = complaint(frame(values), make_schema(), window, split)
    assert advised(message) == advice
    window, split = followed(message, window, split)
    assert len(divided(frame(values), make_schema(), window, split).all()) == 3


@pytest.mark.parametrize("length", [60, 70, 80, 90, 100])
@pytest.mark.parametrize("scheme", ["contiguous", "expanding", "sliding"])
def test_what_a_message_says_to_set_leaves_no_constant_target(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit, length: int, scheme: str
) -> None:
    # To follow the advice once ended in "the target never changes".
    values = np.where(np.arange(length) < length // 2, 7.0, np.arange(length))
    rows, schema = frame(values), make_schema()
    window, split = make_window(lookback=20, horizon=6), make_split(scheme=scheme, folds=6, blocks=2)
    message = complaint(rows, schema, window, split)
    assert advised(message)
    window, split = followed(message, window, split)
    arrays = remedies.build(rows, schema, window, split, HERE)
    constant_targets.refuse(arrays, remedies.split(arrays, split, window), split)


def test_a_covariate_that_leaves_no_window_is_named(
    make_schema: MakeSchema, make_window: MakeWindow, make_split: MakeSplit
) -> None:
    rows = frame(range(40)).assign(x=NAN)
    assert complaint(rows, make_schema(past_covariates=("x",)), make_window(), make_split()) == (
        "clean.parquet: no window of 5 steps has every value it needs; column 'x' is missing in 100% of the rows: "
        "remove it from prepare"
    )
