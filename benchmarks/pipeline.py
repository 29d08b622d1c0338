"""The whole pipeline from nothing: `dvc repro` on a fresh copy of the tree, its wall time and memory.

`--twice` runs it on two copies and compares what they answer byte for byte; `--workers 1 2` does so for each number of
workers, and gives the speed-up of the search stage, start-up included. Nothing of one run is there for the next: each
has its own copy, DVC cache, MLflow store and search store.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks import data
from benchmarks.machine import machine
from benchmarks.processes import watched

ANSWERS = ("choice.json", "evaluation.json")
MEGABYTE = 1e6


def copy(target: Path) -> None:
    """Copies what git tracks or would track, without what a run wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=data.ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        source = data.ROOT / name
        if source.name != "dvc.lock" and (source.is_file() or source.is_symlink()):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    subprocess.run(["git", "init", "-q"], cwd=target, check=True)


def change(path: Path, workers: int | None, smoke: bool) -> None:
    """Sets the workers in a copy's params.yaml; for a smoke test, also little to do."""
    yaml = YAML()
    content = yaml.load(path.read_text(encoding="utf-8"))
    if workers is not None:
        content["search"]["compute"]["trials"] = workers
    if smoke:
        content["propose"] |= {"layers": 1, "alpha": [1e9, 1e9], "mlp_units": []}
        content["propose"]["network"] |= {"skip": ["joint"], "head": ["plain"]}
        content["split"] |= {"folds": 2}
        content["search"] |= {"minimum_units": 1}
        content["search"]["training"] |= {
            "learning_rates": [0.01],
            "dropouts": [0.0],
            "rungs": [],
            "seeds": 1,
            "check_every": 10,
            "steps": 20,
            "maximum_steps": 20,
            "patience": 20,
            "batch_size": 1024,
        }
        content["baseline"] |= {"classical": "none"}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def run(name: str, workers: int | None, smoke: bool) -> dict[str, Any]:
    """Runs one example's pipeline from nothing."""
    with tempfile.TemporaryDirectory(prefix="cellsize-") as temporary:
        tree = Path(temporary) / "tree"
        tree.mkdir()
        copy(tree)
        place = tree / data.PLACES[name].relative_to(data.ROOT)
        if place != tree:  # an example borrows the stages, as `make example` does
            (place / "dvc.yaml").symlink_to(os.path.relpath(tree / "dvc.yaml", place))
        change(place / "params.yaml", workers, smoke)
        binaries = str(Path(sys.executable).parent)
        environment = {
            # The copy's code, not that of the installed checkout; its Python, also for the stages.
            "PYTHONPATH": f"{tree / 'src'}:{tree}",
            "PATH": f"{binaries}:{os.environ['PATH']}",
        }
        took = watched([sys.executable, "-m", "dvc", "repro", "dvc.yaml"], place, environment)
        stages = _stages(took.lines, took.seconds)
        answers = {file: (place / "reports" / file).read_bytes() for file in ANSWERS}
    return {
        "workers": workers,
        "seconds": took.seconds,
        "largest_mb": took.largest / MEGABYTE,
        "together_mb": took.together / MEGABYTE,
        "stages": stages,
        "answers": {file: hashlib.sha256(content).hexdigest() for file, content in answers.items()},
    }


def _stages(lines: list[tuple[float, str]], end: float) -> dict[str, float]:
    """Seconds of each stage, from the moments at which DVC says that it begins."""
    begun = [
        (moment, match[1]) for moment, line in lines if (match := re.match(r"Running stage '(?:.*:)?(\w+)'", line))
    ]
    moments = [*begun, (end, "")]
    return {name: after - before for (before, name), (after, _) in pairwise(moments)}


def main() -> None:
    """Runs the copies in turn and writes `pipeline.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="bay-area-traffic", choices=list(data.PLACES))
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--workers", type=int, nargs="+", help="runs once for each; default: as in params.yaml")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    described = machine()
    runs: list[dict[str, Any]] = []
    for workers in given.workers or [None] * (1 + given.twice):
        runs.append(run(given.name, workers, given.smoke))
        last = runs[-1]
        print(f"\n{given.name}, workers {workers or 'as in params.yaml'}: {last['seconds']:.1f} s, largest process "
              f"{last['largest_mb']:.0f} MB, all together {last['together_mb']:.0f} MB")  # fmt: skip
        data.show([{"stage": stage, "seconds": seconds} for stage, seconds in last["stages"].items()])
    content: dict[str, Any] = {"example": given.name, "machine": described, "runs": runs}
    if len(runs) > 1:
        content["same_answers"] = {key: len({each["answers"][key] for each in runs}) == 1 for key in ANSWERS}
        print(f"\nbyte for byte the same: {content['same_answers']}")
    if given.workers and len(runs) > 1:
        content["search_speedup"] = runs[0]["stages"]["search"] / runs[-1]["stages"]["search"]
        content["speedup"] = runs[0]["seconds"] / runs[-1]["seconds"]
        print(f"search {content['search_speedup']:.2f} times as fast with {given.workers[-1]} workers as with "
              f"{given.workers[0]}, the whole pipeline {content['speedup']:.2f} times")  # fmt: skip
    data.write("pipeline-workers" if given.workers else "pipeline", content, given.smoke)
    if not all(content.get("same_answers", {}).values()):
        raise SystemExit("the answers differ")


if __name__ == "__main__":
    main()
