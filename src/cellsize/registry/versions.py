"""Versions of the registered model: found again, registered, promoted by the gate."""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from mlflow.types.schema import AnyType

from cellsize.data import series, windows
from cellsize.data import table as tables
from cellsize.data.schema import TIME
from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.params import Mlflow, Register
from cellsize.registry.store import connect

CHAMPION, FINGERPRINT = "champion", "cellsize.fingerprint"
REQUIREMENTS = ("mlflow", "numba", "numpy", "pandas", "pyarrow", "pydantic", "ruamel.yaml", "scipy", "torch")


@dataclass(frozen=True)
class Registration:
    """What became of a model: `registration.json`."""

    name: str
    version: str
    alias: str | None
    registered: bool
    promoted: bool
    reason: str


def champion(settings: Mlflow, name: str) -> tuple[str, Forecaster] | None:
    """Version and model of the current champion, or None if there is none.

    Raises:
        InputError: It is not where the registry says, or is no model of this version of cellsize.
    """
    client, _ = connect(settings)
    found = _champion(client, name)
    if found is None:
        return None
    try:
        folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{found}")
        return found, Forecaster.load(Path(folder) / "artifacts" / "model")
    except (MlflowException, OSError, KeyError, TypeError, ValueError, RuntimeError, UnpicklingError) as error:
        raise InputError(
            f"register.name: the champion of {name!r}, version {found}, cannot be read "
            f"({type(error).__name__}: {' '.join(str(error).split())[:200]}); set evaluate.champion: false to go "
            "without it, or give another register.name"
        ) from None


def gate(evaluation: dict[str, Any], register: Register, champion: str | None = None) -> tuple[bool, str]:
    """Whether the model is good enough for the alias, and why.

    It is if its holdout error (nmse) is below that of every baseline named, or equal where the
    choice is that baseline itself, and below that of the champion on the same windows.

    Args:
        evaluation: Content of `evaluation.json`.
        register: The baselines to beat.
        champion: The champion's version now, beside which the model has to have been measured; None if there is none,
            or none is asked for.
    """
    mine, against = evaluation["model"]["nmse"], []
    for name in register.beat:
        if name == "classical":
            subset = evaluation["subset"]
            if subset is None:
                continue
            ours = subset["models"]["model"]["nmse"]
            others = {key: one["nmse"] for key, one in subset["models"].items() if key.startswith("Auto")}
            against += [(key, ours, theirs) for key, theirs in others.items()]
        else:
            against.append((name, mine, evaluation["baselines"][name]["nmse"]))
    # A choice without memory cells is the ridge-linear map: it cannot be below itself.
    lost = [f"{name} ({theirs:.4f} against {ours:.4f})" for name, ours, theirs in against if ours > theirs * (1 + 1e-6)]
    if lost:
        return False, f"not better on the holdout than {', '.join(lost)}"
    reigning = evaluation["champion"]
    if reigning is not None and mine >= reigning["nmse"]:
        return False, (
            f"not better on the holdout than the champion, version {reigning['version']} "
            f"({reigning['nmse']:.4f} against {mine:.4f})"
        )
    if champion not in (None, evaluation["reigning"]):
        # DVC restores an earlier evaluation as it was, and another model may have become champion since.
        return False, (
            f"its holdout error is from before version {champion} became champion; measure both again: "
            "dvc repro --force --single-item evaluate, then dvc repro"
        )
    if champion is not None and reigning is None:
        return False, (
            f"version {champion} is champion and {evaluation['unmeasured']}, so that nobody measured both on the same "
            "rows; evaluate.champion: false promotes without"
        )
    beaten = ", ".join(name for name, _, _ in against) or "no baseline asked for"
    champion_too = f", and than the champion before it, version {reigning['version']}" if reigning is not None else ""
    return True, f"no worse on the holdout than {beaten}{champion_too}"


def register(
    settings: Mlflow,
    params: Register,
    model: Path,
    example: pd.DataFrame,
    choice: dict[str, Any],
    evaluation: dict[str, Any],
    compare: bool = True,
) -> Registration:
    """Registers the model unless it is registered already, and moves the alias if the gate opens.

    Args:
        settings: Where models are kept.
        params: Name and gate.
        model: Folder of the refitted model.
        example: Rows that the model can forecast from, for signature and input example.
        choice: Content of `choice.json`.
        evaluation: Content of `evaluation.json`.
        compare: Whether a champion is replaced only by a model that was measured beside it.

    Returns:
        Name, version and what was decided; the same for the same model.
    """
    client, experiment_id = connect(settings)
    fingerprint = _fingerprint(model)
    known = client.search_model_versions(f"name = '{params.name}' and tag.`{FINGERPRINT}` = '{fingerprint}'")
    if known:
        number = str(min(int(one.version) for one in known))
    else:
        number = _register(client, experiment_id, params.name, model, example, choice, evaluation, fingerprint)
    reigning = _champion(client, params.name)
    if reigning == number:
        return Registration(params.name, number, CHAMPION, True, True, _kept(client, params.name, number))
    promoted, reason = gate(evaluation, params, reigning if compare else None)
    if promoted and "DVC_EXP_NAME" in os.environ:  # an experiment registers, but never promotes
        promoted, reason = False, f"a DVC experiment is not promoted; it was {reason}"
    client.set_model_version_tag(params.name, number, "cellsize.gate", reason)
    if promoted:
        client.set_registered_model_alias(params.name, CHAMPION, number)
    return Registration(params.name, number, CHAMPION if promoted else None, True, promoted, reason)


