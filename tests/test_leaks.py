"""Nothing of a validation block or of the holdout reaches training, scaling, or any choice."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import folds, usable
from cellsize.data.batches import gather
from cellsize.data.folds import Fold, Folds, row_mask
from cellsize.data.scaling import fit_scaling
from cellsize.data.schema import Schema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Ints, Windows
from cellsize.errors import InputError
from cellsize.models import ridge_linear
from cellsize.params import Metric
from cellsize.params_data import Split, Window
from cellsize.sizing.scores import paired
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training import train
from cellsize.training.records import Result, Setting, Work
from cellsize.training.refit import refit_size

MakeWork = Callable[..., Work]
Make = Callable[..., Windows]
MakeSplit = Callable[..., Split]
POISON = 1e6


def poisoned(arrays: Windows, where: npt.NDArray[np.bool_]) -> Windows:
    """The same windows with another value in every column of some rows."""
    inputs, target = arrays.inputs.copy(), arrays.target.copy()
    inputs[where] = POISON
    target[where] = POISON
    return replace(arrays, inputs=inputs, target=target)


# --- what is fitted on training rows --------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(20, 70), min_size=1, max_size=3),
    normalise=st.sampled_from(["none", "last", "standard"]),
    scheme=st.sampled_from(["contiguous", "expanding", "sliding"]),
    metric=st.sampled_from(get_args(Metric)),
    data=st.data(),
)
def test_scaling_and_ridge_linear_model_change_with_no_value_outside_the_training_rows(
    make_windows: Make,
    make_split: MakeSplit,
    lengths: list[int],
    normalise: str,
    scheme: str,
    metric: Metric,
    data: st.DataObject,
) -> None:
    values = []
    for seed, length in enumerate(lengths):
        y = np.random.default_rng(seed).standard_normal(length)
        y[data.draw(st.integers(3, length - 1))] = np.nan
        values.append(y)
    levels = (0.1, 0.5, 0.9) if metric == "quantile" else ()
    arrays = replace(make_windows(*values, normalise=normalise, fill=1), quantiles=levels)
    try:
        divided = folds.split(arrays, make_split(scheme=scheme))
    except InputError:
        return
    for fold in divided.all():
        scaling = fit_scaling(arrays, fold.train)
        other = poisoned(arrays, ~row_mask(arrays, fold.train))
        again = fit_scaling(other, fold.train)
        np.testing.assert_array_equal(again.mean, scaling.mean)
        np.testing.assert_array_equal(again.std, scaling.std)
        np.testing.assert_array_equal(again.deviation, scaling.deviation)
        assert again.pinball == scaling.pinball
        np.testing.assert_array_equal([again.lower, again.upper], [scaling.lower, scaling.upper])
        first, second = (ridge_linear.fit(each, scaling, fold.train, (1.0,))[0] for each in (arrays, other))
        np.testing.assert_array_equal(first.weights, second.weights)
        # The penalty is chosen on the early-stopping set, and on no other row.
        kept = poisoned(arrays, ~row_mask(arrays, np.concatenate([fold.train, fold.early_stopping])))
        first, second = (ridge_linear.fit_chosen(each, scaling, fold, (0.1, 10.0), metric) for each in (arrays, kept))
        np.testing.assert_array_equal(first.weights, second.weights)
        assert first.penalty == second.penalty


def test_the_poison_would_be_noticed(make_windows: Make, make_split: MakeSplit) -> None:
    # Of one training row alone, the last that is predicted: else the test above could not fail.
    arrays = make_windows(np.random.default_rng(0).standard_normal(60))
    train = folds.split(arrays, make_split()).fold(0).train
    last = np.zeros(60, bool)
    last[arrays.first[train[-1]] + arrays.span - 1] = True
    other = poisoned(arrays, last)
    scaling = fit_scaling(arrays, train)
    assert (fit_scaling(other, train).mean != scaling.mean).all()
    weights = [ridge_linear.fit(each, scaling, train, (1.0,))[0].weights for each in (arrays, other)]
    assert not np.array_equal(weights[0], weights[1])


def gathered(arrays: Windows, chosen: Ints) -> list[npt.NDArray[np.floating]]:
    """Everything that learning from these windows would read."""
    scaling = fit_scaling(arrays, chosen)
    batch = gather(arrays, scaling, chosen)
    return [*vars(scaling).values(), *vars(batch).values()]


def test_no_gap_is_filled_from_a_validation_block_into_training(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window], make_split: MakeSplit
) -> None:
    # Training windows begin right behind the purge. Where their first rows are missing, they are filled from the
    # rows before, and those belong to the validation block: so the gap is tried everywhere.
    hours = 60
    whole = pd.DataFrame(
        {
            "series": "all",
            "time": pd.date_range("2026-01-01", periods=hours, freq="h"),
            "y": np.random.default_rng(0).standard_normal(hours),
            "x": np.random.default_rng(1).standard_normal(hours),
        }
    )

    def build(raw: pd.DataFrame) -> tuple[Windows, Folds]:
        arrays = usable.build(raw, make_schema(past_covariates=("x",)), make_window(fill=2), Path("clean.parquet"))
        return arrays, folds.split(arrays, make_split())

    leaks = []
    for gap in range(20, 40):
        frame = whole.copy()
        frame.loc[gap : gap + 1, ["y", "x"]] = np.nan
        arrays, divided = build(frame)
        for fold_index, fold in enumerate(divided.all()):
            for learns, held in (
                ("train", [fold.early_stopping, fold.validation]),
                ("early_stopping", [fold.validation]),
            ):
                changed = frame.copy()
                changed.loc[row_mask(arrays, np.concatenate(held)) & frame["y"].notna(), ["y", "x"]] = POISON
                other, again = build(changed)
                np.testing.assert_array_equal(again.labels, divided.labels)
                part = getattr(fold, learns)
                pairs = zip(gathered(arrays, part), gathered(other, part), strict=True)
                if not all(np.array_equal(before, after) for before, after in pairs):
                    leaks.append(f"fold {fold_index + 1}, {learns} part, gap at {gap}")
    assert leaks == []


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(30, 70), min_size=1, max_size=3),
    normalise=st.sampled_from(["none", "last", "standard"]),
    scale=st.sampled_from(["global", "series"]),
    holdout_of=st.sampled_from(["table", "series"]),
    scheme=st.sampled_from(["contiguous", "expanding", "sliding"]),
)
def test_masks_scales_of_series_and_ridge_linear_models_change_with_no_value_outside_the_training_rows(
    make_windows: Make,
    make_split: MakeSplit,
    lengths: list[int],
    normalise: str,
    scale: str,
    holdout_of: str,
    scheme: str,
) -> None:
    values = []
    for seed, length in enumerate(lengths):
        y = 10**seed * (5 + np.random.default_rng(seed).standard_normal(length))
        y[np.arange(length) % 7 > 4] = np.nan
        values.append(y)
    arrays = make_windows(*values, normalise=normalise, scale=scale, fill=2, observed=0.5)
    try:
        divided = folds.split(arrays, make_split(scheme=scheme, holdout_of=holdout_of))
    except InputError:
        return
    for fold in divided.all():
        scaling, other = fit_scaling(arrays, fold.train), poisoned(arrays, ~row_mask(arrays, fold.train))
        again = fit_scaling(other, fold.train)
        for name, constants in vars(scaling).items():
            np.testing.assert_array_equal(getattr(again, name), constants)
        first, second = (ridge_linear.fit(each, scaling, fold.train, (1.0,))[0] for each in (arrays, other))
        np.testing.assert_array_equal(first.weights, second.weights)
        batches = [gather(each, scaling, fold.train) for each in (arrays, other)]
        for name, values_of in vars(batches[0]).items():
            np.testing.assert_array_equal(getattr(batches[1], name), values_of)


# --- a whole training -----------------------------------------------------------------------------------------------

MANY: dict[str, Any] = {
    "learning_rates": [1e-2, 3e-2],
    "dropouts": [0.0, 0.3],
    "check_every": 2,
    "rungs": [2, 4],
    "seeds": 2,
    "steps": 6,
    "patience": 6,
    "batch_size": 16,
}


def of_fold(result: Result, fold: int) -> list[dict[str, Any]]:
    """All results of training and tuning of a fold, but for its validation score."""
    rows = [{**vars(row), "score": row.score is not None} for row in result.rows if row.fold == fold]
    return [*rows, *(vars(check) for check in result.checks if check.fold == fold)]


@pytest.mark.parametrize(
    ("size", "skip"),
    [
        (ZERO, ["linear"]),
        (Size(0, 4), ["none", "joint"]),
        (Size(1, 2), ["none", "linear", "joint"]),
        (Size(2, 9), ["none"]),
    ],
    ids=str,
)
def test_nothing_outside_its_training_and_early_stopping_rows_changes_a_folds_training(
    make_work: MakeWork, size: Size, skip: list[str]
) -> None:
    work = make_work(network={"skip": skip, "head": ["plain", "mixed"]}, **MANY)
    expected = train.train(work, size)
    for fold_index, fold in enumerate(work.folds.all()):
        outside = ~row_mask(work.windows, np.concatenate([fold.train, fold.early_stopping]))
        assert outside[work.windows.first[fold.validation]].all()
        result = train.train(replace(work, samples=poisoned(work.windows, outside)), size)
        assert of_fold(result, fold_index + 1) == of_fold(expected, fold_index + 1)
        # The poison is there: it shows in the score.
        scores = [[row.score for row in each.rows if row.fold == fold_index + 1] for each in (expected, result)]
        assert scores[0] != scores[1]


def without_weekends() -> tuple[npt.NDArray[np.float64], ...]:
    """Two series of other levels and ends, without a value on two steps of seven."""
    values = []
    for seed, (level, length) in enumerate(((1, 160), (1000, 120))):
        y = level * (5 + np.sin(np.arange(length) / 3) + 0.3 * np.random.default_rng(seed).standard_normal(length))
        y[np.arange(length) % 7 > 4] = np.nan
        values.append(y)
    return tuple(values)


@pytest.mark.parametrize("scale", ["global", "series"])
@pytest.mark.parametrize("size", [ZERO, Size(1, 2)], ids=str)
def test_with_masks_and_holdouts_of_series_nothing_outside_its_rows_changes_a_folds_training(
    make_work: MakeWork, size: Size, scale: str
) -> None:
    work = make_work(
        *without_weekends(), window={"fill": 2, "observed": 0.5, "scale": scale}, split={"holdout_of": "series"},
        network={"skip": ["none", "joint"]}, **MANY,
    )  # fmt: skip
    expected = train.train(work, size)
    assert np.isnan(expected.residuals).any()
    for fold_index, fold in enumerate(work.folds.all()):
        outside = ~row_mask(work.windows, np.concatenate([fold.train, fold.early_stopping]))
        result = train.train(replace(work, samples=poisoned(work.windows, outside)), size)
        assert of_fold(result, fold_index + 1) == of_fold(expected, fold_index + 1)
        scores = [[row.score for row in each.rows if row.fold == fold_index + 1] for each in (expected, result)]
        assert scores[0] != scores[1]
    # And nothing of the last part of either series, whatever the other one is learnt from at that time.
    outside = ~row_mask(work.windows, np.flatnonzero(work.folds.development))
    assert outside[work.windows.first[work.folds.holdout]].all()
    other = train.train(replace(work, samples=poisoned(work.windows, outside)), size)
    assert (other.rows, other.checks) == (expected.rows, expected.checks)
    np.testing.assert_array_equal(other.residuals, expected.residuals)


@pytest.mark.parametrize("size", [ZERO, Size(0, 4), Size(1, 2)], ids=str)
def test_nothing_of_the_holdout_changes_anything(make_work: MakeWork, size: Size) -> None:
    work = make_work(network={"skip": ["none", "joint"]}, **MANY)
    # Also the rows purged before it: everything that no development window reaches.
    outside = ~row_mask(work.windows, np.flatnonzero(work.folds.development))
    assert outside[work.windows.first[work.folds.holdout]].all()
    other = replace(work, samples=poisoned(work.windows, outside))
    expected, result = train.train(work, size), train.train(other, size)
    assert (result.rows, result.checks) == (expected.rows, expected.checks)
    np.testing.assert_array_equal(result.residuals, expected.residuals)

    setting = Setting(1e-2, 0.0, 0.0, "joint", "plain")
    (fitted, net), (again, net_again) = (refit_size(each, size, setting, 10.0, steps=4) for each in (work, other))
    np.testing.assert_array_equal(again.scaling.mean, fitted.scaling.mean)
    assert fitted.linear is not None
    assert again.linear is not None
    np.testing.assert_array_equal(again.linear.weights, fitted.linear.weights)
    if net is not None:
        assert net_again is not None
        assert all(
            torch.equal(weight, other) for weight, other in zip(net.parameters(), net_again.parameters(), strict=True)
        )


def outside_of(work: Work, fold: Fold) -> Ints:
    """The samples that a fold must not learn from."""
    return np.setdiff1d(np.arange(work.task.count), np.concatenate([fold.train, fold.early_stopping]))


@pytest.mark.parametrize("size", [ZERO, Size(0, 4), Size(1, 2)], ids=str)
def test_of_labelled_sequences_nothing_outside_its_training_changes_a_folds_training(
    make_class_work: MakeWork, size: Size
) -> None:
    work = make_class_work(network={"skip": ["none", "joint"], "bidirectional": True}, **MANY)
    assert isinstance(work.samples, Sequences)
    expected = train.train(work, size)
    for fold_index, fold in enumerate(work.folds.all()):
        outside = outside_of(work, fold)
        inputs, target = work.samples.inputs.copy(), work.samples.target.copy()
        inputs[work.samples.rows(outside)] += 100
        target[outside] = (target[outside] + 1) % 3
        poisoned = replace(work, samples=replace(work.samples, inputs=inputs, target=target))
        result = train.train(poisoned, size)
        assert of_fold(result, fold_index + 1) == of_fold(expected, fold_index + 1)
        scores = [[row.score for row in each.rows if row.fold == fold_index + 1] for each in (expected, result)]
        assert scores[0] != scores[1]


@pytest.mark.parametrize("size", [ZERO, Size(0, 4), Size(1, 2)], ids=str)
@pytest.mark.parametrize("metric", ["mse", "mae"])
def test_of_sequences_with_numbers_nothing_outside_its_training_changes_a_folds_training(
    make_number_work: MakeWork, size: Size, metric: str
) -> None:
    work = make_number_work(metric=metric, network={"skip": ["none", "joint"], "summary": "mean"}, **MANY)
    assert isinstance(work.samples, Sequences)
    expected = train.train(work, size)
    for fold_index, fold in enumerate(work.folds.all()):
        outside = outside_of(work, fold)
        inputs, target = work.samples.inputs.copy(), work.samples.target.copy()
        inputs[work.samples.rows(outside)] += 100
        target[outside] = -1000.0
        poisoned = replace(work, samples=replace(work.samples, inputs=inputs, target=target))
        result = train.train(poisoned, size)
        # Rates that other folds come to by their poison are trained in the same stack: the last digits are another's.
        for found, right in zip(of_fold(result, fold_index + 1), of_fold(expected, fold_index + 1), strict=True):
            assert found.keys() == right.keys()
            for key, value in found.items():
                assert value == (pytest.approx(right[key], rel=1e-5) if isinstance(value, float) else right[key]), key
        scores = [[row.score for row in each.rows if row.fold == fold_index + 1] for each in (expected, result)]
        assert scores[0] != scores[1]


@pytest.mark.parametrize("size", [ZERO, Size(1, 2)])
def test_of_texts_characters_outside_of_its_training_change_nothing_of_a_folds_training(
    make_texts: MakeWork, make_class_work: MakeWork, size: Size
) -> None:
    texts = sorted({f"{number * 7 % 125:03o}" for number in range(60)})
    work = make_class_work(make_texts(texts, characters=6), network={"skip": ["none", "joint"]}, **MANY)
    assert isinstance(work.samples, Sequences)
    expected = train.train(work, size)
    for fold_index, fold in enumerate(work.folds.all()):
        outside = outside_of(work, fold)
        inputs = work.samples.inputs.copy()
        inputs[work.samples.rows(outside)[::2]] = ord("\u6f22")  # a character that training has never seen
        poisoned = replace(work, samples=replace(work.samples, inputs=inputs))
        result = train.train(poisoned, size)
        assert of_fold(result, fold_index + 1) == of_fold(expected, fold_index + 1)
        scores = [[row.score for row in each.rows if row.fold == fold_index + 1] for each in (expected, result)]
        assert scores[0] != scores[1]


# --- noise ----------------------------------------------------------------------------------------------------------


def from_the_mean(work: Work) -> list[float]:
    """Each fold's validation score of forecasting the mean of the training rows."""
    scores = []
    for fold in work.folds.all():
        scaling = fit_scaling(work.windows, fold.train)
        rows = work.windows.first[fold.validation][:, None] + work.windows.lookback + np.arange(work.windows.horizon)
        errors = (work.windows.target[rows, 0] - scaling.mean[0]) / scaling.std[0]
        scores.append(float(np.square(errors, dtype=np.float64).mean()))
    return scores


