"""What others on this machine can reach of a search: Ray's token. Knows nothing of Ray."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

OWN = 0o600


def protect_token() -> None:
    """Makes Ray's token readable by its owner alone, before Ray makes one that everybody can read.

    Whoever knows the token can have Ray run code as its owner. Ray writes the file with the process's usual rights,
    which are 0644 nearly everywhere, and in some systems others may enter a home folder. Where somebody has given a
    token in the environment, or the home folder cannot be written to, nothing is done: Ray says what it needs.
    """
    given = any(key in os.environ for key in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    if given or os.environ.get("RAY_AUTH_MODE", "token").lower() != "token":
        return
    with suppress(OSError, RuntimeError):  # no home folder, or one of another user
        path = Path.home() / ".ray" / "auth_token"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            path.chmod(OWN)


def _make(path: Path) -> None:
    """Makes a token, which appears whole: whoever reads it, in another search that begins now, never finds a part."""
    handle, made = tempfile.mkstemp(prefix=".auth_token-", dir=path.parent)  # its rights are 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody was faster, and theirs counts
            os.link(made, path)
    finally:
        Path(made).unlink()
