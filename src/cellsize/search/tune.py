"""Ray Tune: a trial for each shard that the scheduler hands out. The only module that imports Ray."""

import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import ray
from ray import tune
from ray._private import ray_constants
from ray.tune.search import Searcher

from cellsize import lineage, process
from cellsize.errors import InputError
from cellsize.params import Search
from cellsize.search import exposure
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import Shard, divide
from cellsize.search.store import Store
from cellsize.sizing.sizes import Size
from cellsize.training.records import MoreSeeds, Result, Work

REPORT_SECONDS = 2.0
ALL_CHECKS = 10**9  # what a finished trial reports: more than any that is still in training


class Adapter(Searcher):
    """The scheduler as Ray Tune knows a search algorithm: trials for shards."""

    def __init__(self, scheduler: Scheduler, store: Store) -> None:
        super().__init__(metric="check", mode="max")
        self.scheduler, self.store, self.trials = scheduler, store, dict[str, Shard]()

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next shard to train, None to wait, or that all is done."""
        if self.scheduler.ended():
            finished: Any = Searcher.FINISHED  # a word, where the type says a configuration
            return finished  # type: ignore[no-any-return]
        shard = self.scheduler.next_shard()
        if shard is None:
            return None
        self.trials[trial_id] = shard
        config = {"layers": shard.size.layers, "units": shard.size.units, "folds": shard.folds}
        return config | {"more_seeds": self.scheduler.more_seeds(shard)} if shard.seeds else config

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Hands over a finished shard; one that was stopped because nobody wants it any more leaves nothing."""
        shard = self.trials.pop(trial_id, None)
        if shard is None:
            return
        path = self.store.result(shard)
        if error:
            self.scheduler.fail(shard)
        elif path.is_file():
            self.scheduler.finish(shard, Result.load(path))
        else:
            self.scheduler.stop(shard)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Only said: nothing is decided before a size is finished, since early checks flatter large sizes."""
        shard = self.trials.get(trial_id)
        if shard is not None and "steps" in result:
            self.scheduler.progress(shard, int(result["steps"]))

    def unwanted(self, trial_id: str, _: Mapping[str, Any]) -> bool:
        """Whether a running trial was begun ahead and turned out not to be needed."""
        shard = self.trials.get(trial_id)
        return shard is not None and self.scheduler.unwanted(shard)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray Tune pickles its stopping rule again and again, `unwanted` and the adapter with it."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """The store holds what is finished; Ray need not keep it too."""

    def restore(self, checkpoint_path: str) -> None:
        """See `save`."""


def run_trials(work: Work, scheduler: Scheduler, search: Search, store: Store) -> None:
    """Runs trials until the scheduler has no more shards.

    Args:
        work: Data, folds and how to train.
        scheduler: Hands out shards.
        search: Workers and devices.
        store: Where trials leave their results.

    Raises:
        InputError: More GPUs are asked for than Ray sees.
    """
    process.set_environment()
    exposure.protect_token()
    _listen_on_loopback()
    ray.init(
        address="local",  # never a cluster that happens to run: results travel as files of this machine
        num_cpus=search.compute.trials or None,
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
        ignore_reinit_error=True,
        _temp_dir=lineage.temporary(),  # of a run: Ray itself removes nothing there
    )
    try:
        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        workers = search.compute.trials or max(1, int(resources.get("CPU", 1)))
        gpus = resources.get("GPU", 0)
        share = search.compute.gpus_per_trial or 0.0
        if share > gpus:
            raise InputError(
                f"search.compute.gpus_per_trial: {share:g} asked for, but Ray sees {gpus:g} GPUs "
                "here; set it to 0 to train on the CPU"
            )
        if share:
            workers = max(1, int(gpus / share))
        shared = {"work": work, "store": store, "accelerator": "gpu" if share else "cpu"}
        trial = tune.with_parameters(_trial, **shared)
        adapter = Adapter(scheduler, store)
        tune.Tuner(
            tune.with_resources(trial, {"cpu": 1, "gpu": share}),
            tune_config=tune.TuneConfig(
                search_alg=adapter,
                num_samples=-1,
                max_concurrent_trials=workers,
                reuse_actors=True,  # a new process costs 4 to 5 seconds, a reused one 0.3
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=str(store.folder),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=1),
                stop=adapter.unwanted,
            ),
        ).fit()
    finally:
        ray.shutdown()


def _listen_on_loopback() -> None:
    """Has Ray's processes on this machine listen on the loopback alone: their ports lead to running code.

    Ray has no setting for it on Linux. Where it makes no clusters it takes the loopback as this machine's address, and
    a server that has this address listens there only; see SECURITY.md.
    """
    ray_constants.ENABLE_RAY_CLUSTER = False


def _trial(config: dict[str, Any], work: Work, store: Store, accelerator: str) -> None:
    """One trial: a size on its shard's folds. Results travel as files, whole or not at all."""
    train = _training()  # before its threads are counted
    more_seeds: MoreSeeds | None = config.get("more_seeds")
    size, seeds = Size(config["layers"], config["units"]), more_seeds.seeds if more_seeds else ()
    shards = divide(size, len(work.folds.labels), seeds)
    shard = next(shard for shard in shards if shard.folds == tuple(config["folds"]))
    checkpoint, last = store.checkpoint(shard), time.monotonic()

    def on_check(check: int) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_SECONDS:
            last = time.monotonic()
            tune.report({"check": check, "steps": check * work.training.check_every})

    with process.one_thread():  # Ray sees to it, unless OMP_NUM_THREADS is set
        result = train(work, shard.size, checkpoint, on_check, accelerator, shard.folds, more_seeds)
        result.save(store.result(shard))
    checkpoint.unlink(missing_ok=True)
    tune.report({"check": ALL_CHECKS})


@functools.cache
def _training() -> Callable[..., Result]:
    """How a size is trained; the driver trains nothing, and need not load torch."""
    with process.importing():
        from cellsize.training.train import train
    return train