def _kept(client: MlflowClient, name: str, number: str) -> str:
    """Why the champion was promoted, as it was said then."""
    return str(client.get_model_version(name, number).tags["cellsize.gate"])


def _champion(client: MlflowClient, name: str) -> str | None:
    try:
        return str(client.get_model_version_by_alias(name, CHAMPION).version)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def _fingerprint(model: Path) -> str:
    """Names a model: its weights, and what they mean. Another reason for the same one makes no second version."""
    digest = hashlib.sha256()
    for file in sorted(model.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _register(
    client: MlflowClient,
    experiment: str,
    name: str,
    model: Path,
    example: pd.DataFrame,
    choice: dict[str, Any],
    evaluation: dict[str, Any],
    fingerprint: str,
) -> str:
    forecaster = Forecaster.load(model)
    made = forecaster.forecast(example)
    sent = example.copy()
    for column in sent.select_dtypes(include=["datetime", "datetimetz"]):
        sent[column] = sent[column].map(lambda moment: moment.isoformat())
    made["time"] = made["time"].map(lambda moment: moment.isoformat())
    signature = ModelSignature(inputs=_columns(sent, loose=True), outputs=_columns(made))
    run = client.create_run(experiment, run_name=f"register-{fingerprint[:8]}", tags={FINGERPRINT: fingerprint})
    with mlflow.start_run(run_id=run.info.run_id), tempfile.TemporaryDirectory() as folder:
        mlflow.log_params({key: choice[key] for key in ("layers", "units", "parameters", "learning_rate", "rule")})
        mlflow.log_metrics(
            {
                f"holdout_{key}": value
                for key, value in evaluation["model"].items()
                if key != "by_step" and value is not None
            }
        )
        for content, file in ((choice, "choice.json"), (evaluation, "evaluation.json")):
            path = Path(folder) / file
            path.write_text(json.dumps(content, indent=2), encoding="utf-8")
            mlflow.log_artifact(str(path))
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("served.py")),
            artifacts={"model": str(model)},
            code_paths=[str(Path(__file__).parents[1])],
            signature=signature,
            input_example=sent,
            pip_requirements=[f"{package}=={installed(package).split('+')[0]}" for package in REQUIREMENTS],
            registered_model_name=name,
        )
    number = str(info.registered_model_version)
    tags = {FINGERPRINT: fingerprint, "layers": choice["layers"], "units": choice["units"]}
    for key, value in tags.items():
        client.set_model_version_tag(name, number, key, str(value))
    return number


def _columns(table: pd.DataFrame, loose: bool = False) -> Schema:
    """Names and types of columns: text and double, or any.

    MLflow takes no whole number and no truth value for a double, and no time or number for a text. So what the caller
    sends is of any type: the model checks it itself, in words.
    """

    def kind(column: str) -> str | AnyType:
        if loose:
            return AnyType()  # type: ignore[no-untyped-call]
        return "double" if pd.api.types.is_numeric_dtype(table[column]) else "string"

    return Schema([ColSpec(kind(str(column)), str(column), required=True) for column in table.columns])


def recent_rows(table: pd.DataFrame, source: Path, model: Path) -> pd.DataFrame:
    """The last rows of each series of a raw table that the model can forecast from: an input example.

    Args:
        table: The raw table.
        source: Where it comes from, for messages.
        model: Folder of the refitted model.

    Returns:
        For each series that holds a whole usable window the rows of its last one; where columns are known in future
        also those of the horizon, with the targets left empty.

    Raises:
        InputError: The model can forecast none of them.
    """
    forecaster = Forecaster.load(model)
    schema, window = forecaster.schema, forecaster.window
    named = [*schema.time, *([schema.series] if schema.series else []), *schema.targets, *schema.past_covariates]
    columns = list(dict.fromkeys([*named, *schema.categorical_covariates, *schema.known_future_covariates]))
    table = table.reset_index(drop=True)
    frame = series.clean(table, source, schema)
    arrays = windows.build(frame, schema, window, source)
    moments = tables.times(table, source, schema.time)
    rows = tables.names(table, schema.series).groupby(tables.names(table, schema.series)).indices
    parts, refused = [], ""
    of = arrays.series[arrays.first]
    for number in np.unique(of):
        first, mine = arrays.first[of == number].max(), moments.iloc[rows[arrays.names[number]]].sort_values()
        begin, end, last = frame[TIME].iloc[[first, first + window.lookback - 1, first + arrays.span - 1]]
        part = table.loc[
            mine.index[(mine >= begin) & (mine <= (last if schema.known_future_covariates else end))], columns
        ]
        if schema.known_future_covariates:
            part = part.astype(dict.fromkeys(schema.targets, "float64"))
            part.loc[moments[part.index] > end, list(schema.targets)] = None
        try:
            forecaster.forecast(part)
        except InputError as error:
            refused = str(error)
        else:
            parts.append(part)
    if not parts:
        raise InputError(f"{source}: the model can forecast no series of it: {refused}")
    example: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return example


def content(registration: Registration) -> dict[str, Any]:
    """What `registration.json` holds."""
    return asdict(registration)
