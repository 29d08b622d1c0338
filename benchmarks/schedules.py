"""How many cores or GPUs a search can use: recorded trainings, handed out again by the real scheduler, in virtual time.

`make bench-schedules` reads what `make run` and `make example` have left (trials, times, candidates, windows, folds)
and replays each search with 1 to 256 workers: whenever a worker is free it gets what `cellsize.search.scheduler` hands
out, and a shard takes the seconds of its trainings then. Nothing is trained. It writes
benchmarks/results/schedules.json.

What is approximate: a size's seconds are divided among its folds and seeds as its optimizer steps are; a size that was
never trained takes what its multiply-adds cost at the rate of those that were, and scores like the nearest one. On GPUs
each fold is a shard, and its seconds are those of a CPU: none has been measured on a GPU.
"""

import argparse
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import data
from benchmarks.machine import machine
from cellsize import params_file
from cellsize.params import Choose, Params
from cellsize.search.scheduler import Scheduler
from cellsize.search.shards import Shard
from cellsize.sizing import compute
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.procedures import plan
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Result, Row, Work, load_work

COUNTS: dict[tuple[str, str], tuple[int, ...]] = {
    ("cpu", "climb"): (1, 2, 4, 8, 16, 32, 64, 128, 256),
    ("gpu", "climb"): (1, 2, 4, 8, 16),
    ("cpu", "grid"): (1, 16, 256),
}
# Seconds, measured (docs/decisions.md): a worker's process and its imports, then each trial in it.
FIRST, LATER = 5.0, 0.3


@dataclass(frozen=True)
class Replay:
    """A search in virtual time.

    Attributes:
        seconds: Until its end.
        busy: Fraction of the workers' time in which they trained.
        wasted: Fraction of the trained seconds that nobody wanted in the end.
        estimated: Fraction of them whose times are estimated.
        together: Most shards in training at once.
        starved: Fraction of the time in which a worker was free and nothing could be begun.
        longest: Seconds of the longest shard: no number of workers makes a search shorter than it.
    """

    seconds: float
    busy: float
    wasted: float
    estimated: float
    together: int
    starved: float
    longest: float


def replay(
    scheduler: Scheduler, result_of: Callable[[Shard], Result], workers: int, first: float = FIRST, later: float = LATER
) -> Replay:
    """Runs a scheduler with some workers, each of which trains one shard at a time.

    Args:
        scheduler: Hands out shards.
        result_of: What a shard gives, with the seconds that it takes.
        workers: How many.
        first: Seconds until a worker's process has begun.
        later: Seconds before each further shard.
    """
    now = trained = wasted = starved = longest = 0.0
    together = 0
    idle, fresh = workers, workers
    order = itertools.count()
    ends: list[tuple[float, int, Shard, float]] = []  # end, order of its beginning, shard, beginning
    stopped = set[int]()
    while True:
        while idle and not scheduler.ended() and (shard := scheduler.next_shard()) is not None:
            begins = now + (first if fresh else later)
            fresh -= bool(fresh)
            idle -= 1
            heapq.heappush(ends, (begins + result_of(shard).seconds, next(order), shard, begins))
        together = max(together, workers - idle)
        if not ends or scheduler.ended():
            break
        end, number, shard, begins = heapq.heappop(ends)
        starved += (end - now) * (idle > 0)
        now = end
        if number in stopped:
            continue
        idle += 1
        trained += end - begins
        longest = max(longest, end - begins)
        scheduler.finish(shard, result_of(shard))
        # A report comes every two seconds, and a shard that nobody wants ends with it.
        for other in ends:
            if other[1] not in stopped and scheduler.unwanted(other[2]):
                stopped.add(other[1])
                scheduler.stop(other[2])
                idle += 1
                trained += max(0.0, now - other[3])
                wasted += max(0.0, now - other[3])
    for _, number, _, begins in ends:  # ended with the search
        if number not in stopped:
            trained += max(0.0, now - begins)
            wasted += max(0.0, now - begins)
    return Replay(now, trained / (workers * now), wasted / trained, 0.0, together, starved / now, longest)


