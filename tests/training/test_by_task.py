"""The last trainings, by task."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from cellsize.data import folds, series, usable
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.models.row_forecasts import forecast_rows
from cellsize.models.twins import load_classifiers, load_regressors
from cellsize.params import Network, Training
from cellsize.params_data import Prepare, Split, Window
from cellsize.progress import unsaid
from cellsize.search import tables
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import ZERO
from cellsize.training.by_task import refit_all
from cellsize.training.records import Work
from cellsize.training.train import train


def test_of_labelled_sequences_classifiers_are_written(
    make_class_work: Callable[..., Work], sequence_schema: SequenceSchema, make_window: Callable[..., Window],
    tmp_path: Path,
) -> None:  # fmt: skip
    recipe = Recipe(
        layers=1, units=2, learning_rate=0.05, dropout=0.0, weight_decay=0.0, skip="joint", head="plain", steps=3,
        penalty=1.0,
    )  # fmt: skip
    sequence_schema.save(tmp_path / "schema.json")
    work = make_class_work(network={"skip": ["joint"]})
    twins, model = tmp_path / "twins", tmp_path / "model"
    window = make_window(horizon=1)
    count, short = refit_all(
        work, recipe, tmp_path / "schema.json", window, 2, tmp_path / "no.npz", twins, model, unsaid
    )
    assert (count, short) == (len(load_classifiers(twins)), 0) == (2, 0)
    # No training of three steps learns all that there is: the served model falls short as its twins do.
    unreached = recipe.model_copy(update={"early_stopping_score": 1e-9, "start_score": 1.0})
    again = refit_all(work, unreached, tmp_path / "schema.json", window, 2, tmp_path / "no.npz", twins, model, unsaid)
    assert again == (2, 3)
    assert Classifier.load(model).size == recipe.size


def test_of_sequences_with_numbers_regressors_are_written_with_the_residuals_of_their_folds(
    make_number_work: Callable[..., Work], number_schema: SequenceSchema, make_window: Callable[..., Window],
    tmp_path: Path,
) -> None:  # fmt: skip
    recipe = Recipe(
        layers=0, units=0, learning_rate=0.0, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=0,
        penalty=1.0,
    )  # fmt: skip
    number_schema.save(tmp_path / "schema.json")
    size, residuals = str(recipe.size), np.arange(30.0).reshape(-1, 1, 1)
    np.savez(tmp_path / "residuals.npz", **{size: residuals, f"{size}.skips": np.arange(30) % 2 == 0})
    twins, model, window = tmp_path / "twins", tmp_path / "model", make_window(horizon=1)
    work = make_number_work()
    refit_all(work, recipe, tmp_path / "schema.json", window, 2, tmp_path / "residuals.npz", twins, model, unsaid)
    assert len(load_regressors(twins)) == 1
    kept = Regressor.load(model).residuals
    assert kept is not None
    assert kept.values.ravel().tolist() == list(range(1, 30, 2))


# --- intervals of a forecast, from the table to what is served --------------------------------------------------------

SERIES, STEPS, SEEN, AHEAD = 100, 40, 6, 2


def drawn(random: np.random.Generator, count: int, steps: int) -> pd.DataFrame:
    """Series of one law, so that any of them may be swapped with any other: skewed, positive, each step like the last.

    Each begins as it continues, which makes the first step no other than the rest.
    """
    noise = random.gamma(2, 0.2, (count, steps + 100)) - 0.4
    level = np.asarray(lfilter([1], [1, -0.8], noise, axis=1)[:, 100:])
    names = np.repeat([f"s{number:03}" for number in range(count)], steps)
    when = np.tile(pd.date_range("2026-01-01", periods=steps, freq="h").strftime("%Y-%m-%d %H:%M"), count)
    return pd.DataFrame({"when": when, "place": names, "y": np.exp(1 + level).ravel()})


def served(
    random: np.random.Generator, folder: Path, prepare: Prepare, window: Window, split: Split, network: Network,
    training: Training,
) -> Forecaster:  # fmt: skip
    """The model without memory cells of a table, by the steps of a run, with the residuals of its folds."""
    source, raw = Path("toy.csv"), drawn(random, SERIES, STEPS)
    schema = series.describe(raw, source, prepare)
    schema.save(folder / "schema.json")
    arrays = usable.build(series.clean(raw, source, schema), schema, window, source)
    work = Work(arrays, folds.split(arrays, split), network, training, (1.0,), 0, "mse")
    tables.write([train(work, ZERO)], *(folder / name for name in ("trials", "curves", "timings", "residuals.npz")))
    recipe = Recipe(
        layers=0, units=0, learning_rate=0.0, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=0,
        penalty=1.0,
    )  # fmt: skip
    twins, model = folder / "twins", folder / "model"
    refit_all(work, recipe, folder / "schema.json", window, 1, folder / "residuals.npz", twins, model, unsaid)
    return Forecaster.load(model)


@pytest.mark.parametrize(("transform", "normalise"), [("log1p", "last"), ("sqrt", "none")])
def test_on_exchangeable_series_the_served_intervals_of_90_percent_hold_88_to_92(
    make_prepare: Callable[..., Prepare],
    make_window: Callable[..., Window],
    make_split: Callable[..., Split],
    make_network: Callable[..., Network],
    make_training: Callable[..., Training],
    tmp_path: Path,
    transform: str,
    normalise: str,
) -> None:
    random = np.random.default_rng(21)
    prepare = make_prepare(series="place", past_covariates=[], calendar=[])
    window = make_window(lookback=SEEN, horizon=AHEAD, transform=transform, normalise=normalise)
    # Folds of whole series: what is validated is as new to the network as those that are forecast below.
    split = make_split(scheme="groups", holdout_of="whole_series", folds=5)
    held = []
    for number in range(12):  # each its own table, folds, residuals and model, and its own future
        folder = tmp_path / str(number)
        folder.mkdir()
        model = served(random, folder, prepare, window, split, make_network(), make_training())
        fresh = drawn(random, 400, SEEN + AHEAD)
        step = fresh.groupby("place").cumcount()
        forecasts = forecast_rows(model, fresh[step < SEEN], [0.9])
        true = fresh.loc[step >= SEEN, "y"].to_numpy().reshape(400, AHEAD)
        lower, upper = (
            forecasts.set_index("place")[f"y_{end}_90"].to_numpy().reshape(400, AHEAD) for end in ("lower", "upper")
        )
        held.append(((lower <= true) & (true <= upper)).mean(axis=0))
    for of_step in np.mean(held, axis=0):
        assert 0.88 < of_step < 0.92, held
