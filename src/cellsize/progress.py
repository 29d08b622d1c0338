"""Lines of progress of a stage that would be silent for long."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Seconds without a line, after which one is due.
SILENCE = 20.0


def unsaid(_: str) -> None:
    """Says nothing: for whoever calls a function that would note what it does."""


@contextmanager
def lines(stage: str, say: Callable[[str], None] = print) -> Iterator[Callable[[str], None]]:
    """Says every so often what a stage is doing.

    A thread of its own says it, since one fit of a library may take longer than any silence. No number depends on it.

    Args:
        stage: Its name, the first word of each line.
        say: Prints a line.

    Yields:
        Is called with what is done now, such as `fold 2 of 5: boosted trees`.
    """
    doing, began, ended = "", time.monotonic(), threading.Event()

    def note(now: str) -> None:
        nonlocal doing
        doing = f"{now}  "

    def speak() -> None:
        while not ended.wait(SILENCE):
            say(f"{stage}: {doing}({time.monotonic() - began:.0f} s so far)")
            sys.stdout.flush()  # it may be a pipe

    with _meanwhile(speak, ended):
        yield note


@contextmanager
def never_silent(stage: str, say: Callable[[str], None] = print) -> Iterator[Callable[[str], None]]:
    """Says that a stage continues where it has said nothing else for long.

    One check of many large networks may take longer than any silence, and reports nothing before it ends.

    Args:
        stage: Its name, the first word of each line.
        say: Prints a line.

    Yields:
        Prints a line, and begins a new silence.
    """
    began = said = time.monotonic()
    ended, one_at_a_time = threading.Event(), threading.Lock()

    def heard(line: str) -> None:
        nonlocal said
        with one_at_a_time:
            said = time.monotonic()
            say(line)
            sys.stdout.flush()  # it may be a pipe

    def speak() -> None:
        while not ended.wait(max(0.0, said + SILENCE - time.monotonic())):
            if time.monotonic() - said >= SILENCE:
                heard(f"{stage}: continues  ({time.monotonic() - began:.0f} s so far)")

    with _meanwhile(speak, ended):
        yield heard


@contextmanager
def _meanwhile(speak: Callable[[], None], ended: threading.Event) -> Iterator[None]:
    """Runs what speaks in a thread of its own, and waits for its end, which the event asks for."""
    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
