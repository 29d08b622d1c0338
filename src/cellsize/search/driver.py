"""The search: Ray Tune runs a trial for each size, several for a large one. The only module that imports Ray."""

import functools
import gc
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S", "0")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")

import ray
from ray import tune
from ray.tune.search import Searcher
from threadpoolctl import threadpool_limits

from cellsize.errors import InputError
from cellsize.params import Search
from cellsize.search.shards import Task, divide, join
from cellsize.sizing.procedures import Plan, Walk, within_cost_limit
from cellsize.sizing.scores import Scores, from_trials
from cellsize.sizing.sizes import Size, cost, shape
from cellsize.training.records import Result, Row, Work, frame

REPORT_SECONDS = 2.0
# The modules that a trial's numbers come from: training and all that it imports (a test holds this list to it).
TRAINED_BY = (
    "batches", "errors", "feed", "folds", "forecasting", "linear", "joint", "members", "network", "params",
    "recurrence", "rows", "schema", "series", "sizes", "stopping", "table", "training", "trials", "windows",
)  # fmt: skip


def fingerprint(work: Work) -> str:
    """Names the work: the same data, folds, parameters and code give the same one."""
    digest = hashlib.sha256()
    for value in vars(work.windows).values():
        digest.update(np.ascontiguousarray(value).data if isinstance(value, np.ndarray) else repr(value).encode())
    digest.update(work.folds.labels.tobytes())
    settings = {"network": work.network.model_dump(), "training": work.training.model_dump()}
    digest.update(json.dumps([settings, work.penalties, work.seed], sort_keys=True).encode())
    for name in TRAINED_BY:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


