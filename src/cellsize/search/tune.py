"""Ray Tune: a trial for each shard that the scheduler hands out."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.execution import class_cache
from ray.tune.search import Searcher

from cellsize import process
from cellsize.errors import InputError
from cellsize.params import Compute
from cellsize.search import cluster, nodes, trial
from cellsize.search.cluster import Resources
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import Shard
from cellsize.search.shares import share
from cellsize.search.spread import Room, devices
from cellsize.search.storage import KEY, Storage, reason
from cellsize.search.store import Store
from cellsize.sizing.rules import alone
from cellsize.training.records import Result, Work

# A worker or its node may die, for want of memory too: so often in a row without getting any further.
DEATHS = 5
ERRORS = 2  # of the program, for a shard
# What a trial on several devices takes itself: it waits for its workers, on the head, which outlives every other node.
WAITING = {cluster.HEAD: 0.001}
# Ray Tune hands these to trials by words that stand in process lists and in its logs; each node has its own.
SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
TAKES = "takes"  # where a trial's configuration says what it takes of a node


class Adapter(Searcher):
    """The scheduler as Ray Tune knows a search algorithm: trials for shards.

    Ray Tune itself never tries a trial again: a killed worker would count like an error of the program there. A shard
    whose worker died is handed out anew, and resumes at its last saved epoch.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        store: Store,
        patience: float = float("inf"),
        room: Room | None = None,
        takes: Callable[[Shard], dict[str, float]] | None = None,
    ) -> None:
        """Begins with nothing in training.

        Args:
            scheduler: Hands out shards.
            store: Where trials leave their results.
            patience: Seconds without a sign of life.
            room: What there is for trials on several devices; None: each has one, and Ray Tune counts them.
            takes: What a shard's trial takes of a node, in Ray's words; None: nobody asks.
        """
        super().__init__(metric="check", mode="max")
        self.scheduler, self.store, self.patience, self.trials = scheduler, store, patience, dict[str, Shard]()
        self.checks, self.deaths, self.errors = dict[str, int](), Counter[str](), Counter[str]()
        self.reasons, self.lost = dict[str, str](), dict[str, str]()
        self.alive, self.room, self.takes = time.monotonic(), room, takes

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next shard to train, None to wait, or that all is done."""
        if self.scheduler.ended():
            finished: Any = Searcher.FINISHED  # a word, where the type says a configuration
            return finished  # type: ignore[no-any-return]
        shard = self.scheduler.next_shard(self._may_begin)
        if shard is None:
            return None
        self.alive, self.trials[trial_id] = time.monotonic(), shard
        taken = {TAKES: self.takes(shard)} if self.takes else {}
        return trial.configuration(shard, self.scheduler.more_seeds(shard)) | taken

    def _may_begin(self, shard: Shard, is_ahead: bool) -> bool:
        return self.room is None or self.room.may_begin(shard, is_ahead, tuple(self.trials.values()))

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Hands over a finished shard; one that was stopped because nobody wants it any more leaves nothing."""
        shard, self.alive = self.trials.pop(trial_id, None), time.monotonic()
        if shard is None:
            return
        failed = self.reasons.pop(trial_id, (result or {}).get(trial.FAILED))
        # Also of one that died or failed: it may have been after its result was kept.
        finished = self._load(shard, bool(error or failed))
        if finished is not None:
            self.scheduler.finish(shard, finished)
        elif error:
            self._died(shard)
        elif failed:
            self._erred(shard, failed)
        else:
            self.scheduler.stop(shard)

    def _load(self, shard: Shard, may_be_tried_again: bool) -> Result | None:
        try:
            return self.store.load(shard, self.scheduler.more_seeds(shard))
        except OSError as error:
            if may_be_tried_again:
                return None
            self.scheduler.failure = f"{KEY}: {self.store.storage.address}: {reason(error)}; what is finished is kept"
            return None

    def _died(self, shard: Shard) -> None:
        """Hands a shard out again, unless its workers die again and again at the same place."""
        check = self.checks.get(shard.name, 0)
        key = f"{shard.name} at {check}"
        self.deaths[key] += 1
        if self.deaths[key] < DEATHS:
            self.scheduler.stop(shard)
        else:
            last = f"; the last time: {self.lost[shard.name]}" if shard.name in self.lost else ""
            self.scheduler.fail(
                shard,
                f"was killed {DEATHS} times and got no further, perhaps for want of memory (search.compute){last}",
            )

    def _erred(self, shard: Shard, words: str) -> None:
        """Hands a shard out once more: a full disk or a lost network may be over."""
        self.errors[shard.name] += 1
        if self.errors[shard.name] < ERRORS:
            self.scheduler.say(f"search: {alone(shard.size)} failed and is tried again: {words}")
            self.scheduler.stop(shard)
        else:
            self.scheduler.fail(shard, f"failed twice: {words}")

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Only said: nothing is decided before a size is finished, since early checks flatter large sizes."""
        shard, self.alive = self.trials.get(trial_id), time.monotonic()
        if shard is None:
            return
        if result.get(trial.SAID):
            self.scheduler.say(result[trial.SAID])
        if result.get(trial.LOST):
            self.lost[shard.name] = result[trial.LOST]
        if result.get(trial.FAILED):
            self.reasons[trial_id] = result[trial.FAILED]
        if "steps" in result:
            self.checks[shard.name] = max(self.checks.get(shard.name, 0), int(result["check"]))
            self.scheduler.progress(shard, int(result["steps"]))

    def unwanted(self, trial_id: str) -> bool:
        """Whether a running trial was begun ahead and turned out not to be needed."""
        shard = self.trials.get(trial_id)
        return shard is not None and self.scheduler.unwanted(shard)

    def is_silent(self) -> bool:
        """Whether no trial has given a sign of life for too long; the search has failed then."""
        if time.monotonic() - self.alive <= self.patience:
            return False
        self.scheduler.failure = (
            f"search: no sign of life from any trial for {self.patience / 60:g} min (search.compute.timeout); look at "
            "the machines, then run again: what is finished is kept"
        )
        return True

    def save(self, checkpoint_path: str) -> None:
        """The store holds what is finished; Ray need not keep it too."""

    def restore(self, checkpoint_path: str) -> None:
        """See `save`."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray Tune pickles its search algorithm again and again."""
        return {}


