"""A search from its store to its results: what is finished is read, the rest is trained by Ray Tune."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from cellsize.errors import InputError
from cellsize.models import engine
from cellsize.params import Compute, Search
from cellsize.progress import unsaid
from cellsize.search import spread, storage, versions
from cellsize.search.scheduler import Scheduler
from cellsize.search.store import open_store
from cellsize.sizing.sizes import Size
from cellsize.sizing.walk import Plan, Walk
from cellsize.training.records import Result, Work


def located(work: Work, compute: Compute, say: Callable[[str], None] = unsaid) -> Work:
    """The same work on the devices that it will be trained on: others give other last digits.

    Args:
        work: Data, folds and how to train.
        compute: Where; if it leaves open whether GPUs are used, or how many at once, Ray is asked what there is.
        say: Is told what was found where it is left open: what is alive just then decides, and other devices have other
            last digits and results of their own.

    Raises:
        InputError: No cluster is at the address, or the fused kernels are asked for where they cannot run.
    """
    gpus = compute.gpus_per_trial
    if gpus is None:
        from cellsize.search import cluster  # Ray takes a second, and a search that is finished needs none

        gpus = cluster.connect(compute).gpus
        picked = f"{gpus:g} GPUs are there: trained on GPUs" if gpus else "no GPU is there: trained on the CPU"
        say(f"search: search.compute.gpus_per_trial is null, and {picked}; a number keeps to it")
    elif not gpus and compute.address == "local" and _has_idle_gpus():
        say("search: GPUs of this machine are not used: search.compute.gpus_per_trial is 0; null asks for them")
    accelerator: Literal["cpu", "gpu"] = "gpu" if gpus else "cpu"
    engine.check(work.network, work.training, accelerator, work.precision)
    kinds = _kinds_of_gpus(compute) if accelerator == "gpu" else []
    if len(kinds) > 1:
        say(f"search: nodes have unlike GPUs ({'; '.join(kinds)}): last digits depend on which of them trains a size")
    devices, spread_from = compute.devices_per_trial or 1, 0.0
    if compute.devices_per_trial is None and accelerator == "gpu":
        from cellsize.search import cluster

        devices, spread_from = cluster.connect(compute).gpus_of_a_node, spread.WORTH
        say(
            f"search: search.compute.devices_per_trial is null, and a node has up to {devices} GPUs: a very large "
            "training takes so many; a number keeps to it"
        )
    return replace(work, accelerator=accelerator, gpu="; ".join(kinds), devices=devices, spread_from=spread_from)


def _has_idle_gpus() -> bool:
    """Whether this machine has GPUs that nobody has hidden from this process."""
    return os.environ.get("CUDA_VISIBLE_DEVICES") != "" and bool(versions.asked("name"))


def _kinds_of_gpus(compute: Compute) -> list[str]:
    if compute.address == "local":
        return [kind for kind in [versions.gpu()] if kind]
    from cellsize.search import cluster, nodes

    return nodes.kinds_of_gpus(cluster.connect(compute))


def run(
    work: Work,
    plan: Plan,
    search: Search,
    root: Path,
    on_result: Callable[[Result], None],
    say: Callable[[str], None] = print,
    show: Callable[[Scheduler], None] = lambda _: None,
) -> list[Result]:
    """Trains the sizes that the plan wants, as many at once as there are workers.

    What is finished lies in the store and is not trained again; what was interrupted resumes at its last saved epoch.

    Args:
        work: Data, folds and how to train, where it is trained: see `located`.
        plan: From the scores so far to what is wanted next; see `procedures`.
        search: Workers, devices and storage.
        root: Folder for the stores of all searches, where params.yaml names no other.
        on_result: Called in the driver for each finished size, also for one that was finished before: whoever
            records it may have been cut off, or may be another store.
        say: Prints a line of progress.
        show: Is called whenever something changed; see `display`.

    Returns:
        The results of the sizes that the plan visited, in its order.

    Raises:
        InputError: The storage or what trials need is not there, a trial failed twice, or a size that the plan wants
            has a fold without a score.
        KeyboardInterrupt: The search was interrupted.
    """
    store = open_store(storage.opened(search.compute.storage, root), work)
    with store.storage.reached():
        store.storage.clean()
    scheduler = Scheduler(plan, work, store.finished(say), on_result, say, show)
    for result in scheduler.results.values():
        on_result(result)
    ended = scheduler.ended()
    if scheduler.results:
        then = "nothing left to train" if ended else "resuming"
        say(f"search: {len(scheduler.results)} sizes were finished before; {then}")
    if not ended:
        from cellsize.search import tune

        tune.run_trials(work, scheduler, search.compute, store, root / "tune")
    walk = scheduler.walk()
    if not walk.is_done and not scheduler.failure:
        raise KeyboardInterrupt  # Ray Tune took the signal and returned
    if not walk.is_done:
        raise InputError(scheduler.failure)
    store.end()
    return up_to(walk, scheduler.results, work.training.seeds)


def up_to(walk: Walk, results: Mapping[Size, Result], first: int) -> list[Result]:
    """The results that a walk came to, with the seeds that count: another rule may have added more to them before.

    Args:
        walk: Where the plan ended.
        results: Of all sizes trained.
        first: Seeds of a size to which none were added.
    """
    return [_with_seeds(results[size], walk.seeds.get(size, first)) for size in walk.visited]


def _with_seeds(result: Result, seeds: int) -> Result:
    return replace(
        result,
        rows=tuple(row for row in result.rows if row.seed < seeds),
        checks=tuple(check for check in result.checks if check.seed < seeds),
    )
