"""What every fuzzer holds: no fault but an InputError in words, and an end within reason."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from hypothesis import HealthCheck, settings

from cellsize.errors import InputError

T = TypeVar("T")

# Seconds of computing, and of waiting: a busy machine takes long for what takes a second, and computes no more.
HANGS, WAITS = 60, 600
# Words of a library or of Python in a message: whoever reads it cannot know what to do.
FOREIGN = re.compile(
    r"Traceback|\bpandas\b|\bnumpy\b|\bpyarrow\b|\bpydantic\b|NoneType|codec can't|tokeniz|C error|object at 0x|dtype"
    r"|errno|gzipped|Compressed file|header check|Error -\d|\bCRC\b|zlib|field limit|\bdirective\b|end of data",
    re.IGNORECASE,
)


def fuzzed(examples: int = 200) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """So many examples in the tests, and as many as the profile says by `make fuzz`.

    Args:
        examples: In the tests.
    """
    is_long = settings.default is not None and settings.default.max_examples > 1000
    return settings(
        max_examples=settings.default.max_examples * examples // 200 if is_long and settings.default else examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def no_hang() -> Iterator[None]:
    """Ends what does not end by itself."""

    def ring(number: int, _: FrameType | None) -> None:
        raise AssertionError(f"no end after {HANGS if number == signal.SIGPROF else WAITS} seconds")

    before = {number: signal.signal(number, ring) for number in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, HANGS)
    signal.setitimer(signal.ITIMER_REAL, WAITS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def outcome(call: Callable[[], T]) -> T | str:
    """What a call returns, or the words that it refuses with; any other exception is a fault."""
    with no_hang():
        try:
            return call()
        except InputError as error:
            return in_words(str(error), error.for_caller)


def in_words(*messages: str) -> str:
    """A message, once it is seen to be one line that says what is wrong and what to do."""
    for message in messages:
        assert message == " ".join(message.split()), f"more than one line: {message!r}"
        assert not FOREIGN.search(re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "", message)), message
        assert "; " in message or ": " in message, f"says not what to do: {message}"
        message.encode()  # half a character cannot be printed
    return messages[0]
