"""What a new version logs; versions of both tasks are registered in `test_versions` and `test_by_task`."""

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
import pytest

from cellsize.models.forecaster import Forecaster
from cellsize.registry.logged import REQUIREMENTS
from cellsize.sizing.evaluation_records import Registration
from tests.registry.test_versions import BETTER, register  # noqa: F401


def test_a_served_model_needs_nothing_that_is_not_installed_here() -> None:
    assert all(importlib.metadata.version(name) for name in REQUIREMENTS)


# --- where cellsize is not installed: its own code and its requirements are all that there is ------------------------

# What a notebook of another team runs. Its last lines say whose code has answered.
CONSUMER = """
import importlib.util, sys
assert importlib.util.find_spec("cellsize") is None, importlib.util.find_spec("cellsize")
import mlflow, pandas as pd
mlflow.set_tracking_uri("sqlite:///store.db")
model = mlflow.pyfunc.load_model("models:/toy@champion")
rows = pd.read_csv("sent.csv")
model.predict(rows).to_json("answer.json", orient="split", double_precision=15)
import cellsize
print(cellsize.__file__)
"""


def needed(names: Sequence[str]) -> set[str]:
    """Files and folders at the top of site-packages that some packages need, with those that they need."""
    wanted, seen, found = list(names), set[str](), set[str]()
    while wanted:
        name = wanted.pop()
        try:
            there = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # of another platform, or of an extra
            continue
        key = re.sub(r"[-_.]+", "-", there.name).lower()
        if key in seen:
            continue
        seen.add(key)
        found |= {path.parts[0] for path in there.files or () if path.parts[0] not in ("..", "__pycache__")}
        for line in there.requires or ():
            requirement, _, marker = line.partition(";")
            match = re.match(r"[\w.-]+", requirement.strip())
            if match and "extra" not in marker:
                wanted.append(match[0])
    assert "cellsize" not in seen
    return {name for name in found if not name.endswith(".pth")}


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with what a model's requirements name, and with nothing else."""
    folder = tmp_path_factory.mktemp("consumer")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    for name in needed(REQUIREMENTS):
        place = Path(str(importlib.metadata.distribution("mlflow").locate_file(name)))
        if place.exists():
            (site / name).symlink_to(place)
    return folder / "venv/bin/python"


@pytest.fixture(params=[0, 2], ids=["no memory cells", "1 × 2"])
def make_model(make_model: Callable[..., Forecaster], request: pytest.FixtureRequest) -> Callable[..., Forecaster]:
    """What is registered: without memory cells, and with some, which torch runs."""
    return partial(make_model, units=request.param)


@pytest.mark.slow
def test_a_model_is_loaded_and_forecasts_the_same_by_the_code_that_it_brings(
    register: Callable[..., Registration],  # noqa: F811
    make_table: Callable[..., pd.DataFrame],
    consumer: Path,
    tmp_path: Path,
) -> None:
    assert register(BETTER).alias == "champion"
    rows = make_table().tail(6)
    rows.to_csv("sent.csv", index=False)
    ran = subprocess.run(
        [str(consumer), "-c", CONSUMER], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    # A copy that came with the artifacts, and not the checkout.
    used = Path(ran.stdout.splitlines()[-1])
    assert used.parts[-3:] == ("code", "cellsize", "__init__.py")
    expected = mlflow.pyfunc.load_model("models:/toy@champion").predict(pd.read_csv("sent.csv"))
    answer = json.loads(Path("answer.json").read_text(encoding="utf-8"))
    assert answer["columns"] == list(expected.columns)
    assert answer["data"] == json.loads(expected.to_json(orient="split", double_precision=15))["data"]
    assert len(answer["data"]) == 2
