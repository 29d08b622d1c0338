"""The default search with one worker and with two: how much faster, and whether the tables are the same.

Each search is a process of its own with an empty store, as `dvc repro` runs it: imports, Ray and MLflow count.
`make bench-workers` writes benchmarks/results/workers.json.
"""

import argparse
import gc
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.sizing import chosen_from, search_it
from cellsize.candidates import propose


def searched(workers: int, smoke: bool) -> dict[str, Any]:
    """The default search, and what is chosen from it."""
    found, training = data.loaded_for("bay-area-traffic", smoke)
    candidates = propose(found.windows, found.folds, found.params.propose)
    with tempfile.TemporaryDirectory() as folder:
        results = search_it(found, training, candidates, Path(folder), workers)
    trials, choice = chosen_from(results, candidates, found.params)
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
        gc.freeze()  # as a stage ends
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
