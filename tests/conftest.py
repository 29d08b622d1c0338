"""Tiny tables, windows and work that the tests share; every factory takes changes to what it makes."""

import copy
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from ruamel.yaml import YAML

from cellsize import process
from cellsize.data import folds, sequence_arrays, series, stratified, text_table, usable, windows
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.params import Metric, Network, Training
from cellsize.params_data import Csv, Prepare, Split, Text, Window
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import ZERO, Architecture, Size, shape
from cellsize.training.records import Work

if TYPE_CHECKING:  # it loads torch, which few tests need
    from cellsize.models.classifier import Classifier
    from cellsize.models.forecaster import Forecaster
    from cellsize.models.regressor import Regressor

# Tensors as small as these lose more by a second thread than they gain; read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
process.set_environment()  # before MLflow and Ray are imported: a bare `pytest` phones home no more than `make test`

# The same code passes or fails each time; `make fuzz` looks for new examples.
settings.register_profile("tests", derandomize=True)
settings.load_profile("tests")

SOURCE = Path("clean.parquet")


@pytest.fixture(scope="module", autouse=True)
def no_registry_of_another_file() -> None:
    """MLflow keeps the registry that was named last for the whole process, and takes it for that of any other store."""
    if "mlflow" in sys.modules:
        sys.modules["mlflow"].set_registry_uri("")
    os.environ.pop("MLFLOW_REGISTRY_URI", None)


PLAIN_CSV: dict[str, Any] = {
    "separator": ",", "decimal": ".", "thousands": None, "comment": None, "encoding": "utf-8", "units_row": False,
    "total_row": False,
}  # fmt: skip

# Every key of params.yaml, each with a value that is accepted.
PARAMS: dict[str, Any] = {
    "task": "forecast",
    "mlflow": {"uri": "sqlite:///mlflow.db", "experiment": "toy"},
    "prepare": {
        "table": "data/raw/toy.csv",
        "csv": PLAIN_CSV,
        "time": "when",
        "time_format": None,
        "series": "place",
        "group": None,
        "text": None,
        "targets": ["y"],
        "past_covariates": ["x"],
        "categorical_covariates": ["wind"],
        "known_future_covariates": ["planned"],
        "static_covariates": [],
        "series_as_input": False,
        "calendar": ["hour", "weekday", "weekend", "month"],
        "linear_calendar": [],
        "holidays": None,
        "timezone": "Europe/Berlin",
        "ambiguous": "refuse",
        "frequency": "h",
        "gap": 48,
    },
    "window": {
        "lookback": 6,
        "linear_lookback": None,
        "horizon": 2,
        "fill": 1,
        "transform": "none",
        "normalise": "last",
        "scale": "global",
        "observed": 1.0,
    },
    "split": {
        "holdout": 0.2,
        "holdout_of": "table",
        "holdout_part": None,
        "searched_until": None,
        "folds": 3,
        "scheme": "contiguous",
        "duplicates": "group",
        "early_stopping": {"fraction": 0.1, "blocks": 2},
    },
    "propose": {
        "samples": "targets",
        "inputs": "step",
        "bound": "neurons",
        "alpha": [2, 10],
        "layers": 3,
        "growth": 2,
        "mlp_units": [16],
        "include_rules_of_thumb": False,
        "network": {
            "cell": "lstm",
            "projection": 0,
            "bidirectional": False,
            "summary": "last",
            "skip": ["linear"],
            "head": ["plain"],
        },
    },
    "baseline": {"seasons": [6], "penalties": [1.0, 100.0], "classical": "AutoETS", "origins": 10, "history": 240},
    "search": {
        "procedure": "climb",
        "patience": 2,
        "minimum_units": 8,
        "work_limit": 24.0,
        "maximum_seeds": 1,
        "sample": 5,
        "seed": 0,
        "compute": {
            "address": "local",
            "trials": 0,
            "cpus_per_trial": 1,
            "gpus_per_trial": 0,
            "devices_per_trial": 1,
            "precision": "32-true",
            "storage": None,
            "timeout": 60,
        },
        "training": {
            "learning_rates": [1e-3, 3e-3],
            "dropouts": [0.0],
            "weight_decays": [0.0],
            "check_every": 10,
            "rungs": [20],
            "seeds": 1,
            "steps": 100,
            "maximum_steps": 100,
            "patience": 30,
            "batch_size": 32,
            "max_gradient_norm": 1.0,
            "ema_decay": 0.9,
            "engine": "auto",
        },
    },
    "choose": {
        "metric": "mse",
        "quantiles": None,
        "rule": "one_standard_error",
        "margin": 1.0,
        "least_margin": 0.001,
        "probability": 0.8,
        "percent": 2.0,
        "budget": "parameters",
        "limit": 1000,
    },
    "refit": {"seed": 0, "twins": 2},
    "evaluate": {"champion": True},
    "register": {
        "name": "toy",
        "beat": ["naive", "ridge_linear"],
        "margin": 1.0,
        "probability": 0.9,
        "not_worse": 0.8,
        "blocks": 8,
    },
    "report": {"title": "Toy", "unit": "1", "examples": 3},
}


