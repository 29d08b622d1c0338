"""Which shard is trained next, and what became of those before: the state of a search. Knows nothing of Ray."""

import time
from collections.abc import Callable, Mapping

from cellsize.errors import InputError
from cellsize.search.shards import Shard, divide, join
from cellsize.sizing.procedures import Plan, Walk, within_cost_limit
from cellsize.sizing.scores import Scores, from_trials
from cellsize.sizing.sizes import Size, cost, shape
from cellsize.training.records import Result, Row, Work, frame

# Work begun ahead may cost so many times what has been done so far: it may turn out not to be needed.
AHEAD_COST = 1.5
# Seconds without a line, after which a trial that reports is worth one.
SILENCE = 20.0


class Scheduler:
    """Hands out the next shard, and reads what finished ones have found.

    Attributes:
        results: Sizes whose shards are all finished.
        scores: Those of them that every fold has a score of.
        failure: Why the search cannot end well; empty if it can.
    """

    def __init__(
        self,
        plan: Plan,
        work: Work,
        finished: Mapping[str, Result],
        on_result: Callable[[Result], None],
        say: Callable[[str], None],
    ) -> None:
        """Begins with what an earlier search has finished.

        Args:
            plan: From the scores so far to what is wanted next.
            work: Data, folds and how to train.
            finished: Results of finished shards, by name.
            on_result: Called for each size that is finished from now on.
            say: Prints a line of progress.
        """
        self.network, self.shape, self.folds = work.network, shape(work.windows), len(work.folds.labels)
        self.plan, self.on_result, self.say = plan, on_result, say
        self.finished, self.running = dict(finished), set[Shard]()
        self.results, self.scores, self.unusable = dict[Size, Result](), dict[Size, Scores](), dict[Size, str]()
        self.failure = ""
        self.began = self.said = time.monotonic()
        for size in sorted({result.size for result in finished.values()}):
            self._complete(size)

    def walk(self) -> Walk:
        """Where the procedure stands now."""
        return self.plan(self.scores)

    def ended(self) -> bool:
        """Whether the procedure has ended, or cannot go on."""
        wanted = self.walk().wanted
        # A size begun ahead may have failed without harm: only one that is wanted ends the search.
        self.failure = self.failure or next((self.unusable[size] for size in wanted if size in self.unusable), "")
        return not wanted or bool(self.failure)

    def next_shard(self) -> Shard | None:
        """The next shard to train, which counts as running from now on; None if there is none to begin now."""
        walk = self.walk()
        for size in (*walk.wanted, *walk.likely):
            waiting = [
                shard for shard in self._shards(size) if shard.name not in self.finished and shard not in self.running
            ]
            if waiting and size not in self.unusable and (size in walk.wanted or self._affordable(size)):
                self.running.add(waiting[0])
                return waiting[0]
        return None

    def finish(self, shard: Shard, result: Result) -> None:
        """Notes the result of a shard."""
        self.running.discard(shard)
        self.finished[shard.name] = result
        size = shard.size
        if self._complete(size):
            self.on_result(self.results[size])
            self._say(self._line(self.results[size]) if size in self.scores else self.unusable[size])

    def progress(self, shard: Shard, steps: int) -> None:
        """Says how far a shard is, unless something was said shortly before.

        Args:
            shard: The shard.
            steps: Optimizer steps of the trial so far.
        """
        if time.monotonic() - self.said >= SILENCE:
            folds = ", ".join(str(1 + fold) for fold in shard.folds)
            self._say(
                f"search: size {shard.size!s:>6}  {steps:,} steps in fold {folds}"
                f"  ({time.monotonic() - self.began:.0f} s so far)"
            )

    def _say(self, line: str) -> None:
        self.said = time.monotonic()
        self.say(line)

    def fail(self, shard: Shard) -> None:
        """Notes that a shard's trial ended with an error, again after it was tried anew."""
        self.running.discard(shard)
        self.unusable[shard.size] = (
            f"search: size {shard.size} failed twice; what is finished is kept, so run again once the cause is fixed"
        )

    def stop(self, shard: Shard) -> None:
        """Notes that a shard's trial was stopped since nobody wants it any more."""
        self.running.discard(shard)

    def unwanted(self, shard: Shard) -> bool:
        """Whether a running shard was begun ahead and turned out not to be needed."""
        walk = self.walk()
        return shard.size not in (*walk.wanted, *walk.likely)

    def _affordable(self, size: Size) -> bool:
        """Whether a size may be begun ahead; see `AHEAD_COST`."""
        tried = tuple({*self.results, *(shard.size for shard in self.running)})
        costs = {tried_size: self._multiply_adds(tried_size) for tried_size in (size, *tried)}
        return within_cost_limit(costs, AHEAD_COST)(size, tried)

    def _multiply_adds(self, size: Size) -> float:
        return float(cost(size, self.network, self.shape).multiply_adds)

    def _shards(self, size: Size) -> tuple[Shard, ...]:
        return divide(size, self.folds)

    def _complete(self, size: Size) -> bool:
        """Completes a size if all its shards are finished."""
        names = [shard.name for shard in self._shards(size)]
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
        """The line of progress for a finished size."""
        scores, wanted = self.scores[result.size], self.walk().wanted
        rates = sorted({row.learning_rate for row in result.rows if row.status == "ok"})
        left = f"{len(wanted)} to go" if len(wanted) > 1 else f"next {wanted[0]}" if wanted else "done"
        return (
            f"search: size {result.size!s:>6}  {scores.parameters:>7,} parameters  score {scores.mean:.4f} ± "
            f"{scores.standard_error:.4f}  learning rate {'/'.join(f'{rate:g}' for rate in rates)}  "
            f"{result.seconds:5.1f} s  ({time.monotonic() - self.began:.0f} s so far, {left})"
        )
