"""The default search on one core and on two: how much faster, and whether the tables are the same.

Three searches, each a process of its own with an empty store, as `dvc repro` runs it: imports, Ray and MLflow count.
Two workers on two cores; one worker on one core, which it shares with the driver and Ray, as on a machine that has no
second one; and one worker on two cores, where the driver and Ray have the other one to themselves.
`make bench-workers` writes benchmarks/results/workers.json.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.sizing import chosen_from, search_it
from cellsize import process
from cellsize.sizing.candidates import propose


def searched(workers: int, smoke: bool) -> dict[str, Any]:
    """The default search, and what is chosen from it."""
    example, training = data.loaded_for("bay-area-traffic", smoke)
    candidates = propose(example.windows, example.folds, example.params.propose)
    with tempfile.TemporaryDirectory() as folder:
        results = search_it(example, training, candidates, Path(folder), workers)
    trials, choice = chosen_from(results, candidates, example.params)
    return {
        "chosen": str(choice.size),
        "score": choice.score,
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
        process.leave()  # as a stage ends
        return
    machine, searches = data.fresh("benchmarks.machine")[0], {}
    if machine["cores"] < 2:
        raise SystemExit("one core here: what two would do cannot be measured")
    all_cores = sorted(os.sched_getaffinity(0))
    for workers, cores in ((2, 2), (1, 1), (1, 2)):
        os.sched_setaffinity(0, all_cores[:cores])  # the search and all its processes inherit it
        answer, seconds = data.fresh("benchmarks.workers", "--workers", workers, *["--smoke"] * given.smoke)
        searches[workers, cores] = {"workers": workers, "cores": cores, "seconds": seconds, **answer}
    trials = {search.pop("trials") for search in searches.values()}
    two_cores, one_core = searches[2, 2], searches[1, 1]
    content = {
        "machine": machine,
        "speedup": one_core["seconds"] / two_cores["seconds"],
        "speedup_of_workers": searches[1, 2]["seconds"] / two_cores["seconds"],
        "same_trials": len(trials) == 1,
        "searches": list(searches.values()),
    }
    data.show(content["searches"])
    print(
        f"\nspeed-up from one core to two {content['speedup']:.2f}, from one worker to two on two cores "
        f"{content['speedup_of_workers']:.2f}; the same trials: {content['same_trials']}"
    )
    data.write("workers", content, given.smoke)


if __name__ == "__main__":
    main()