@pytest.fixture(scope="session")
def params_content() -> Callable[[], dict[str, Any]]:
    """A copy of the content of a complete, valid params.yaml."""
    return lambda: copy.deepcopy(PARAMS)


@pytest.fixture
def write_params(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes content as params.yaml."""

    def write(content: dict[str, Any]) -> Path:
        path = tmp_path / "params.yaml"
        with path.open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(content, file)
        return path

    return write


@pytest.fixture(scope="session")
def make_csv() -> Callable[..., Csv]:
    """The section `prepare.csv`: commas, decimal points, UTF-8."""
    return lambda **changes: Csv.model_validate(PLAIN_CSV | changes)


@pytest.fixture(scope="session")
def make_prepare() -> Callable[..., Prepare]:
    """The section `prepare` for the table of `make_table`."""

    def make(**changes: Any) -> Prepare:
        plain = {
            "table": "toy.csv", "csv": PLAIN_CSV, "time": "when", "time_format": None, "series": None, "group": None,
            "text": None, "targets": ["y"], "past_covariates": ["x"], "categorical_covariates": [],
            "known_future_covariates": [], "static_covariates": [], "series_as_input": False, "calendar": ["hour"],
            "linear_calendar": [],
            "holidays": None, "timezone": None, "ambiguous": "refuse", "frequency": "h", "gap": 48,
        }  # fmt: skip
        return Prepare.model_validate(plain | changes)

    return make


@pytest.fixture(scope="session")
def make_table() -> Callable[..., pd.DataFrame]:
    """A raw table: `when`, `y`, `x`, `wind` and `planned`, and `place` if places are named."""

    def make(rows: int = 60, places: tuple[str, ...] = (), frequency: str = "h") -> pd.DataFrame:
        when = pd.date_range("2026-01-01", periods=rows, freq=frequency).strftime("%Y-%m-%d %H:%M")
        row = np.arange(rows, dtype=float)
        table = pd.DataFrame(
            {
                "when": when,
                "y": np.sin(row / 3) + 2,
                "x": row % 5,
                "wind": np.where(row % 3 == 0, "N", "S"),
                "planned": row % 7,
            }
        )
        if not places:
            return table
        return pd.concat([table.assign(place=place) for place in places], ignore_index=True)

    return make


@pytest.fixture(scope="session")
def make_schema() -> Callable[..., Schema]:
    """The meaning of the clean series of `make_windows`: target y, and columns as asked."""

    def make(**changes: Any) -> Schema:
        plain: dict[str, Any] = {
            "time": ("when",), "series": None, "targets": ("y",), "past_covariates": (), "categorical_covariates": {},
            "known_future_covariates": (), "calendar": (), "linear_calendar": (), "holidays": None, "timezone": None,
            "other_zones": 0, "is_naive": True,
            "frequency": "h", "gap": 1000, "flagged": (), "time_format": None, "ambiguous": "refuse",
            "static_covariates": {}, "series_levels": (),
        }  # fmt: skip
        return Schema(**(plain | changes))

    return make


@pytest.fixture(scope="session")
def make_window() -> Callable[..., Window]:
    """The section `window`: three steps seen, two predicted, nothing else."""

    def make(**changes: Any) -> Window:
        plain = {
            "lookback": 3,
            "linear_lookback": None,
            "horizon": 2,
            "fill": 0,
            "transform": "none",
            "normalise": "none",
            "scale": "global",
            "observed": 1.0,
        }
        return Window.model_validate(plain | changes)

    return make


@pytest.fixture(scope="session")
def make_windows(
    make_schema: Callable[..., Schema], make_window: Callable[..., Window]
) -> Callable[..., windows.Windows]:
    """Windows over clean series a, b, … with the columns y (target), x (past) and k (known future).

    Each argument gives the values of y for one series (NaN: unobserved), `begins` the hour in which each
    begins; with `second` there is another target, z = 10 - y / 2.
    """

    def make(
        *values: Any, begins: tuple[int, ...] = (), second: bool = False, linear_calendar: tuple[str, ...] = (),
        **window: Any,
    ) -> windows.Windows:  # fmt: skip
        frames = []
        for index, y in enumerate(values):
            begin = begins[index] if begins else 0
            hours = begin + np.arange(len(y))
            frames.append(
                pd.DataFrame(
                    {
                        SERIES: "abcdefghijklmnopqrstuvwxyz"[index],
                        TIME: pd.Timestamp("2026-01-01") + pd.to_timedelta(hours, unit="h"),
                        "y": np.asarray(y, dtype=float),
                        "z": 10 - np.asarray(y, dtype=float) / 2,
                        "x": np.cos(hours / 5),
                        "k": np.sin(hours / 4),
                    }
                )
            )
        schema = make_schema(
            targets=("y", "z") if second else ("y",),
            past_covariates=("x",),
            known_future_covariates=("k",),
            linear_calendar=linear_calendar,
        )
        return usable.build(pd.concat(frames, ignore_index=True), schema, make_window(**window), SOURCE)

    return make


@pytest.fixture(scope="session")
def make_split() -> Callable[..., Split]:
    """The section `split`; `fraction` and `blocks` are those of the early-stopping set."""

    def make(fraction: float = 0.15, blocks: int = 1, **changes: Any) -> Split:
        plain = {
            "holdout": 0.2,
            "holdout_of": "table",
            "holdout_part": None,
            "searched_until": None,
            "folds": 2,
            "scheme": "contiguous",
            "duplicates": "group",
            "early_stopping": {"fraction": fraction, "blocks": blocks},
        }
        return Split.model_validate(plain | changes)

    return make


@pytest.fixture(scope="session")
def make_network() -> Callable[..., Network]:
    """The section `network`: a plain LSTM with a linear skip connection."""

    def make(**changes: Any) -> Network:
        return Network.model_validate(PARAMS["propose"]["network"] | changes)

    return make


@pytest.fixture(scope="session")
def make_training() -> Callable[..., Training]:
    """The section `training`: one setting, three looks at the early-stopping set."""

    def make(**changes: Any) -> Training:
        plain: dict[str, Any] = {
            "learning_rates": [1e-2], "dropouts": [0.0], "weight_decays": [0.0], "check_every": 3, "rungs": [],
            "seeds": 1, "steps": 9, "maximum_steps": 9, "patience": 9, "batch_size": 32, "max_gradient_norm": 1.0,
            "ema_decay": 0.5, "engine": "auto",
        }  # fmt: skip
        plain |= {"maximum_steps": changes.get("steps", plain["steps"])}  # nothing is prolonged unless a test says so
        return Training.model_validate(plain | changes)

    return make


@pytest.fixture(scope="session")
def make_work(
    make_windows: Callable[..., windows.Windows],
    make_split: Callable[..., Split],
    make_network: Callable[..., Network],
    make_training: Callable[..., Training],
) -> Callable[..., Work]:
    """Everything that a trial needs: a noisy wave, two folds, a training of seconds."""

    def make(
        *values: Any,
        window: dict[str, Any] | None = None,
        split: dict[str, Any] | None = None,
        network: dict[str, Any] | None = None,
        metric: Metric = "mse",
        **training: Any,
    ) -> Work:
        if not values:
            hours = np.arange(160)
            values = (np.sin(hours / 3) + 0.3 * np.random.default_rng(0).standard_normal(160),)
        arrays = make_windows(*values, **{"normalise": "last", **(window or {})})
        return Work(
            samples=arrays,
            folds=folds.split(arrays, make_split(**(split or {}))),
            network=make_network(**(network or {})),
            training=make_training(**training),
            penalties=(1.0, 100.0),
            seed=1,
            metric=metric,
        )

    return make


@pytest.fixture(scope="session")
def make_sequences() -> Callable[..., Sequences]:
    """Labelled sequences of 2 to 6 steps: feature x is noise around the class, z counts the steps.

    `labels` gives the class of each, `groups` what each belongs to, `held_out` which are declared as the holdout.
    """

    def make(
        labels: Any = (0, 1, 2) * 12, groups: Any = None, held_out: Any = (), seed: int = 0, spread: float = 0.3
    ) -> Sequences:
        target = np.asarray(labels)
        draw, length = np.random.default_rng(seed), 2 + np.arange(len(target)) % 5
        first = np.cumsum(length) - length
        of_row = np.repeat(np.arange(len(target)), length)
        x = target[of_row] + spread * draw.standard_normal(len(of_row))
        step = np.arange(len(of_row)) - first[of_row]
        return Sequences(
            inputs=np.stack([x, step], axis=1).astype(np.float32),
            offset=np.zeros(2),
            first=first,
            length=length,
            target=target,
            group=np.arange(len(target)) if groups is None else np.asarray(groups),
            held_out=np.asarray(held_out, np.bool_),
            names=tuple(f"s{number}" for number in range(len(target))),
            features=("x", "z"),
            classes=tuple("abcdefgh"[code] for code in range(int(target.max()) + 1)),
            longest=int(length.max()),
        )

    return make


@pytest.fixture(scope="session")
def make_text_prepare(make_prepare: Callable[..., Prepare]) -> Callable[..., Prepare]:
    """The section `prepare` for a table with the columns text and class."""

    def make(characters: int = 5, case: str = "keep", **changes: Any) -> Prepare:
        text = {"column": "text", "characters": characters, "case": case}
        plain = {"time": None, "targets": ["class"], "past_covariates": [], "calendar": [], "frequency": "step"}
        return make_prepare(**plain | {"text": text} | changes)

    return make


@pytest.fixture(scope="session")
def make_texts(
    make_text_prepare: Callable[..., Prepare], make_window: Callable[..., Window]
) -> Callable[..., Sequences]:
    """Texts as sequences of characters; of the classes a and b in turn, unless told."""

    def make(texts: Any, classes: str = "", lookback: int = 20, **changes: Any) -> Sequences:
        labels = list(classes or "ab" * len(texts))[: len(texts)]
        table = pd.DataFrame({"text": list(texts), "class": labels})
        frame, schema = text_table.clean(table, SOURCE, make_text_prepare(**changes), None)
        return sequence_arrays.build(frame, schema, make_window(lookback=lookback))

    return make


@pytest.fixture(scope="session")
def make_class_work(
    make_sequences: Callable[..., Sequences],
    make_split: Callable[..., Split],
    make_network: Callable[..., Network],
    make_training: Callable[..., Training],
) -> Callable[..., Work]:
    """Everything that a trial of labelled sequences needs."""

    def make(
        sequences: Sequences | None = None, network: dict[str, Any] | None = None, folds: int = 2, **training: Any
    ) -> Work:
        arrays = make_sequences() if sequences is None else sequences
        split = make_split(fraction=0.34, scheme="stratified", folds=folds)
        return Work(
            samples=arrays,
            folds=stratified.split(arrays, split),
            network=make_network(**{"skip": ["none"], **(network or {})}),
            training=make_training(**{"batch_size": 8, **training}),
            penalties=(0.1, 1.0),
            seed=1,
            metric="log_loss",
        )

    return make


@pytest.fixture(scope="session")
def make_numbers(make_sequences: Callable[..., Sequences]) -> Callable[..., Sequences]:
    """Sequences labelled by numbers: feature x is noise around the number; other arguments are `make_sequences`'."""

    def make(numbers: Any = None, count: int = 36, **changes: Any) -> Sequences:
        values = np.arange(count) % 12 / 4 if numbers is None else np.asarray(numbers, np.float64)
        made = make_sequences(np.zeros(len(values), np.int64), **changes)
        inputs = made.inputs.copy()
        inputs[:, 0] += np.repeat(values, made.length).astype(np.float32)
        return replace(made, inputs=inputs, target=values, classes=())

    return make


@pytest.fixture(scope="session")
def make_number_work(
    make_class_work: Callable[..., Work], make_numbers: Callable[..., Sequences]
) -> Callable[..., Work]:
    """Everything that a trial of sequences with numbers needs."""

    def make(sequences: Sequences | None = None, metric: Any = "mse", **changes: Any) -> Work:
        arrays = make_numbers() if sequences is None else sequences
        return replace(make_class_work(arrays, **changes), metric=metric)

    return make


@pytest.fixture(scope="session")
def number_schema() -> SequenceSchema:
    """The meaning of the columns of `make_numbers`."""
    return SequenceSchema("name", "step", ("x", "z"), "y", None, ())


@pytest.fixture(scope="session")
def make_regressor(
    make_number_work: Callable[..., Work], number_schema: SequenceSchema, make_window: Callable[..., Window]
) -> Callable[..., tuple["Regressor", Sequences]]:
    """A model of sequences with numbers, hardly trained, with 39 residuals from -1 to 1, and sequences for it."""

    def make(
        size: Size = ZERO, skip: str = "none", transform: str = "none", **network: Any
    ) -> tuple["Regressor", Sequences]:
        from cellsize.models.intervals import order_statistics
        from cellsize.models.regressor import Regressor
        from cellsize.training.records import Setting
        from cellsize.training.refit import refit_size

        work = make_number_work(network={"bidirectional": True, "summary": "mean", "skip": [skip], **network})
        setting = Setting(0.05, 0.0, 0.0, skip, "plain")  # type: ignore[arg-type]
        fitted, net = refit_size(work, size, setting, 1.0, 6 if size != ZERO else 0)
        assert isinstance(work.samples, Sequences)
        residuals = order_statistics(np.linspace(-1, 1, 39)[:, None, None])
        window = make_window(horizon=1, transform=transform)
        model = Regressor(size, number_schema, window, work.network, fitted, net, 6, ("s0", "s1"), residuals)
        return model, work.samples

    return make


@pytest.fixture(scope="session")
def sequence_schema() -> SequenceSchema:
    """The meaning of the columns of `make_sequences`."""
    return SequenceSchema("name", "step", ("x", "z"), "class", None, ("a", "b", "c"))


@pytest.fixture(scope="session")
def make_long_table() -> Callable[..., pd.DataFrame]:
    """A raw long table: two sequences a class of three and two steps, columns name, step, x, class, person, part."""

    def make(classes: str = "ab") -> pd.DataFrame:
        rows = [
            (f"{label}{number}", step, 10.0 * code + step, label, f"p{number}", ("train", "test")[number])
            for number in (0, 1)
            for code, label in enumerate(classes)
            for step in range(3 - number)
        ]
        return pd.DataFrame(rows, columns=["name", "step", "x", "class", "person", "part"])

    return make


@pytest.fixture(scope="session")
def make_long_prepare(make_prepare: Callable[..., Prepare]) -> Callable[..., Prepare]:
    """The section `prepare` for `make_long_table`."""

    def make(**changes: Any) -> Prepare:
        plain = {"time": "step", "series": "name", "targets": ["class"], "calendar": [], "frequency": "step"}
        return make_prepare(**plain | changes)

    return make


@pytest.fixture(scope="session")
def make_model(
    make_prepare: Callable[..., Prepare],
    make_window: Callable[..., Window],
    make_network: Callable[..., Network],
    make_training: Callable[..., Training],
) -> Callable[..., "Forecaster"]:
    """The ridge-linear model of a raw table, or with units a network: six steps seen, two predicted.

    Other keys are those of `prepare`.
    """

    def make(
        raw: pd.DataFrame,
        fill: int = 0,
        linear_lookback: int | None = None,
        scale: str = "global",
        observed: float = 1.0,
        units: int = 0,
        quantiles: tuple[float, ...] = (),
        **prepare: Any,
    ) -> "Forecaster":
        from cellsize.training.refit import refit

        schema = series.describe(raw, SOURCE, make_prepare(**prepare))
        window = make_window(lookback=6, fill=fill, linear_lookback=linear_lookback, scale=scale, observed=observed)
        arrays = replace(usable.build(series.clean(raw, SOURCE, schema), schema, window, SOURCE), quantiles=quantiles)
        cut = arrays.start.max() + arrays.span - 12  # the holdout: the last twelve hours
        holdout, development = arrays.start >= cut, arrays.start + arrays.span <= cut
        no_folds = folds.Folds(np.zeros((0, len(arrays.first)), np.int8), holdout, development)
        work = Work(arrays, no_folds, make_network(), make_training(), (1.0,), 0, "quantile" if quantiles else "mse")
        recipe = Recipe(
            layers=min(units, 1), units=units, learning_rate=0.01 * bool(units), dropout=0.0, weight_decay=0.0,
            skip="none", head="plain", steps=4 * bool(units), penalty=1.0,
        )  # fmt: skip
        return refit(work, recipe, schema, window)

    return make


@pytest.fixture(scope="session")
def draw_classifier(
    make_sequences: Callable[..., Sequences],
    sequence_schema: SequenceSchema,
    make_window: Callable[..., Window],
    make_network: Callable[..., Network],
) -> Callable[..., tuple["Classifier", Sequences]]:
    """A model of labelled sequences whose network has weights drawn at random, and sequences for it."""

    def made(
        size: Size = ZERO,
        skip: Any = "none",
        head: Any = "plain",
        sequences: Sequences | None = None,
        **network: Any,
    ) -> tuple["Classifier", Sequences]:
        import torch

        from cellsize.models import logistic
        from cellsize.models.classifier import Classifier
        from cellsize.models.network import Net
        from cellsize.models.prediction import FittedFold

        arrays = make_sequences() if sequences is None else sequences
        every, nothing = np.arange(len(arrays.first)), np.empty(0, np.int64)
        scaling = fit_scaling(arrays, every)
        linear = logistic.fit(arrays, scaling, every, (1.0,))[0]
        fitted = FittedFold(folds.Fold(every, nothing, nothing), scaling, linear, 0.0, 0.0)
        kind, net = make_network(**network), None
        if size != ZERO:
            torch.manual_seed(0)
            net = Net(size, kind, shape(arrays), Architecture(skip, head)).eval()
            for weights in net.parameters():  # those that begin at 0 too
                torch.nn.init.uniform_(weights, -0.6, 0.6)
        window = make_window(lookback=9, horizon=1)
        text = Text(column="text", characters=arrays.characters, case="keep") if arrays.characters else None
        schema = replace(sequence_schema, features=arrays.features, classes=arrays.classes, text=text)
        return Classifier(size, schema, window, kind, fitted, net, arrays.longest), arrays

    return made


@pytest.fixture(scope="session")
def rows_of() -> Callable[[Sequences], pd.DataFrame]:
    """The raw rows that sequences were made of, as somebody sends them who does not know the labels."""

    def rows(sequences: Sequences) -> pd.DataFrame:
        of_row = np.repeat(np.arange(len(sequences.first)), sequences.length)
        values = sequences.inputs.astype(np.float64) + sequences.offset
        table = pd.DataFrame({"name": np.array(sequences.names)[of_row]})
        table["step"] = np.arange(len(of_row)) - sequences.first[of_row]
        return pd.concat([table, pd.DataFrame(values, columns=list(sequences.features))], axis=1)

    return rows
