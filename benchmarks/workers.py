"""The default search with one worker and with two: how much faster, and whether the tables are the same.

Each search is a process of its own with an empty store, as `dvc repro` runs it: imports, Ray and MLflow count.
`make bench-workers` writes benchmarks/results/workers.json.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import data
from cellsize import decision, plans, search
from cellsize.candidates import propose
from cellsize.params import Mlflow
from cellsize.registry import runs
from cellsize.trials import Row, frame


def searched(workers: int, smoke: bool) -> dict[str, Any]:
    """The default search, and what is chosen from it."""
    found, training = data.loaded_for("bay-area-traffic", smoke)
    params = found.params
    candidates = propose(found.windows, found.folds, params.propose)
    settings = data.changed(params.search, workers=workers, training=training.model_dump())
    work = found.work(training)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store = Mlflow(uri=f"sqlite:///{folder}/mlflow.db", experiment="workers")
        record = runs.recorder(store, search.fingerprint(work), settings.model_dump())
        results = search.run(work, plans.plan(candidates, settings), settings, folder / "store", record, data.say)
    trials = pd.concat([frame(result.rows, Row) for result in results], ignore_index=True)
    times = pd.DataFrame([{**vars(result.size), "milliseconds": result.milliseconds} for result in results])
    choice = decision.decide(trials, times, candidates, params.choose, params.split.folds, settings.procedure)
    return {
        "chosen": f"{choice['layers']}x{choice['units']}",
        "score": choice["score"],
        "core_seconds": sum(result.seconds for result in results),
        "trials": trials.sort_values(["layers", "units"], kind="stable").to_csv(index=False),
    }


def main() -> None:
    """Measures both and writes the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--workers", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.workers:
        print(json.dumps(searched(given.workers, given.smoke)))
        return
    machine, found = data.machine(), {}
    for workers in (2, 1):
        made, seconds = data.fresh("benchmarks.workers", "--workers", workers, *["--smoke"] * given.smoke)
        found[workers] = {"seconds": seconds, **made}
    content = {
        "machine": machine,
        "speedup": found[1]["seconds"] / found[2]["seconds"],
        "same_trials": found[1].pop("trials") == found[2].pop("trials"),
        "one": found[1],
        "two": found[2],
    }
    data.show([{"workers": workers, **one} for workers, one in found.items()])
    print(f"\nspeed-up {content['speedup']:.2f}; the same trials: {content['same_trials']}")
    data.write("workers", content, given.smoke)


if __name__ == "__main__":
    main()
