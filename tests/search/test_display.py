"""What a person at a terminal sees of a search, and what a pipe gets."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from cellsize.params import Search
from cellsize.search import display
from cellsize.search.scheduler import Scheduler
from cellsize.sizing.candidate_records import Candidates
from cellsize.sizing.figures import rounded
from cellsize.sizing.sizes import ZERO
from cellsize.training.records import Work
from cellsize.training.train import train
from tests.search.conftest import LARGE, SMALL, climbing
from tests.sizing.conftest import candidate, candidates


@pytest.fixture
def grid() -> Candidates:
    listed = [candidate(size, window_work=10**6 * size.units) for size in (ZERO, SMALL, LARGE)]
    return candidates(listed, bound={"kind": "neurons", "alpha": 2, "units": 2})


@pytest.fixture
def search(params_content: Callable[[], dict[str, Any]]) -> Search:
    content = params_content()["search"]
    return Search.model_validate(content | {"compute": content["compute"] | {"trials": 1}})


@pytest.fixture
def half_way(work: Work) -> Scheduler:
    """Zero cells are finished, 1x1 is in training, and 1x2 is likely."""
    begun = Scheduler(climbing(ZERO, SMALL, LARGE), work, {"0x0": train(work, ZERO)}, lambda _: None, lambda _: None)
    shard = begun.next_shard()
    assert shard is not None
    begun.progress(shard, 1260)
    return begun


def drawn(what: object) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    console.print(what)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_sizes_done_in_training_and_to_come_are_shown(half_way: Scheduler) -> None:
    done, training = drawn(display.sizes(half_way))[1:]
    assert done.startswith("zero cells ")
    assert done.endswith("best so far")
    assert training.startswith("1 × 1 ")
    assert training.endswith("in training: fold 1, 2, 1,260 steps in all trainings")
    half_way.running.clear()
    assert drawn(display.sizes(half_way))[2].split() == ["1", "×", "1", "to", "come"]


def test_the_summary_counts_names_the_best_and_says_how_long(
    half_way: Scheduler, grid: Candidates, search: Search
) -> None:
    # Without a network that is finished "0 to come; less than a minute left" was said of half an hour.
    zero = half_way.scores[ZERO]
    best = f"best so far no memory cells ({rounded(zero.mean, zero.standard_error)})"
    assert display.summary(half_way, grid, search) == f"search: 0 of 2 sizes done, {best}; time left unknown yet"
    half_way.results[SMALL], half_way.scores[SMALL] = half_way.results[ZERO], replace(zero, size=SMALL)
    assert display.summary(half_way, grid, search).startswith("search: 1 of 2 sizes done, ")
    assert "unknown" not in display.summary(half_way, grid, search)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.2, 0.4, "less than a minute left"), (2.2, 14.0, "2 to 14 min left"), (3.1, 3.2, "about 3 min left")],
)
def test_the_time_left_in_words(low: float, high: float, words: str) -> None:
    assert display._left(low, high) == words


def test_a_pipe_gets_plain_lines_and_no_drawing(
    half_way: Scheduler, grid: Candidates, search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    with display.display(grid, search) as (say, show):
        show(half_way)
        say("search: 1 × 1")
    assert capsys.readouterr().out == "search: 1 × 1\n"


def test_a_terminal_gets_a_drawing_above_which_lines_stay(
    half_way: Scheduler, grid: Candidates, search: Search
) -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=90, _environ={"TERM": "xterm"})
    with display.display(grid, search, console) as (say, show):
        show(half_way)
        say("search: 1 × 1  [score] 0.5")
    text = terminal.getvalue()
    assert "search: 1 × 1  [score] 0.5\n" in text.replace("\r", "")
    assert "in training" in text
    assert "Ctrl-C keeps what is finished" in text
