"""Where a trial's own time goes: trainings of `overhead.py`'s work with timers, in plain processes without Ray."""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from benchmarks.overhead import work_of
from cellsize import process
from cellsize.search.shards import divide
from cellsize.sizing.sizes import Size
from cellsize.training import loaders, train
from cellsize.training.flat_parameters import FlatParameters
from cellsize.training.joint import JointTraining

TIMED = [
    (JointTraining, "training_step", "step"),
    (FlatParameters, "clip_gradients", "clip"),
    (FlatParameters, "update_averages", "average"),
    (JointTraining, "validation_step", "validation"),
    (JointTraining, "on_train_epoch_end", "decisions"),
    (loaders, "load_batch", "gather"),
    (train, "fit", "fit"),
    (train, "_fit_fold", "fold"),
    (train, "_row", "rows"),
    (train, "_residuals", "residuals"),
    (train, "_milliseconds", "milliseconds"),
    (train, "train", "trial"),
]


def seconds_by_part(folder: Path) -> dict[str, float]:
    """Core seconds of all sizes together, by what they were spent on."""
    work = json.loads((folder / "work.json").read_text(encoding="utf-8"))
    shards = [
        (str(folder), position, shard.folds)
        for position in reversed(range(len(work["sizes"])))
        for shard in divide(Size(*work["sizes"][position]), work["folds"])
    ]
    with multiprocessing.get_context("spawn").Pool(work["workers"]) as pool:
        timings = pool.map(_timed_training, shards, chunksize=1)
    # What the code no longer has counts as nothing.
    spent = {label: sum(timing.get(label, 0.0) for timing in timings) for _, _, label in TIMED}
    scores = spent["rows"] + spent["residuals"] + spent["milliseconds"]
    return {
        "forward_backward_optimizer": spent["step"] - spent["clip"] - spent["average"],
        "clipping_gradients": spent["clip"],
        "averaging_weights": spent["average"],
        "gathering_batches": spent["gather"],
        "validation_each_check": spent["validation"],
        "decisions_each_check": spent["decisions"],
        "lightning": spent["fit"] - sum(spent[label] for label in ("step", "gather", "validation", "decisions")),
        "scaling_and_set_up": spent["fold"],
        "last_scores_and_residuals": scores,
        "rest_of_the_trial": spent["trial"] - spent["fit"] - spent["fold"] - scores,
        "core_seconds": spent["trial"],
    }


def _timed_training(shard: tuple[str, int, tuple[int, ...]]) -> dict[str, float]:
    folder, position, folds = shard
    work, sizes, _ = work_of(Path(folder))
    spent: dict[str, float] = {}
    # Functions as they are before the first timer: a worker process trains several sizes.
    plain = [(owner, name, label, getattr(owner, name, None)) for owner, name, label in TIMED]
    for owner, name, label, function in plain:
        if function is not None:
            setattr(owner, name, _timed(function, label, spent))
    try:
        with process.one_thread():  # as in a trial
            train.train(work, sizes[position], folds=folds)
    finally:
        for owner, name, _, function in plain:
            if function is not None:
                setattr(owner, name, function)
    return spent


def _timed(function: Callable[..., Any], label: str, spent: dict[str, float]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            spent[label] = spent.get(label, 0.0) + time.perf_counter() - began

    return call


if __name__ == "__main__":
    print(json.dumps(seconds_by_part(Path(sys.argv[1]))))
