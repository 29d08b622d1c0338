"""The served model: any rows are answered with forecasts or labels, or refused in words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from cellsize.data import sequence_arrays, sequence_table
from cellsize.data.sequences import Sequences
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.params_data import Prepare, Window
from cellsize.registry.served import Served
from cellsize.sizing.sizes import ZERO, Size
from tests.fuzz.guard import fuzzed
from tests.fuzz.rows import Change, answer_of, changed, changes
from tests.registry.conftest import served_model

MODELS: dict[str, dict[str, Any]] = {
    "plain": {},
    "columns": {
        "series": "place", "static_covariates": ["size"], "known_future_covariates": ["planned"],
        "categorical_covariates": ["wind"], "scale": "series", "fill": 1,
    },
    "zoned": {"timezone": "Europe/Berlin", "calendar": ["hour", "month"], "linear_calendar": ["hour_of_week"]},
    "months": {"frequency": "MS", "calendar": ["month"]},
    "business": {"frequency": "B", "calendar": [], "holidays": "DE"},
    "steps": {"frequency": "step", "time": "step", "calendar": []},
    "german": {"time_format": "%d.%m.%Y %H:%M"},
    "epoch": {"time_format": "epoch ms"},
    "parts": {"time": ["year", "month", "day", "hour"]},
    "quantiles": {"quantiles": (0.1, 0.5, 0.9)},
}  # fmt: skip


@pytest.fixture(scope="module")
def models(
    make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[Served, pd.DataFrame]]:  # fmt: skip
    """Served models, each with rows that it forecasts from."""
    made = {}
    for name, prepare in MODELS.items():
        places = ("north", "south") if "series" in prepare else ()
        raw = make_table(places=places, frequency=prepare.get("frequency", "h").replace("step", "h"))
        raw["size"] = np.where(raw.get("place", "north") == "south", 2.0, 1.0)
        when = pd.to_datetime(raw["when"])
        raw["step"] = np.arange(len(raw)) % 60
        if name == "parts":
            for part in prepare["time"]:
                raw[part] = getattr(when.dt, part)
        if name == "zoned":
            raw["when"] += "+01:00"
        if name == "german":
            raw["when"] = when.dt.strftime("%d.%m.%Y %H:%M")
        if name == "epoch":
            raw["when"] = when.astype("datetime64[ms]").astype(np.int64)
        model = served_model(make_model(raw, **prepare), tmp_path_factory.mktemp(name))
        rows = raw[raw["step"] < 20].reset_index(drop=True)
        if "known_future_covariates" in prepare:
            rows["y"] = rows["y"].where(rows["step"] < 18)
        made[name] = model, rows
    return made


@pytest.mark.slow
@fuzzed()
@given(st.sampled_from(sorted(MODELS)), changes())
def test_any_rows_are_forecast_or_refused_in_words(
    models: dict[str, tuple[Served, pd.DataFrame]], name: str, todo: list[Change]
) -> None:
    model, rows = models[name]
    sent = changed(rows, todo)
    note(f"{sent.dtypes}\n{sent}")
    found = answer_of(model, sent)
    if found is not None:
        levels = ["y_q10", "y", "y_q90"] if "quantiles" in MODELS[name] else ["y"]
        assert np.isfinite(found[levels]).all(axis=None)
        assert (np.diff(found[levels].to_numpy()) >= 0).all()


Labelled = dict[str, tuple[Served, pd.DataFrame, tuple[Any, ...]]]


@pytest.fixture(scope="module")
def labelling(
    draw_classifier: Callable[..., tuple[Classifier, Sequences]], rows_of: Callable[[Sequences], pd.DataFrame],
    make_regressor: Callable[..., tuple[Regressor, Sequences]], make_texts: Callable[..., Sequences],
    make_long_prepare: Callable[..., Prepare], make_window: Callable[..., Window],
    tmp_path_factory: pytest.TempPathFactory,
) -> Labelled:  # fmt: skip
    """Served models of sequences and texts, each with rows that it labels, and the labels; none: it gives numbers."""
    made = dict[str, tuple[Any, pd.DataFrame, tuple[Any, ...]]]()
    classifier, sequences = draw_classifier(Size(1, 3), bidirectional=True)
    made["classes"] = classifier, rows_of(sequences), ("a", "b", "c")
    for name, size in (("numbers", ZERO), ("numbers of cells", Size(1, 3))):
        regressor, sequences = make_regressor(size, transform="log1p" if size == ZERO else "none")
        made[name] = regressor, rows_of(sequences), ()
    # Columns of all roles; labels are whole numbers, a feature may be missing, and rows come in order.
    table = with_all_roles()
    prepare = make_long_prepare(
        time=None, past_covariates=["x", "z"], categorical_covariates=["kind"], static_covariates=["place", "size"]
    )
    frame, schema = sequence_table.clean(table, Path("table.parquet"), prepare, None)
    classifier, _ = draw_classifier(Size(2, 2), sequences=sequence_arrays.build(frame, schema, make_window(lookback=9)))
    made["columns"] = replace(classifier, schema=schema), table, (1, 2)
    texts = ["Ann", "B\u00e9a", "Bo", "Caf\u00e9 au lait", "Dee", "Ed"] * 3
    classifier, sequences = draw_classifier(Size(1, 3), sequences=make_texts(texts, characters=9))
    schema = replace(classifier.schema, sequence="text", step=None, features=("text",))
    made["texts"] = replace(classifier, schema=schema), pd.DataFrame({"text": texts}), ("a", "b")
    return {
        name: (served_model(model, tmp_path_factory.mktemp("model")), rows, labels)
        for name, (model, rows, labels) in made.items()
    }


def with_all_roles() -> pd.DataFrame:
    """A long table of eight sequences of three steps."""
    row = np.arange(24)
    return pd.DataFrame({
        "name": row // 3, "class": 1 + row // 3 % 2, "x": np.sin(row), "z": np.where(row % 5, row / 3, np.nan),
        "kind": np.where(row % 3, "N", "S"), "place": np.where(row // 6 % 2, "in", "out"), "size": row // 3 * 2.5,
    })  # fmt: skip


LABELLING = ("classes", "columns", "numbers", "numbers of cells", "texts")


@pytest.mark.slow
@fuzzed()
@given(st.sampled_from(LABELLING), changes(), st.sampled_from([None, None, [], [0.5, 0.9], [0.999], [0], [2.0, -1]]))
def test_any_rows_of_sequences_are_labelled_or_refused_in_words(
    labelling: Labelled, name: str, todo: list[Change], levels: list[float] | None
) -> None:
    model, rows, labels = labelling[name]
    sent = changed(rows, todo)
    note(f"{sent.dtypes}\n{sent}")
    found = answer_of(model, sent, levels)
    if found is None:
        return
    if labels:
        assert set(found["class"]) <= set(labels)
        probabilities = found.filter(like="probability of ").to_numpy()
        assert probabilities.shape[1] == len(labels)
        assert (probabilities >= 0).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    else:
        assert np.isfinite(found.filter(like="y")).all(axis=None)


@pytest.mark.parametrize("name", LABELLING)
def test_the_rows_that_are_changed_above_are_labelled(labelling: Labelled, name: str) -> None:
    model, rows, _ = labelling[name]
    assert answer_of(model, rows) is not None