def run(
    work: Work,
    plan: Plan,
    search: Search,
    store: Path,
    on_result: Callable[[Result], None],
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Trains the sizes that the plan wants, as many at once as there are workers.

    What is finished lies in `store` and is not trained again; what was interrupted goes on from its
    last saved epoch.

    Args:
        work: Data, folds and how to train.
        plan: From the scores so far to what is wanted next; see `procedures`.
        search: Workers and devices.
        store: Folder for finished sizes and saved epochs, below one named by the work's fingerprint.
        on_result: Called in the driver for each finished size, also for one that was finished before: whoever
            records it may have been cut off, or may be another store.
        say: Prints a line of progress.

    Returns:
        The results of the sizes that the plan visited, in its order.

    Raises:
        InputError: A trial failed twice, or a size that the plan wants has a fold without a score.
        KeyboardInterrupt: The search was interrupted.
    """
    folder = (store / fingerprint(work)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    scheduler = Scheduler(
        plan, work, folder, {path.stem: Result.load(path) for path in folder.glob("*.npz")}, on_result, say
    )
    for result in scheduler.results.values():
        on_result(result)
    going_on = scheduler.unfinished() is not None
    if scheduler.results:
        then = "going on" if going_on else "nothing left to train"
        say(f"search: {len(scheduler.results)} sizes were finished before; {then}")
    if going_on:
        _tune(work, scheduler, search, folder)
    walk = scheduler.walk()
    if walk.wanted and not scheduler.failure:
        raise KeyboardInterrupt  # Ray Tune took the signal and returned
    if walk.wanted:
        raise InputError(scheduler.failure)
    return [scheduler.results[size] for size in walk.visited]


class Scheduler(Searcher):
    """Hands Ray Tune the next task, and takes up what finished trials have found."""

    def __init__(
        self,
        plan: Plan,
        work: Work,
        folder: Path,
        finished: dict[str, Result],
        on_result: Callable[[Result], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(metric="epoch", mode="max")
        self.network, self.shape, self.folds = work.network, shape(work.windows), len(work.folds.labels)
        self.plan, self.folder = plan, folder
        self.on_result, self.say, self.running, self.failure = on_result, say, dict[str, Task](), ""
        self.finished = finished  # tasks, by name
        self.results, self.scores, self.unusable = dict[Size, Result](), dict[Size, Scores](), dict[Size, str]()
        self.began = time.monotonic()
        for size in sorted({result.size for result in finished.values()}):
            self._take(size)

    def walk(self) -> Walk:
        """Where the procedure stands now."""
        return self.plan(self.scores)

    def unfinished(self) -> Walk | None:
        """Where the procedure stands, or None if it has ended or cannot go on."""
        walk = self.walk()
        # A size begun ahead may have failed without harm: only one that is wanted ends the search.
        self.failure = self.failure or next((self.unusable[size] for size in walk.wanted if size in self.unusable), "")
        return walk if walk.wanted and not self.failure else None

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next task to train, None to wait, or that all is done."""
        walk = self.unfinished()
        if walk is None:
            finished: Any = Searcher.FINISHED  # a word, where the type says a configuration
            return finished  # type: ignore[no-any-return]
        for size in (*walk.wanted, *walk.likely):
            waiting = [
                task
                for task in self._tasks(size)
                if task.name not in self.finished and task not in self.running.values()
            ]
            if waiting and size not in self.unusable and (size in walk.wanted or self._affordable(size)):
                self.running[trial_id] = waiting[0]
                return {"layers": size.layers, "units": size.units, "folds": waiting[0].folds}
        return None

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Takes up a finished task; one that was stopped because nobody wants it any more leaves nothing."""
        task = self.running.pop(trial_id, None)
        if task is None:
            return
        size, path = task.size, self.folder / f"{task.name}.npz"
        if error:
            self.unusable[size] = (
                f"search: size {size} failed twice; what is finished is kept, so run again once the cause is mended"
            )
        elif path.is_file():
            self.finished[task.name] = Result.load(path)
            if self._take(size):
                self.on_result(self.results[size])
                self.say(self._line(self.results[size]) if size in self.scores else self.unusable[size])

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing is decided before a size is finished: early epochs flatter large sizes."""

    def unwanted(self, trial_id: str, _: Mapping[str, Any]) -> bool:
        """Whether a running trial was begun ahead and turned out not to be needed."""
        walk = self.walk()
        task = self.running.get(trial_id)
        return task is not None and task.size not in (*walk.wanted, *walk.likely)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray Tune pickles its stopping rule again and again, `unwanted` and the scheduler with it."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """The store holds what is finished; Ray need not keep it too."""

    def restore(self, checkpoint_path: str) -> None:
        """See `save`."""

    def _affordable(self, size: Size) -> bool:
        """Work begun ahead may cost little more than what has been done so far: it may turn out not to be needed."""
        tried = tuple({*self.results, *(task.size for task in self.running.values())})
        return within_cost_limit({one: self._multiply_adds(one) for one in (size, *tried)}, 1.5)(size, tried)

    def _multiply_adds(self, size: Size) -> float:
        return float(cost(size, self.network, self.shape).multiply_adds)

    def _tasks(self, size: Size) -> tuple[Task, ...]:
        return divide(size, self.folds)

    def _take(self, size: Size) -> bool:
        """Takes up a size if all its tasks are finished."""
        names = [task.name for task in self._tasks(size)]
        if not all(name in self.finished for name in names):
            return False
        self.results[size] = join([self.finished[name] for name in names])
        try:
            rows = frame(self.results[size].rows, Row)
            self.scores[size] = from_trials(rows, "search", self.folds)[0]
        except InputError as error:
            self.unusable[size] = str(error)
        return True

    def _line(self, result: Result) -> str:
        scores, walk = self.scores[result.size], self.walk()
        rates = sorted({row.learning_rate for row in result.rows if row.status == "ok"})
        left = (
            f"{len(walk.wanted)} to go" if len(walk.wanted) > 1 else f"next {walk.wanted[0]}" if walk.wanted else "done"
        )
        return (
            f"search: size {result.size!s:>6}  {scores.parameters:>7,} parameters  score {scores.mean:.4f} ± "
            f"{scores.standard_error:.4f}  learning rate {'/'.join(f'{rate:g}' for rate in rates)}  "
            f"{result.seconds:5.1f} s  ({time.monotonic() - self.began:.0f} s so far, {left})"
        )


def _tune(work: Work, scheduler: Scheduler, search: Search, folder: Path) -> None:
    """Runs Ray Tune until the scheduler has no more sizes."""
    ray.init(
        address="local",  # never a cluster that happens to run: results travel as files of this machine
        num_cpus=search.workers or None,
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
        ignore_reinit_error=True,
    )
    try:
        held: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        workers = search.workers or max(1, int(held.get("CPU", 1)))
        if search.gpus_per_trial > held.get("GPU", 0):
            raise InputError(
                f"search.gpus_per_trial: {search.gpus_per_trial:g} asked for, but Ray sees {held.get('GPU', 0):g} GPUs "
                "here; set it to 0 to train on the CPU"
            )
        if search.gpus_per_trial:
            workers = max(1, int(held.get("GPU", 0) / search.gpus_per_trial))
        resources = {"cpu": 1, "gpu": search.gpus_per_trial}
        given = {"work": work, "folder": str(folder), "accelerator": "gpu" if search.gpus_per_trial else "cpu"}
        trainable = tune.with_resources(tune.with_parameters(_trial, **given), resources)
        tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=scheduler,
                num_samples=-1,
                max_concurrent_trials=workers,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=str(folder),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=1),
                stop=scheduler.unwanted,
            ),
        ).fit()
    finally:
        ray.shutdown()


def _trial(config: dict[str, Any], work: Work, folder: str, accelerator: str) -> None:
    """One trial: a size on its task's folds. Results travel as files, whole or not at all."""
    train = _training()  # before its threads are counted
    size, last = Size(config["layers"], config["units"]), time.monotonic()
    task = next(one for one in divide(size, len(work.folds.labels)) if one.folds == tuple(config["folds"]))
    path, checkpoint = Path(folder) / f"{task.name}.npz", Path(folder) / f"{task.name}.ckpt"

    def on_epoch(epoch: int) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_SECONDS:
            last = time.monotonic()
            tune.report({"epoch": epoch})

    with threadpool_limits(limits=1):  # Ray sees to it, unless OMP_NUM_THREADS is set
        train(work, size, checkpoint, on_epoch, accelerator, task.folds).save(path)
    checkpoint.unlink(missing_ok=True)
    tune.report({"epoch": work.training.epochs + 1})


@functools.cache
def _training() -> Callable[..., Result]:
    """How a size is trained; the driver trains nothing, and need not load torch."""
    gc.disable()  # what is imported is no garbage, and looking for some among it takes a quarter of the time
    from cellsize.training.train import train

    gc.freeze()
    gc.enable()
    return train