class Recorded:
    """What a search has left: every training with its steps, and the seconds of each size."""

    def __init__(self, folder: Path, params: Params, device: str) -> None:
        """Reads the results in a folder.

        Args:
            folder: Of an example.
            params: Its parameters.
            device: What the replay is to be on.
        """
        build = folder / "build"
        self.params, self.candidates = params, Candidates.read(build / "candidates.json")
        work = load_work(
            build / "searched_windows.npz", build / "searched_folds.parquet", self.candidates.network, params.search,
            params.baseline.penalties, params.choose.metric,
        )  # fmt: skip
        self.work: Work = replace(work, accelerator="gpu" if device == "gpu" else "cpu")
        table = pd.read_csv(build / "trials.csv")
        table = table.astype(object).where(table.notna(), None)
        rows = [Row(**line) for line in table.to_dict("records")]  # type: ignore[arg-type]
        self.rows: dict[Size, list[Row]] = {}
        for row in rows:
            self.rows.setdefault(Size(row.layers, row.units), []).append(row)
        timings = pd.read_csv(build / "timings.csv")
        self.seconds = {Size(line["layers"], line["units"]): line["seconds"] for line in timings.to_dict("records")}
        self.costs = compute.table(self.candidates, params.search.training)
        trained = [size for size in self.seconds if self.costs.get(size)]
        self.rate = sum(self.seconds[size] for size in trained) / sum(self.costs[size] for size in trained)
        self.estimated = set[Size]()

    def result(self, shard: Shard) -> Result:
        """What a shard gives, and how long it takes."""
        size = shard.size
        rows = self.rows.get(size) or self._like(size)
        mine = [
            row
            for row in rows
            if row.fold - 1 in shard.folds
            and (row.seed in shard.seeds if shard.seeds else row.seed < self.work.training.seeds)
        ]
        whole = sum(row.trained for row in rows)
        part = sum(row.trained for row in mine) / whole if whole else len(mine) / len(rows)
        seconds = self.seconds.get(size, self.rate * self.costs.get(size, 0.0))
        nothing = np.zeros((0, self.work.windows.horizon, self.work.windows.n_targets), np.float32)
        return Result(
            rows=tuple(mine),
            checks=(),
            residuals=nothing,
            residual_windows=np.zeros(0, np.int64),
            residual_skips=np.zeros(0, np.bool_),
            seconds=part * seconds,
            milliseconds=0.0,
        )

    def _like(self, size: Size) -> list[Row]:
        """Rows of a size that was never trained: those of the nearest one of its depth, or of any depth."""
        self.estimated.add(size)
        others = [other for other in self.rows if other != ZERO]
        nearest = min(others, key=lambda other: (abs(other.layers - size.layers), abs(other.units - size.units)))
        return [replace(row, layers=size.layers, units=size.units) for row in self.rows[nearest]]

    def replays(self, procedure: str, counts: tuple[int, ...]) -> list[dict[str, Any]]:
        """The same search with so many workers each."""
        search = self.params.search.model_copy(update={"procedure": procedure})
        choose = self.params.choose
        undecided = Choose.model_construct(
            rule=choose.rule, margin=choose.margin, least_margin=choose.least_margin, probability=choose.probability
        )
        walk, found = plan(self.candidates, search, undecided), list[dict[str, Any]]()
        for workers in counts:
            self.estimated.clear()
            scheduler = Scheduler(walk, self.work, {}, lambda _: None, lambda _: None)
            of = replay(scheduler, self.result, workers)
            if scheduler.failure:
                raise SystemExit(scheduler.failure)
            visited = scheduler.walk().visited
            estimated = sum(size in self.estimated for size in visited) / len(visited)
            found.append({"workers": workers, **vars(of), "estimated": estimated, "sizes": len(visited)})
        return [{**row, "speedup": found[0]["seconds"] / row["seconds"]} for row in found]


def main() -> None:
    """Replays every example on both kinds of device and prints the speed-up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=data.ROOT, help="the checkout whose results are replayed")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in ("bay-area-traffic", "new-york-weather", "beijing-air", "santa-fe-laser"):
        below = "." if name == "bay-area-traffic" else f"examples/{name}"
        params = params_file.load(data.ROOT / below / "params.yaml")
        for (device, procedure), counts in COUNTS.items():
            recorded = Recorded(given.root / below, params, device)
            replays = recorded.replays(procedure, counts)
            data.say(f"{name} {device} {procedure}")
            rows += [{"example": name, "device": device, "procedure": procedure, **row} for row in replays]
    data.show(rows)
    data.write("schedules", {"machine": machine(), "first": FIRST, "later": LATER, "replays": rows}, smoke=False)


if __name__ == "__main__":
    main()
