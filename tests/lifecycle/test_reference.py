"""What is kept with a version."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from cellsize.data.scaling import of_series
from cellsize.lifecycle import reference
from cellsize.lifecycle.reference import Reference
from tests.lifecycle.known_model import LEARNED, Known

Make = Callable[..., Known]


def test_what_was_saved_is_read_again(known: Known, tmp_path: Path) -> None:
    known.reference.save(tmp_path / "kept")
    again = Reference.load(tmp_path / "kept")
    assert again is not None
    for each in fields(Reference):
        ours, theirs = getattr(known.reference, each.name), getattr(again, each.name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(ours, theirs)
        elif each.name != "holdout":
            assert ours == theirs
    np.testing.assert_array_equal(again.holdout.losses, known.reference.holdout.losses)
    assert sum(path.stat().st_size for path in (tmp_path / "kept").iterdir()) < 12 * LEARNED


@pytest.mark.parametrize("damage", ["version", "key", "arrays", "nothing"])
def test_what_another_version_wrote_or_is_not_whole_is_as_none(known: Known, tmp_path: Path, damage: str) -> None:
    if damage != "nothing":
        known.reference.save(tmp_path)
    if damage == "version":
        content = json.loads((tmp_path / "reference.json").read_text(encoding="utf-8"))
        (tmp_path / "reference.json").write_text(json.dumps(content | {"version": 99}), encoding="utf-8")
    if damage == "key":
        (tmp_path / "reference.json").write_text("{}", encoding="utf-8")
    if damage == "arrays":
        (tmp_path / "reference.npz").write_bytes(b"PK")
    assert Reference.load(tmp_path) is None


def test_targets_and_covariates_are_kept_and_what_is_made_of_the_time_is_not(known: Known) -> None:
    assert "hour_sin" in known.model.schema.input_columns
    assert known.reference.columns == ("y", "x")
    assert known.reference.codes.shape == (LEARNED, 2)
    assert known.reference.codes.dtype == np.uint8
    assert not known.reference.are_sequences


def test_a_series_is_coded_as_the_model_scales_it(make_known: Make) -> None:
    made = make_known(("a", "b"), scale="series")
    windows, scaling = made.windows, made.model.fitted.scaling
    values = reference.standardised(windows, scaling)
    shift, std = of_series(windows, scaling, windows.series)
    np.testing.assert_allclose(values, (windows.inputs - shift) / std, rtol=1e-5, atol=1e-6)


def test_of_very_many_rows_the_newest_are_kept(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "MOST_ROWS", 100)
    kept = reference.make(known.windows, known.folds, [known.model], known.model, 6, "mse", known.reference.csv)
    assert kept.step.tolist() == list(range(LEARNED - 100, LEARNED))


def test_the_holdouts_losses_are_of_each_twin_and_of_the_holdout_alone(known: Known) -> None:
    losses = known.reference.holdout
    assert losses.losses.shape[0] == 2
    assert losses.windows.sum() == known.folds.holdout.sum()