class Stopping(tune.Stopper):
    """When Ray Tune ends a trial, or all of them."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Whether nobody wants a trial any more."""
        return self.adapter.unwanted(trial_id)

    def stop_all(self) -> bool:
        """Whether to give up."""
        return self.adapter.is_silent()

    def __getstate__(self) -> dict[str, Any]:
        """See `Adapter.__getstate__`."""
        return {}


def run_trials(work: Work, scheduler: Scheduler, compute: Compute, store: Store, state: Path) -> None:
    """Runs trials until the scheduler has no more shards.

    Args:
        work: Data, folds and how to train.
        scheduler: Hands out shards.
        compute: Where they are trained.
        store: Where trials leave their results.
        state: Folder of Ray Tune's own state, which is never read again; it is removed at the end.

    Raises:
        InputError: More is asked for than there is, or a node is not like this one.
    """
    try:
        resources, lines = _checked(compute, store.storage, with_head=work.devices > 1)
        for line in lines:
            scheduler.say(line)
        _run(work, scheduler, compute, store, resources, state)
    finally:
        ray.shutdown()
        shutil.rmtree(state, ignore_errors=True)


def reach(compute: Compute, storage: Storage) -> None:
    """Asks what a search asks when it begins, and begins none: a refusal is better heard before hours of other stages.

    Args:
        compute: Where shards are to be trained.
        storage: Where trials are to leave their results.

    Raises:
        InputError: More is asked for than there is, or a node is not like this one.
    """
    try:
        _checked(compute, storage, with_head=(compute.devices_per_trial or 1) > 1)
    finally:
        ray.shutdown()


