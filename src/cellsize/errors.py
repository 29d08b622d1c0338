"""The one error that a user is meant to read."""


class InputError(Exception):
    """Something the user gave is wrong.

    The message is one line that names the file, the column or key, the row where there is one,
    and what to do. A stage prints it and ends with status 1; there is no traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
