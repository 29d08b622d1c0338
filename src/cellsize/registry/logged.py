"""A new version: model, results and what rebuilds it, logged in a run of its own."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from importlib.util import find_spec
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ParamSchema

from cellsize.registry import by_task, provenance
from cellsize.registry.champion import CUT
from cellsize.registry.provenance import Source
from cellsize.registry.store import CLONE, clone
from cellsize.sizing.any_evaluation import AnyEvaluation
from cellsize.sizing.choice_records import Choice

FINGERPRINT = "cellsize.fingerprint"
SERVED = "cellsize.registry.served"
PROJECT = "project"  # folder of a version's run: what rebuilds it
REFERENCE = "reference"  # folder of a version's run: what new rows are compared with
REQUIREMENTS = ("holidays", "mlflow", "numpy", "pandas", "pyarrow", "pydantic", "safetensors", "scipy", "torch")


@dataclass(frozen=True)
class Submission:
    """What a project registers: a version keeps all of it.

    Attributes:
        model: Folder of the model to serve, which was trained on all rows.
        twins: Folder of its twins, which stay with the version to be compared later.
        example: Rows that the model can answer, for signature and input example.
        choice: The size, and why.
        evaluation: Errors of the twins on the holdout.
        tags: More tags of the run, such as the versions of what trained.
        source: The project that it was made in.
    """

    model: Path
    twins: Path
    example: pd.DataFrame
    choice: Choice
    evaluation: AnyEvaluation
    tags: Mapping[str, str]
    source: Source


def log(client: MlflowClient, experiment: str, name: str, submission: Submission, fingerprint: str) -> str:
    """Logs model and results in a run of its own; returns the new version.

    Args:
        client: Of the store.
        experiment: Its id.
        name: Of the registered model.
        submission: What is registered.
        fingerprint: Names the model.
    """
    choice, evaluation, source = submission.choice, submission.evaluation, submission.source
    shown = by_task.shown(submission.model, submission.example)
    # None of inputs: MLflow would refuse whole numbers and times of pandas for a column of numbers or of text, and with
    # columns of any type it reads no CSV. The model checks what it is sent, in words; the example says what to send.
    signature = ModelSignature(inputs=None, outputs=shown.columns, params=ParamSchema(list(shown.params)))
    errors = by_task.errors(evaluation)
    tags = {**submission.tags, FINGERPRINT: fingerprint, CLONE: clone()}
    run = client.create_run(experiment, run_name=f"register-{fingerprint[:8]}", tags=tags)
    with mlflow.start_run(run_id=run.info.run_id), tempfile.TemporaryDirectory() as folder:
        mlflow.log_params(
            choice.model_dump(include={"layers", "units", "parameters", "learning_rate", "rule", "metric"})
        )
        mlflow.log_metrics({f"holdout_{key}": error for key, error in errors.items()})
        for record, file in ((choice, "choice.json"), (evaluation, "evaluation.json")):
            path = Path(folder) / file
            record.write(path)
            mlflow.log_artifact(str(path))
        mlflow.log_artifacts(str(submission.twins), "twins")
        provenance.write(source, Path(folder) / PROJECT)
        mlflow.log_artifacts(str(Path(folder) / PROJECT), PROJECT)
        if source.reference is not None:
            source.reference(Path(folder) / REFERENCE)
            mlflow.log_artifacts(str(Path(folder) / REFERENCE), REFERENCE)
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_file(SERVED)),
            artifacts={"model": str(submission.model)},
            code_paths=[str(_file(SERVED).parents[1])],
            signature=signature,
            input_example=shown.sent,
            pip_requirements=[f"{package}=={installed(package).split('+')[0]}" for package in REQUIREMENTS],
            metadata=shown.reads,
        )
    # With its tags in one call: a version that a kill left without its fingerprint would be registered once more.
    known = {
        FINGERPRINT: fingerprint, "layers": str(choice.layers), "units": str(choice.units), CUT: source.cut,
        **provenance.tags(client, experiment, source, choice, evaluation),
    }  # fmt: skip
    return str(mlflow.register_model(f"models:/{info.model_id}", name, tags=known).version)


def _file(module: str) -> Path:
    """The file of a module, which is not run: MLflow runs it where the model is loaded."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(module)
    return Path(spec.origin)