def _checked(compute: Compute, storage: Storage, with_head: bool) -> tuple[Resources, list[str]]:
    """What there is, and lines to print about what does no harm.

    Args:
        compute: Where shards are trained.
        storage: Where trials leave their results.
        with_head: Whether some are trained on several devices, and waited for on the head.

    Raises:
        InputError: More is asked for than there is, or a node is not like this one.
    """
    resources = cluster.connect(compute)
    cluster.check(compute, resources, storage)
    with storage.reached() as marker:
        if compute.address == "local":
            return resources, []
        resources, lines = nodes.compare(resources, storage, marker, with_head)
    return resources, [line for line in [cluster.warning(), *lines] if line]


def _run(work: Work, scheduler: Scheduler, compute: Compute, store: Store, resources: Resources, state: Path) -> None:
    """Runs trials on what there is."""

    def of_a_gpu(shard: Shard) -> float:
        if compute.gpus_per_trial is not None:
            return compute.gpus_per_trial
        return share(shard, work, resources.gpu_memory) if work.accelerator == "gpu" else 0.0

    def taken_by(shard: Shard) -> float:
        together = devices(shard, work)
        return together if together > 1 else of_a_gpu(shard) or 1.0

    def takes(shard: Shard) -> dict[str, float]:
        return WAITING if devices(shard, work) > 1 else {"CPU": compute.cpus_per_trial, "GPU": of_a_gpu(shard)}

    smallest = min(map(of_a_gpu, scheduler.open_shards()), default=0.0)
    whole = resources.slots(compute.cpus_per_trial, 1.0 if work.accelerator == "gpu" else 0.0)
    room = Room(whole, taken_by) if work.devices > 1 else None
    adapter = Adapter(scheduler, store, 60 * compute.timeout, room, takes)
    placed = [ray.put(work)] if work.devices > 1 else []
    shared = {"work": work, "store": store, "cpus": compute.cpus_per_trial, "placed": placed}
    shared["expected"] = None if compute.address == "local" else nodes.expected()
    # What is wrong with a trial is said in a line of ours.
    process.quiet("ray.tune", "ray.train")
    class_cache.ENV_VARS_TO_PROPAGATE.difference_update(SECRETS)
    tune.Tuner(
        tune.with_resources(tune.with_parameters(_trial, **shared), _bundle),
        tune_config=tune.TuneConfig(
            search_alg=adapter,
            num_samples=-1,
            max_concurrent_trials=compute.trials or max(1, resources.slots(compute.cpus_per_trial, smallest)),
            reuse_actors=True,  # a new process costs 4 to 5 seconds, a reused one 0.3
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(state.absolute()),
            verbose=0,
            failure_config=tune.FailureConfig(max_failures=0),
            stop=Stopping(adapter),
        ),
    ).fit()


def _bundle(config: Mapping[str, Any]) -> tune.PlacementGroupFactory:
    """What Ray Tune reserves for a trial; it is sent to the workers with each trial, so that it holds no data."""
    return tune.PlacementGroupFactory([config[TAKES]])


def _trial(
    config: dict[str, Any],
    work: Work,
    store: Store,
    cpus: int,
    placed: list[Any],
    expected: tuple[dict[str, str], str] | None,
) -> None:
    """One trial; see `trial.run`."""
    try:
        if expected is not None:
            nodes.joined(*expected)
    except InputError as error:
        tune.report({"check": 0, trial.FAILED: str(error)})
        return
    learn, together = None, devices(trial.shard_of(config), work)
    if together > 1:
        with process.importing():
            from cellsize.search import distributed  # it loads torch
        learn = partial(distributed.train, devices=together, cpus=cpus, placed=placed)
    trial.run(config, work, store, lambda metrics: tune.report(metrics), learn)
