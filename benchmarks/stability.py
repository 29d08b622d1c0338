"""How far the chosen size moves when only the random numbers change: ten repeats with other seeds.

`make bench-stability` climbs on the default and the New York data as the pipeline does, once with the `search.seed` of
params.yaml (0) and once with each of ten others, two at once in plain processes (the choice does not depend on the
workers), and writes benchmarks/results/stability.json: what each repeat chose, how near that is to the answer that
users get (that of seed 0), and what would be chosen on the evidence of two repeats together, and of all.
What is trained is kept, so that an interrupted run resumes; what is chosen from it is worked out anew.
"""

import argparse
import json
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import data
from benchmarks.machine import machine
from benchmarks.sizing import chosen_from, search_alone
from cellsize import files
from cellsize.search import store
from cellsize.sizing.candidates import propose, sizes
from cellsize.sizing.procedures import plan
from cellsize.sizing.rules import one_standard_error
from cellsize.sizing.scores import Scores, compare, from_trials
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Row, frame

KEPT = data.ROOT / ".cache/benchmarks/stability"


def repeat(what: tuple[str, int, bool]) -> dict[str, Any]:
    """Climbs and chooses once.

    Args:
        what: The example, the seed, and whether to try the code on little data.
    """
    name, seed, smoke = what
    example, training = data.loaded_for(name, smoke)
    work, params = example.work(training, seed=seed), example.params
    kept = KEPT / store.key(work)
    kept.mkdir(parents=True, exist_ok=True)
    candidates = propose(example.windows, example.folds, params.propose)
    results = search_alone(work, plan(candidates, params.search, params.choose), kept)
    scores = {result.size: from_trials(frame(result.rows, Row), name, params.split.folds)[0] for result in results}
    trials, choice = chosen_from(results, candidates, params)
    return {
        "seed": seed,
        "chosen": str(choice.size),
        "best": str(choice.best.size),
        "score": choice.score,
        "zero_cells": choice.zero_cells.score,
        "scores": {str(size): round(scored.mean, 5) for size, scored in scores.items()},
        "grid": [str(size) for size in sizes(candidates)],
        "core_seconds": round(sum(result.seconds for result in results), 1),
        "trials": trials,
    }


def together(repeats: list[dict[str, Any]], folds: int) -> tuple[Scores, list[Scores]]:
    """What one standard error chooses on the trials of several repeats, among the sizes that all of them tried."""
    common = set.intersection(*(set(repeated["scores"]) for repeated in repeats))
    parts = []
    for position, repeated in enumerate(repeats):
        trials = repeated["trials"].query("status == 'ok'")
        names = [str(Size(layers, units)) for layers, units in zip(trials["layers"], trials["units"], strict=True)]
        kept = trials[[name in common for name in names]]
        # The ridge-linear model has no seed: it is the same in every repeat, and counted once.
        kept = kept if position == 0 else kept[kept["units"] > 0]
        parts.append(kept.assign(seed=kept["seed"] + 100 * position))
    scores = from_trials(pd.concat(parts, ignore_index=True), "repeats", folds)
    return one_standard_error(scores), scores


def within_one_step(size: str, other: str, grid: list[str]) -> bool:
    """Whether two sizes are neighbours in the grid: in the units of one number of layers, or in the layers alone.

    An MLP has no memory cells either: it counts as zero cells.
    """
    first, second = _size(size), _size(other)
    ladder = sorted({_size(name).units for name in grid})
    steps = abs(ladder.index(first.units) - ladder.index(second.units))
    if ZERO in (first, second):
        return steps <= 1 and max(first.layers, second.layers) <= 1
    return steps + abs(first.layers - second.layers) <= 1


def _size(name: str) -> Size:
    layers, units = name.split("x")
    size = Size(int(layers), int(units))
    return size if size.has_memory else ZERO


def main() -> None:
    """Repeats every example and writes how far the choice moves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=list(data.PLACES))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    summary: dict[str, Any] = {}
    for name in given.only:
        seeds = [(name, seed, given.smoke) for seed in range(given.seeds + 1)]
        first_and_repeats = []
        with get_context("spawn").Pool(given.workers) as pool:
            for repeated in pool.imap(repeat, seeds, chunksize=1):
                data.say(
                    f"{name} seed {repeated['seed']}: {repeated['chosen']} ({repeated['score']:.4f}), "
                    f"{repeated['core_seconds']:.0f} s"
                )
                first_and_repeats.append(repeated)
        first, *repeats = first_and_repeats
        counts = Counter(repeated["chosen"] for repeated in repeats)
        answer, frequent, grid = first["chosen"], counts.most_common(1)[0][0], first["grid"]
        folds = data.load(name).params.split.folds
        pairs = [together(repeats[begin : begin + 2], folds)[0] for begin in range(0, len(repeats) - 1, 2)]
        whole, scores = together(first_and_repeats, folds)
        answered = next(scored for scored in scores if str(scored.size) == answer)
        best = min(scores, key=lambda scored: scored.mean)
        behind = compare(answered, best)
        summary[name] = {
            "machine": machine(),
            "seeds": len(repeats),
            "answer": answer,
            "within_one_step": sum(within_one_step(repeated["chosen"], answer, grid) for repeated in repeats),
            "most_frequent": frequent,
            "within_one_step_of_most_frequent": sum(
                within_one_step(repeated["chosen"], frequent, grid) for repeated in repeats
            ),
            "chosen": dict(counts.most_common()),
            "chosen_by_two_together": dict(Counter(str(scored.size) for scored in pairs).most_common()),
            "chosen_by_all_together": str(whole.size),
            "answer_behind_best_of_all": {
                "best": str(best.size), "mean": behind.mean, "standard_error": behind.standard_error
            },
            "repeats": [
                {key: value for key, value in repeated.items() if key not in ("grid", "trials")}
                for repeated in first_and_repeats
            ],
        }  # fmt: skip
        print(name, json.dumps({key: value for key, value in summary[name].items() if key != "repeats"}))
    path = Path(data.result("stability", given.smoke))
    before = files.read_json(path) if path.is_file() else {}
    data.write("stability", {**before, **summary}, given.smoke)


if __name__ == "__main__":
    main()
