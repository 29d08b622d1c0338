"""The one error that a user is meant to read."""

import re

# What is wrong ends with the first `; ` that is not inside of a quoted value, which may be anything.
WHAT = re.compile(r"""(?:(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)|(?!; ).)*""")
LONG = re.compile(r"""(?<!\w)(['"])((?:(?!\1)[^\\]|\\.){60})(?:(?!\1)[^\\]|\\.){20,}\1""")


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
        super().__init__(" ".join(message.split()))
        self.caller = caller

    @property
    def for_caller(self) -> str:
        """The message for somebody who sends rows to a served model; long values are cut."""
        message = str(self)
        if self.caller is not None:
            what = WHAT.match(message)
            assert what is not None
            message = f"{what[0]}; {self.caller}"
        return LONG.sub(r"\1\2…\1", message)
