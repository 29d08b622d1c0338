"""One trial on several devices: Ray Train's workers inside a trial of Ray Tune, joined by Lightning's DDP strategy.

Ray declares the types of its first version of Train, and runs the second.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
import ray.train
from ray import tune
from ray.exceptions import RayError
from ray.train.torch import TorchConfig, TorchTrainer
from ray.train.v2._internal import exceptions as losses
from ray.tune.integration.ray_train import TuneReportCallback

from cellsize import process
from cellsize.search import trial
from cellsize.search.store import Store
from cellsize.training.records import Work

# Ray Train's own words for workers that are lost, or that no node has room for any more.
LOSSES = (
    RayError, losses.WorkerHealthCheckTimeoutError, losses.WorkerGroupStartupTimeoutError,
    losses.WorkerGroupStartupFailedError, losses.CollectiveTimeoutError,
)  # fmt: skip
# The machine of a spot market that is taken away counts as a worker that died.
PREEMPTED: dict[str, Any] = {"max_preemption_failures": 0}


def train(
    config: Mapping[str, Any], work: Work, store: Store, devices: int, cpus: float, placed: Sequence[Any]
) -> None:
    """Trains a shard on several devices, from inside a trial; workers report for it.

    Args:
        config: Names the shard.
        work: Data, folds and how to train.
        store: Where its result belongs.
        devices: How many workers, each with a device of its own.
        cpus: Cores of each.
        placed: The work once more, as the one reference to it in Ray's object store: it travels once to each node.

    Raises:
        LostWorkerError: A worker or its node is lost.
    """
    on_gpus = work.accelerator == "gpu"
    # In Ray's folder of this session on this machine; it is never read again.
    with TemporaryDirectory(dir=Path.cwd()) as state:
        trainer = TorchTrainer(
            _worker,
            train_loop_config={"config": dict(config), "placed": list(placed), "store": store},
            # NCCL refuses two processes on one GPU.
            scaling_config=ray.train.ScalingConfig(
                num_workers=devices,
                use_gpu=on_gpus,
                resources_per_worker={"CPU": cpus} | ({"GPU": 1} if on_gpus else {}),
            ),
            torch_config=TorchConfig(backend="nccl" if on_gpus else "gloo"),
            run_config=ray.train.RunConfig(
                name=f"train-{tune.get_context().get_trial_id()}",
                storage_path=state,
                callbacks=[TuneReportCallback()],  # type: ignore[no-untyped-call, list-item]
                # Lost workers and errors of the program are counted in one place: `tune.Adapter`.
                failure_config=ray.train.FailureConfig(max_failures=0, **PREEMPTED),
            ),
        )
        try:
            trainer.fit()
        except ray.train.TrainingFailedError as error:
            raise cause(error) from None


def cause(error: ray.train.TrainingFailedError) -> Exception:
    """What has ended a training: a lost worker, or else the first error of the program.

    Where one worker is lost the others fail too, for want of an answer. So one that is lost tells. What has ended
    Ray Train's controller tells too: a folder that it cannot write to, for instance, is no lost worker.
    """
    failures: dict[int, Exception] = getattr(error, "worker_failures", {})
    found: Any = failures[min(failures)] if failures else getattr(error, "controller_failure", error)
    inner = [getattr(failure, "health_check_failure", failure) for failure in (*failures.values(), found)]
    lost = next((failure for failure in inner if isinstance(failure, LOSSES)), None)
    if lost is not None:
        return trial.LostWorkerError(trial.in_a_line(lost))
    program: Exception = getattr(found, "_base_exc", found)
    return program


def _worker(given: dict[str, Any]) -> None:
    """What each worker does."""
    process.set_environment()
    with process.importing():
        from ray.train.lightning import RayDDPStrategy, RayLightningEnvironment

        from cellsize.training.ranks import Ranks
    lightning: tuple[Any, Any] = RayDDPStrategy, RayLightningEnvironment
    strategy, environment = (part() for part in lightning)
    context = ray.train.get_context()
    # Ray's `prepare_trainer` only checks that these two are there.
    ranks = Ranks(context.get_world_rank(), context.get_world_size(), strategy, [environment])
    trial.train(given["config"], ray.get(given["placed"][0]), given["store"], ray.train.report, ranks)
