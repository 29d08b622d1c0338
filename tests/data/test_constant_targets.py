"""A target that never changes where something is learnt is refused before anything is trained."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellsize.data import constant_targets, folds, series, table, usable
from cellsize.data.scaling import fit_scaling
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.params_data import Csv, Prepare, Split, Window

MakeWindows = Callable[..., Windows]
MakeSplit = Callable[..., Split]

WAVE = np.sin(np.arange(100) / 3)


def refused(arrays: Windows, params: Split) -> str:
    with pytest.raises(InputError) as caught:
        constant_targets.refuse(arrays, folds.split(arrays, params), params)
    return str(caught.value)


def test_a_target_that_changes_in_the_holdout_alone_is_refused(
    make_windows: MakeWindows, make_split: MakeSplit
) -> None:
    # It had a score of 0.0000, and the answer was "no memory cells".
    y = np.where(np.arange(100) < 85, 7.0, WAVE)
    assert refused(make_windows(y), make_split()) == (
        "split.holdout: column 'y': the target never changes before the holdout; name another column under "
        "prepare.targets in place of 'y', or give a longer table"
    )


def test_a_table_whose_target_wakes_up_in_the_holdout_is_refused(
    make_prepare: Callable[..., Prepare], make_window: Callable[..., Window], make_csv: Callable[..., Csv],
    make_split: MakeSplit,
) -> None:  # fmt: skip
    path = Path(__file__).with_name("cases") / "d24d_dead_development.csv.gz"
    raw = table.read(path, (), make_csv())
    schema = series.describe(raw, path, make_prepare(time="time", past_covariates=[]))
    arrays = usable.build(series.clean(raw, path, schema), schema, make_window(lookback=24, horizon=12), path)
    assert "column 'y': the target never changes before the holdout" in refused(arrays, make_split())


def test_a_constant_that_has_gaps_is_one_too(make_windows: MakeWindows, make_split: MakeSplit) -> None:
    y = np.where(np.arange(100) < 85, 7.0, WAVE)
    y[20] = np.nan
    assert "the target never changes before the holdout" in refused(make_windows(y), make_split())


def test_the_target_that_is_meant_is_named(make_windows: MakeWindows, make_split: MakeSplit) -> None:
    arrays = make_windows(WAVE, second=True)
    arrays.target[:, 1] = 3
    assert refused(arrays, make_split()) == (
        "split.holdout: column 'z': the target never changes before the holdout; remove it from prepare.targets, or "
        "give a longer table"
    )


@pytest.mark.parametrize("scheme", ["contiguous", "expanding", "sliding"])
def test_a_target_that_is_constant_in_one_folds_training_set_is_refused_with_folds_that_do(
    make_windows: MakeWindows, make_split: MakeSplit, scheme: Any
) -> None:
    y = np.where(np.arange(300) < 100, 7.0, np.sin(np.arange(300) / 3))
    if scheme == "contiguous":  # only the first of two validation sets has it
        y = np.where((np.arange(300) > 20) & (np.arange(300) < 60), np.sin(np.arange(300) / 3), 7.0)
    arrays = make_windows(y)
    params = make_split(scheme=scheme, folds=2 if scheme == "contiguous" else 5)
    message = refused(arrays, params)
    assert re.match(
        r"split\.folds: column 'y': the target never changes in the training set of fold \d of \d; ", message
    )
    better = re.search(r"set split\.folds: (\d+), or name another column under prepare\.targets", message)
    if better:
        params = make_split(scheme=scheme, folds=int(better[1]))
        constant_targets.refuse(arrays, folds.split(arrays, params), params)
    else:
        assert message.endswith("; name another column under prepare.targets in place of 'y'")


def test_a_covariate_that_is_constant_in_training_passes_and_becomes_0(
    make_windows: MakeWindows, make_split: MakeSplit
) -> None:
    arrays = make_windows(WAVE)
    arrays.inputs[:, 1] = np.where(np.arange(100) < 85, 4.0, 1e6)
    params = make_split()
    parts = folds.split(arrays, params)
    constant_targets.refuse(arrays, parts, params)
    scaling = fit_scaling(arrays, parts.fold(0).train)
    assert scaling.std[1] == 1


def test_a_target_that_changes_everywhere_passes(make_windows: MakeWindows, make_split: MakeSplit) -> None:
    arrays, params = make_windows(WAVE), make_split()
    constant_targets.refuse(arrays, folds.split(arrays, params), params)