@pytest.mark.parametrize(
    ("normalise", "scheme"), [("none", "contiguous"), ("last", "contiguous"), ("standard", "expanding")]
)
def test_on_pure_noise_no_size_is_better_than_the_mean_beyond_its_standard_error(
    make_work: MakeWork, normalise: str, scheme: str
) -> None:
    noise = np.random.default_rng(11).standard_normal(250)
    changes: dict[str, Any] = {
        "window": {"normalise": normalise},
        "split": {"folds": 4, "scheme": scheme},
        "learning_rates": [1e-2, 1e-1],
        "network": {"skip": ["none", "joint"]},
        "check_every": 4,
        "rungs": [8],
        "steps": 12,
        "patience": 12,
        "batch_size": 32,
    }
    work = make_work(noise, **changes)
    mean = np.array(from_the_mean(work))
    assert mean.mean() == pytest.approx(1, abs=0.2)
    for size in (ZERO, Size(0, 4), Size(1, 1), Size(2, 4)):
        rows = [row for row in train.train(work, size).rows if row.status == "ok"]
        assert [row.fold for row in rows] == [1, 2, 3, 4]
        gain = paired(mean, np.array([row.score for row in rows]), rows[0].n_validation / rows[0].n_train)
        assert gain.mean <= gain.standard_error
