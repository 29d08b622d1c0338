"""The data of the examples for the benchmarks, read through the project's own functions; and where results go."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cellsize import files, params_file
from cellsize.data import folds, series, table, times, usable
from cellsize.data.folds import Folds
from cellsize.data.schema import SERIES, Schema
from cellsize.data.windows import Windows
from cellsize.params import Network, Params, Training
from cellsize.sizing.sizes import ZERO, Size, grid
from cellsize.training.records import Work

ROOT = Path(__file__).parents[1]
PLACES = {"bay-area-traffic": ROOT, "new-york-weather": ROOT / "examples/new-york-weather"}
SMOKE = {
    "check_every": 10, "rungs": (10,), "steps": 20, "maximum_steps": 20, "patience": 20, "learning_rates": (0.01, 0.03),
    "seeds": 1,
}  # fmt: skip
QUIET = {
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "PYTHONUNBUFFERED": "1",
}

# They hold a library's arithmetic to older processors, and with it one side of a comparison more than the other.
HOLDING = (
    "ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "NPY_DISABLE_CPU_FEATURES",
    "NUMBA_CPU_FEATURES", "NUMBA_CPU_NAME", "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
)  # fmt: skip


@dataclass(frozen=True)
class Data:
    """One example's data, windows and folds, and the parameters they come from."""

    params: Params
    schema: Schema
    windows: Windows
    folds: Folds

    def work(self, training: Training | None = None, network: Network | None = None, seed: int | None = None) -> Work:
        """What every trial shares; training, network and seed in place of those in params.yaml, if given."""
        return Work(
            samples=self.windows,
            folds=self.folds,
            network=network or self.params.propose.network,
            training=training or self.params.search.training,
            penalties=self.params.baseline.penalties,
            seed=self.params.search.seed if seed is None else seed,
            metric=self.params.choose.metric,
        )


def load(name: str, rows: int | None = None) -> Data:
    """Prepares, windows and splits an example as the stages do.

    Args:
        name: One of `PLACES`, or of the folders of `examples`.
        rows: Rows of each series to keep, from the first on; None keeps all.
    """
    place = PLACES.get(name, ROOT / "examples" / name)
    settings = params_file.load(place / "params.yaml")
    if rows is not None:  # few rows leave no fold of long windows
        settings = settings.model_copy(update={"window": changed(settings.window, linear_lookback=None)})
    source = place / settings.prepare.table
    raw = table.read(source, series.texts(settings.prepare), settings.prepare.csv, times.columns_of(settings.prepare))
    schema = series.describe(raw, source, settings.prepare)
    clean = series.clean(raw, source, schema)
    if rows is not None:
        clean = clean.groupby(SERIES, sort=False).head(rows).reset_index(drop=True)
    indexed = usable.build(clean, schema, settings.window, source)
    return Data(settings, schema, indexed, folds.split(indexed, settings.split))


def loaded_for(name: str, smoke: bool) -> tuple[Data, Training]:
    """An example's data, and how its networks are trained."""
    example = load(name, 2000 if smoke else None)
    training = example.params.search.training
    return example, changed(training, **SMOKE) if smoke else training


def cut(example: Data, bound: int, smoke: bool) -> list[Size]:
    """The project's grid of sizes as it would be with another bound, zero cells first."""
    propose = example.params.propose
    if smoke:
        return [ZERO, *(Size(0, units) for units in propose.mlp_units[:1]), Size(1, 1), Size(1, 2)]
    bounds = [max(1, bound // depth) for depth in range(1, propose.layers + 1)]
    return grid(bounds, propose.growth, propose.mlp_units)


def changed(section: Any, **changes: object) -> Any:
    """A section of the parameters with other values, checked like the first ones."""
    return type(section)(**{**section.model_dump(), **changes})


def result(name: str, smoke: bool = False) -> Path:
    """Where a benchmark's figures go; a smoke test's figures mean nothing and go elsewhere."""
    return (ROOT / ".cache/benchmarks" if smoke else ROOT / "benchmarks/results") / f"{name}.json"


def environment(also: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment for another one, quiet, and without the user's own MLflow store."""
    own = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    return {**own, **QUIET, **(also or {})}


def fresh(
    module: str, *arguments: object, python: Path | str = sys.executable, also: Mapping[str, str] | None = None
) -> tuple[Any, float]:
    """Runs a module in a new process, with every library's arithmetic as it comes.

    Args:
        module: What to run.
        *arguments: What to give it.
        python: Of the environment to run it in.
        also: Variables to set.

    Returns:
        The JSON of its last line, and its wall time from before the process until after it, in seconds.
    """
    command = [str(python), "-m", module, *map(str, arguments)]
    own = {key: value for key, value in environment().items() if key not in HOLDING}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env={**own, **(also or {})}, text=True, stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - began
    return json.loads(done.stdout.splitlines()[-1]), seconds


def write(name: str, content: Any, smoke: bool) -> None:
    """Writes a benchmark's figures and says where."""
    files.write_json(result(name, smoke), content)
    print(f"\nwrote {result(name, smoke).relative_to(ROOT)}")


def say(line: str) -> None:
    """Progress goes to stderr: the last line of stdout is the result."""
    print(f"   {line}", file=sys.stderr, flush=True)


def show(rows: list[dict[str, Any]]) -> None:
    """Prints a table."""
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda value: f"{value:,.3f}"), flush=True)
