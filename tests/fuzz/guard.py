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

HANGS = 60  # seconds; what takes some milliseconds here takes no minute on a busy machine either
# Words of a library or of Python in a message: whoever reads it cannot know what to do.
FOREIGN = re.compile(
    r"Traceback|\bpandas\b|\bnumpy\b|\bpyarrow\b|\bpydantic\b|NoneType|codec can't|tokeniz|C error|object at 0x|dtype"
    r"|errno",
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
def no_hang(seconds: int = HANGS) -> Iterator[None]:
    """Ends what does not end by itself."""

    def ring(_: int, __: FrameType | None) -> None:
        raise AssertionError(f"no end after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


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
