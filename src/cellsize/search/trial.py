"""A trial in a worker's process: a shard from the data to the store. Knows no Ray, so that it runs anywhere."""

import functools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cellsize import process
from cellsize.errors import InputError
from cellsize.search.shards import Shard
from cellsize.search.store import Store
from cellsize.sizing.sizes import Size
from cellsize.training.records import MoreSeeds, Result, Work

if TYPE_CHECKING:  # it loads torch
    from cellsize.training.ranks import Ranks

REPORT_SECONDS = 2.0
ALL_CHECKS = 10**9  # what a finished trial reports: more than any that is still in training
FAILED = "failed"
LOST = "lost"
SAID = "said"  # a line for the driver to print

Report = Callable[[dict[str, Any]], object]
Learn = Callable[[Mapping[str, Any], Work, Store], None]


def configuration(shard: Shard, more_seeds: MoreSeeds | None) -> dict[str, Any]:
    """What names a shard to a worker; plain values, but for the settings of added seeds."""
    named = {"name": shard.name, "layers": shard.size.layers, "units": shard.size.units, "folds": shard.folds}
    return named | {"more_seeds": more_seeds} if more_seeds is not None else named


def shard_of(config: Mapping[str, Any]) -> Shard:
    """The shard that a configuration names."""
    more_seeds: MoreSeeds | None = config.get("more_seeds")
    seeds = more_seeds.seeds if more_seeds else ()
    return Shard(Size(config["layers"], config["units"]), tuple(config["folds"]), config["name"], seeds)


class LostWorkerError(Exception):
    """A worker of several that train together is lost, or its node: no error of the program."""


def run(config: Mapping[str, Any], work: Work, store: Store, report: Report, learn: Learn | None = None) -> None:
    """Trains a shard, and leaves its result in the store; resumes at the last epoch that was saved.

    One whose result is there is not trained again: its worker may have died before it could report.

    What goes wrong in the program is reported, with its reason: to Ray it would be the same as a worker that was
    killed, and these are many on a cluster, and do no harm.

    Args:
        config: Names the shard.
        work: Data, folds and how to train.
        store: Where its result belongs.
        report: Takes how far it is.
        learn: Trains it on several devices; by default it is trained in this process.

    Raises:
        LostWorkerError: One of several devices is lost.
    """
    try:
        if store.load(shard_of(config), config.get("more_seeds")) is not None:
            pass
        elif learn is None:
            train(config, work, store, report)
        else:
            learn(config, work, store)
    except LostWorkerError as error:
        report({"check": 0, LOST: str(error)})
        raise
    except InputError as error:
        report({"check": 0, FAILED: str(error)})
    except Exception as error:
        report({"check": 0, FAILED: _reason(error)})
    else:
        report({"check": ALL_CHECKS})


def train(config: Mapping[str, Any], work: Work, store: Store, report: Report, ranks: "Ranks | None" = None) -> None:
    """Trains a shard, and leaves its result in the store; resumes at the last epoch that was saved.

    Of several processes that train it together the first one alone reads and writes the store. All report, and at the
    same checks: Ray Train waits until each has.

    Args:
        config: Names the shard.
        work: Data, folds and how to train.
        store: Where its result belongs.
        report: Takes how far it is.
        ranks: This process among them; None for one alone.
    """
    learn = _training()  # before its threads are counted
    is_first = ranks is None or ranks.rank == 0
    shard = shard_of(config)
    every = work.training.check_every
    last, kept = time.monotonic(), 0
    with TemporaryDirectory(dir=Path.cwd()) as folder, process.one_thread():  # its folder, in Ray's of this session
        checkpoint = Path(folder, "state.ckpt")
        if is_first:
            store.fetch(shard, checkpoint)
        kept = _written(checkpoint)

        def on_check(check: int) -> None:
            nonlocal last, kept
            if check == 0:
                kept = 0
                if is_first:
                    store.forget(shard)
                report({"check": 0, SAID: f"search: {shard.name}.ckpt is damaged; its shard begins anew"})
                return
            if _written(checkpoint) != kept:  # the training saves every so often, and only to a file of this machine
                kept = _written(checkpoint)
                store.keep(shard, checkpoint)
            is_due = time.monotonic() - last >= REPORT_SECONDS
            if is_due if ranks is None else ranks.agree(is_due):
                last = time.monotonic()
                report({"check": check, "steps": check * every})

        more_seeds, others = config.get("more_seeds"), () if ranks is None else (ranks,)
        result = learn(work, shard.size, checkpoint, on_check, work.accelerator, shard.folds, more_seeds, *others)
        if is_first:
            store.save(shard, result)


def _written(path: Path) -> int:
    """When a file was written; 0 if there is none."""
    return path.stat().st_mtime_ns if path.is_file() else 0


def in_a_line(error: Exception) -> str:
    """What went wrong, in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _reason(error: Exception) -> str:
    """What went wrong, and where in this package, in a line."""
    place, trace = "", error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if "cellsize" in path.parts:
            place = f" ({path.parent.name}/{path.name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return f"{in_a_line(error)}{place}"


@functools.cache
def _training() -> Callable[..., Result]:
    """How a size is trained; the driver trains nothing, and need not load torch."""
    with process.importing():
        from cellsize.training.train import train as learn
    process.take_buffers()
    return learn
