"""A search as a person at a terminal watches it; elsewhere its lines of progress are all there is. Decides nothing."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cellsize.params import Search
from cellsize.progress import never_silent
from cellsize.search.estimate import minutes_left
from cellsize.search.scheduler import Scheduler
from cellsize.sizing import procedures
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.figures import rounded, with_error
from cellsize.sizing.rules import alone, short
from cellsize.sizing.sizes import ZERO, Size
from cellsize.sizing.walk import Walk

SHOWN = 12  # finished sizes, the last ones
A_SECOND = 2  # drawings

Say = Callable[[str], None]
Show = Callable[[Scheduler], None]


@contextmanager
def display(candidates: Candidates, search: Search, console: Console | None = None) -> Iterator[tuple[Say, Show]]:
    """What a search says and shows: a table that is drawn anew, or lines where nobody watches (a pipe, CI).

    Args:
        candidates: The sizes.
        search: The procedure, for the time that is left.
        console: Where to draw; None: standard output.

    Yields:
        What prints a line, and what is called whenever something changed.
    """
    console = console or Console(file=sys.stdout)
    if not console.is_terminal or console.is_dumb_terminal:
        with never_silent("search") as say:
            yield say, lambda _: None
        return
    began, drawn = time.monotonic(), list[RenderableType]()

    def draw() -> RenderableType:
        seconds = Text(f"search: {time.monotonic() - began:.0f} s so far; Ctrl-C keeps what is finished", style="dim")
        return Group(*drawn, seconds)

    def show(scheduler: Scheduler) -> None:
        # Drawn in this thread, where nothing changes meanwhile; the other one only repeats it.
        drawn[:] = [sizes(scheduler), Text(summary(scheduler, candidates, search))]

    with Live(get_renderable=draw, console=console, refresh_per_second=A_SECOND, transient=True) as live:
        yield lambda line: live.console.print(line, highlight=False, markup=False, soft_wrap=True), show


def sizes(scheduler: Scheduler) -> Table:
    """The sizes that are finished, in training, and to come."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("size", "parameters", "score", ""):
        table.add_column(name, justify="left" if name in ("size", "") else "right")
    best = best_size(scheduler)
    for size, scores in list(scheduler.scores.items())[-SHOWN:]:
        style, word = ("bold", "best so far") if size == best else ("", "")
        score = with_error(scores.mean, scores.standard_error)
        table.add_row(short(size), f"{scores.parameters:,}", score, word, style=style)
    for shard in sorted(scheduler.running, key=lambda shard: (shard.size, shard.name)):
        steps, folds = scheduler.steps.get(shard, 0), ", ".join(str(1 + fold) for fold in shard.folds)
        told = f"{steps:,} steps in all trainings" if steps else "begins"
        table.add_row(short(shard.size), "", "", f"in training: fold {folds}, {told}", style="cyan")
    for size in to_come(scheduler):
        table.add_row(short(size), "", "", "to come", style="dim")
    return table


def summary(scheduler: Scheduler, candidates: Candidates, search: Search) -> str:
    """How far the search is, in a line."""
    walk = scheduler.walk()
    finished = {size: result.seconds for size, result in scheduler.results.items()}
    done = len(set(scheduler.scores) - {ZERO})
    left = "seeds of undecided sizes are added"
    if not walk.more_seeds:
        # Without memory cells nothing is trained for long: how fast a network is, is not known yet.
        low, high = minutes_left(candidates, search, finished, walk.wanted)
        left = _left(low, high) if set(finished) - {ZERO} else "time left unknown yet"
    best = best_size(scheduler)
    leader = ""
    if best is not None:
        scores = scheduler.scores[best]
        leader = f", best so far {alone(best)} ({rounded(scores.mean, scores.standard_error)})"
    return f"search: {_counted(done, walk, candidates, search)} done{leader}; {left}"


def _counted(done: int, walk: Walk, candidates: Candidates, search: Search) -> str:
    """How many of the sizes with something to train are done: `2 of 4 to 8 sizes`, as the plan says it."""
    certain = done + len(set(walk.wanted) - {ZERO})
    counts = [len(set(sizes) - {ZERO}) for sizes in procedures.fewest_and_most(candidates, search)]
    least, most = (max(certain, count) for count in sorted(counts))
    if walk.more_seeds:
        least = most = done
    sizes = f"{most} size{'s' * (most != 1)}"
    return f"{done} of {f'{least} to {sizes}' if least < most else sizes}"


def _left(low: float, high: float) -> str:
    """Minutes that are left, in words."""
    least, most = round(low), round(high)
    if most < 1:
        return "less than a minute left"
    return f"{least} to {most} min left" if least < most else f"about {most} min left"


def best_size(scheduler: Scheduler) -> Size | None:
    """The finished size with the lowest score."""
    return min(scheduler.scores, key=lambda size: scheduler.scores[size].mean, default=None)


def to_come(scheduler: Scheduler) -> list[Size]:
    """Sizes that are certain to be trained, and not yet in training."""
    walk, begun = scheduler.walk(), {shard.size for shard in scheduler.running}
    return [size for size in (*walk.wanted, *walk.more_seeds) if size not in begun]
