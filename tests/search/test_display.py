"""What a person at a terminal sees of a search, and what a pipe gets."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from cellsize.params import Search
from cellsize.search import display
from cellsize.search.scheduler import Scheduler
from cellsize.sizing.artefacts import Candidates
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
    return Search.model_validate(params_content()["search"] | {"workers": 1})


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
    assert done.split()[0] == "0x0"
    assert done.endswith("best so far")
    assert training.split()[0] == "1x1"
    assert training.endswith("in training: fold 1, 2, 1,260 steps")
    half_way.running.clear()
    assert drawn(display.sizes(half_way))[2].split() == ["1x1", "to", "come"]


def test_the_summary_counts_names_the_best_and_says_how_long(
    half_way: Scheduler, grid: Candidates, search: Search
) -> None:
    score = half_way.scores[ZERO].mean
    assert display.summary(half_way, grid, search) == (
        f"search: 1 size done, 0 to come, best so far 0x0 ({score:.4f}); less than a minute left"
    )


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
        say("search: size 1x1")
    assert capsys.readouterr().out == "search: size 1x1\n"


def test_a_terminal_gets_a_drawing_above_which_lines_stay(
    half_way: Scheduler, grid: Candidates, search: Search
) -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=90, _environ={"TERM": "xterm"})
    with display.display(grid, search, console) as (say, show):
        show(half_way)
        say("search: size    1x1  [score] 0.5")
    text = terminal.getvalue()
    assert "search: size    1x1  [score] 0.5\n" in text.replace("\r", "")
    assert "in training" in text
    assert "Ctrl-C keeps what is finished" in text
