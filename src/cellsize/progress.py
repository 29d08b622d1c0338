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

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield note
    finally:
        ended.set()
        thread.join()
