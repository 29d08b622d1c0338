"""Which shard is trained next, and what became of those before: the state of a search. Knows nothing of Ray."""

import time
from collections.abc import Callable, Mapping
from dataclasses import fields

from cellsize.errors import InputError
from cellsize.progress import SILENCE
from cellsize.search import spread
from cellsize.search.shards import Shard, add, divide, join
from cellsize.sizing.figures import with_error
from cellsize.sizing.rules import alone
from cellsize.sizing.scores import Scores, counted, from_trials
from cellsize.sizing.sizes import Size, cost, shape
from cellsize.sizing.walk import Plan, Walk
from cellsize.training.records import MoreSeeds, Result, Row, Setting, Work, frame

# Work begun ahead may cost so many times what has been done so far: it may turn out not to be needed.
AHEAD_COST = 1.5
WIDTH = len("no memory cells")  # of a size in a line of progress


class Scheduler:
    """Hands out the next shard, and reads what finished ones have found.

    Attributes:
        results: Sizes whose shards are all finished, with the seeds added to them.
        scores: Those of them that every fold has a score of.
        steps: Optimizer steps of each shard in training, as far as they were told.
        failure: Why the search cannot end well; empty if it can.
    """

    def __init__(
        self,
        plan: Plan,
        work: Work,
        finished: Mapping[str, Result],
        on_result: Callable[[Result], None],
        say: Callable[[str], None],
        show: Callable[["Scheduler"], None] = lambda _: None,
    ) -> None:
        """Begins with what an earlier search has finished.

        Args:
            plan: From the scores so far to what is wanted next.
            work: Data, folds and how to train.
            finished: Results of finished shards, by name.
            on_result: Called for each size that is finished from now on.
            say: Prints a line of progress.
            show: Is called whenever something changed, for whoever draws it.
        """
        self.network, self.shape, self.folds = work.network, shape(work.samples), len(work.folds.labels)
        self.first_seeds, self.on_gpu = work.training.seeds, work.accelerator == "gpu"
        self.work = work
        self.plan, self.on_result, self.say, self.show = plan, on_result, say, show
        self.steps = dict[Shard, int]()
        # Shards that were trained on another number of devices lie in the same store.
        self.finished = {name: result for name, result in finished.items() if spread.is_of(name, result, work)}
        self.running = set[Shard]()
        self.results, self.scores, self.unusable = dict[Size, Result](), dict[Size, Scores](), dict[Size, str]()
        self.failure = ""
        self.began = self.said = time.monotonic()
        for size in sorted({result.size for result in self.finished.values()}):
            self._complete(size)

    def walk(self) -> Walk:
        """Where the procedure stands now."""
        return self.plan(self.scores)

    def ended(self) -> bool:
        """Whether the procedure has ended, or cannot go on."""
        walk = self.walk()
        wanted = (*walk.wanted, *walk.more_seeds)
        # A size begun ahead may have failed without harm: only one that is wanted ends the search.
        self.failure = self.failure or next((self.unusable[size] for size in wanted if size in self.unusable), "")
        return walk.is_done or bool(self.failure)

    def next_shard(self, may_begin: Callable[[Shard, bool], bool] = lambda *_: True) -> Shard | None:
        """The next shard to train, which counts as running from now on; None if there is none to begin now.

        Args:
            may_begin: Whether there is room for a shard, and whether it is begun ahead; where there is none it is
                waited for, or a large one would wait for ever.
        """
        walk = self.walk()
        for size, shards in self._pieces(walk):
            waiting = [shard for shard in shards if shard.name not in self.finished and shard not in self.running]
            is_ahead = size in walk.likely and size not in walk.wanted
            if waiting and size not in self.unusable and not (is_ahead and not self._affordable(size)):
                if not may_begin(waiting[0], is_ahead):
                    return None
                self.running.add(waiting[0])
                self.show(self)
                return waiting[0]
        return None

    def _pieces(self, walk: Walk) -> list[tuple[Size, tuple[Shard, ...]]]:
        """What may be trained now, most pressing first."""
        seeds = [
            (size, self._divided(size, tuple(range(self.scores[size].n_seeds, count))))
            for size, count in walk.more_seeds.items()
        ]
        return [(size, self._divided(size)) for size in (*walk.wanted, *walk.likely)] + seeds

    def _divided(self, size: Size, seeds: tuple[int, ...] = ()) -> tuple[Shard, ...]:
        return tuple(spread.named(shard, self.work) for shard in divide(size, self.folds, seeds, self.on_gpu))

    def open_shards(self) -> list[Shard]:
        """What may be trained now."""
        return [shard for _, shards in self._pieces(self.walk()) for shard in shards]

    def more_seeds(self, shard: Shard) -> MoreSeeds | None:
        """What a shard of added seeds is trained with; None for the race."""
        if not shard.seeds:
            return None
        settings = self._settings(shard.size)
        return MoreSeeds(shard.seeds, {fold: settings[fold] for fold in shard.folds})

    def finish(self, shard: Shard, result: Result) -> None:
        """Notes the result of a shard."""
        self.running.discard(shard)
        self.finished[shard.name] = result
        size = shard.size
        before = len(self.results[size].rows) if size in self.results else 0
        if self._complete(size) and len(self.results[size].rows) > before:
            self.on_result(self.results[size])
            self._say(self._line(self.results[size]) if size in self.scores else self.unusable[size])
        self.show(self)

    def progress(self, shard: Shard, steps: int) -> None:
        """Says how far a shard is, unless something was said shortly before.

        Args:
            shard: The shard.
            steps: Optimizer steps of the trial so far, of all its trainings one after the other.
        """
        self.steps[shard] = steps
        self.show(self)
        if time.monotonic() - self.said >= SILENCE:
            folds = ", ".join(str(1 + fold) for fold in shard.folds)
            self._say(
                f"search: {alone(shard.size):<{WIDTH}}  {steps:,} steps in all trainings of fold {folds}"
                f"  ({time.monotonic() - self.began:.0f} s so far)"
            )

    def _say(self, line: str) -> None:
        self.said = time.monotonic()
        self.say(line)

    def fail(self, shard: Shard, reason: str) -> None:
        """Notes that a shard cannot be trained.

        Args:
            shard: The shard.
            reason: What became of its trials.
        """
        self.running.discard(shard)
        self.unusable[shard.size] = (
            f"search: {alone(shard.size)} {reason}; what is finished is kept, so run again once the cause is fixed"
        )

    def stop(self, shard: Shard) -> None:
        """Notes that a shard is in training no more: nobody wanted it, or its worker was lost and it is begun anew."""
        self.running.discard(shard)

    def unwanted(self, shard: Shard) -> bool:
        """Whether a running shard was begun ahead and turned out not to be needed."""
        return all(shard not in shards for _, shards in self._pieces(self.walk()))

    def _affordable(self, size: Size) -> bool:
        """Whether a size may be begun ahead; see `AHEAD_COST`."""
        tried = {*self.results, *(shard.size for shard in self.running)}
        return self._work(size) <= AHEAD_COST * sum(map(self._work, tried))

    def _work(self, size: Size) -> int:
        return cost(size, self.network, self.shape).window_work

    def _complete(self, size: Size) -> bool:
        """Completes a size if all its shards are finished; adds the seeds whose shards are."""
        names = [shard.name for shard in self._divided(size)]
        if not all(name in self.finished for name in names):
            return False
        self.results[size] = join([self.finished[name] for name in names])
        try:
            self._score(size)
            for added in self._added(size):
                self.results[size] = add(self.results[size], added)
                self._score(size)
        except InputError as error:
            self.unusable[size] = str(error)
        return True

    def _score(self, size: Size) -> None:
        self.scores[size] = from_trials(frame(self.results[size].rows, Row), "search", self.folds)[0]

    def _settings(self, size: Size) -> dict[int, Setting]:
        """The setting that counts in each fold, by fold from 0."""
        keys = [field.name for field in fields(Setting)]
        rows = counted(frame(self.results[size].rows, Row))
        rows = rows[(rows["status"] == "ok") & (rows["seed"] < self.first_seeds)].drop_duplicates("fold")
        return {int(row["fold"]) - 1: Setting(**{key: row[key] for key in keys}) for _, row in rows.iterrows()}

    def _added(self, size: Size) -> list[list[Result]]:
        """The results of added seeds, in their order, as far as all folds of them are finished."""
        settings, groups, seed = self._settings(size), list[list[Result]](), self.first_seeds
        parts = {
            name: result
            for name, result in self.finished.items()
            if result.size == size and result.rows[0].seed >= self.first_seeds
        }
        for name, result in parts.items():
            # Left by a search in which other settings counted: they are trained anew.
            if any(row.setting != settings[row.fold - 1] for row in result.rows):
                del self.finished[name]
        # Another `maximum_seeds` makes other groups of seeds: shards of different groups are never put together.
        by_seeds: dict[tuple[int, ...], list[Result]] = {}
        for name in parts:
            if name in self.finished:
                seeds = tuple(sorted({row.seed for row in parts[name].rows}))
                by_seeds.setdefault(seeds, []).append(parts[name])
        complete = [
            seeds
            for seeds, results in by_seeds.items()
            if {row.fold for result in results for row in result.rows} == set(range(1, self.folds + 1))
        ]
        while here := max((seeds for seeds in complete if seeds[0] == seed), key=len, default=()):
            groups.append(sorted(by_seeds[here], key=lambda result: result.rows[0].fold))
            seed = 1 + here[-1]
        return groups

    def _line(self, result: Result) -> str:
        """The line of progress for a finished size."""
        scores, walk = self.scores[result.size], self.walk()
        wanted = (*walk.wanted, *walk.more_seeds)
        rates = sorted({row.learning_rate for row in result.rows if row.status == "ok"})
        left = f"{len(wanted)} to go" if len(wanted) > 1 else f"next {alone(wanted[0])}" if wanted else "done"
        return (
            f"search: {alone(result.size):<{WIDTH}}  {scores.parameters:>7,} parameters  "
            f"score {with_error(scores.mean, scores.standard_error)}  "
            f"learning rate {'/'.join(f'{rate:g}' for rate in rates)}  "
            f"{result.seconds:5.1f} s  ({time.monotonic() - self.began:.0f} s so far, {left})"
        )
