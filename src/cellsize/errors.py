"""The one error that a user is meant to read, and what a full disk looks like."""

import errno
import re

# What is wrong ends with the first `; ` that is not inside of a quoted value, which may be anything.
WHAT = re.compile(r"""(?:(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)|(?!; ).)*""")
LONG = re.compile(r"""(?<!\w)(['"])((?:(?!\1)[^\\]|\\.){60})(?:(?!\1)[^\\]|\\.){20,}\1""")

# How a library says it that hands on no number: SQLite, Arrow, DVC, Ray.
FULL = re.compile(r"No space left on device|Disk quota exceeded|(?:database or )?disk is full", re.IGNORECASE)


# A password in an address, which holds no other @ behind it; one in an address without ://, which is none; and one
# among what follows the question mark.
SECRET = re.compile(
    r"(://[^\s/@:]*:)\S+@|((?<![^\s'\"])[\w.+-]+:)[^\s/@:'\"]+@(?=[\w.-])"
    r"|([?&;]\w*(?:password|passwd|token|secret|key)=)[^\s&;'\"]+",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """A text without the passwords of addresses in it."""
    return SECRET.sub(lambda found: f"{found[1] or found[2]}***@" if not found[3] else f"{found[3]}***", text)


class InputError(Exception):
    """Something the user gave is wrong.

    The message is one line that names the file, the column or key, the row where there is one,
    and what to do. A stage prints it and ends with status 1; there is no traceback.
    """

    def __init__(self, message: str, caller: str | None = None) -> None:
        """Makes the message one line.

        Args:
            message: What is wrong, then `; ` and what to do.
            caller: What somebody can do who sends rows to a served model, and has no params.yaml; None: the same.
        """
        super().__init__(masked(" ".join(message.split())))
        self.caller = None if caller is None else masked(" ".join(caller.split()))

    @property
    def for_caller(self) -> str:
        """The message for somebody who sends rows to a served model; long values are cut."""
        message = str(self)
        if self.caller is not None:
            what = WHAT.match(message)
            assert what is not None
            message = f"{what[0]}; {self.caller}"
        return LONG.sub(r"\1\2…\1", message)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error comes of a full disk or a used-up quota, however many libraries have wrapped it."""
    seen, pending = set[int](), [error]
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if getattr(one, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or FULL.search(str(one)):
            return True
        pending += [other for other in (one.__cause__, one.__context__) if other is not None]
    return False


def disk_full(place: str) -> str:
    """What is said where the disk is full, in one line.

    Args:
        place: A folder on it.
    """
    return f"{place}: the disk is full; make space there, then run again: what is finished is kept"
