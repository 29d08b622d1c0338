"""The default search on one core and on two: how much faster, and whether the tables are the same.

Three searches, each a process of its own with an empty store, as `dvc repro` runs it: imports, Ray and MLflow count.
Two workers on two cores; one worker on one core, which it shares with the driver and Ray, as on a machine that has no
second one; and one worker on two cores, where the driver and Ray have the other one to themselves.
`make bench-workers` writes benchmarks/results/workers.json.
"""

import argparse
import gc
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.sizing import chosen_from, search_it
from cellsize.sizing.candidates import propose


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
    """Measures all three and writes the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--workers", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.workers:
        print(json.dumps(searched(given.workers, given.smoke)))
        gc.freeze()  # as a stage ends
        return
    machine, found = data.fresh("benchmarks.machine")[0], {}
    if machine["cores"] < 2:
        raise SystemExit("one core here: what two would do cannot be measured")
    mine = sorted(os.sched_getaffinity(0))
    for workers, cores in ((2, 2), (1, 1), (1, 2)):
        os.sched_setaffinity(0, mine[:cores])  # the search and all its processes inherit it
        made, seconds = data.fresh("benchmarks.workers", "--workers", workers, *["--smoke"] * given.smoke)
        found[workers, cores] = {"workers": workers, "cores": cores, "seconds": seconds, **made}
    trials = {one.pop("trials") for one in found.values()}
    two, one = found[2, 2], found[1, 1]
    content = {
        "machine": machine,
        "speedup": one["seconds"] / two["seconds"],
        "speedup_of_workers": found[1, 2]["seconds"] / two["seconds"],
        "same_trials": len(trials) == 1,
        "searches": list(found.values()),
    }
    data.show(content["searches"])
    print(
        f"\nspeed-up from one core to two {content['speedup']:.2f}, from one worker to two on two cores "
        f"{content['speedup_of_workers']:.2f}; the same trials: {content['same_trials']}"
    )
    data.write("workers", content, given.smoke)


if __name__ == "__main__":
    main()
