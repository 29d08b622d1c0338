"""`cellsize check`: whether the world is still the one that a registered model has learned from."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from cellsize import files, process
from cellsize.lifecycle import by_task, check_verdict
from cellsize.registry import store
from cellsize.registry.fetched import fetch, number_of


def check(
    name: str,
    data: Path,
    version: str | None,
    alias: str,
    uri: str | None,
    html: Path | None,
    json: Path | None,
    say: Callable[[str], None],
) -> int:
    """Checks a version against new rows.

    Args:
        name: Of the registered model.
        data: The new rows: of a forecast, with as many before them as it looks back on; or new sequences.
        version: Which version; None: that of the alias.
        alias: Name of a version.
        uri: The registry; see `store.find`.
        html: Where to write a page, if one is wanted.
        json: Where to write what was measured, if that is wanted.
        say: Is told the verdict and what it comes from.

    Returns:
        The exit status; see `check_verdict.STATUS`.

    Raises:
        InputError: There is no such model, or the rows cannot be used.
    """
    client = store.find(uri)
    number = number_of(client, name, version, alias)
    with process.one_thread(), tempfile.TemporaryDirectory() as folder:
        model = fetch(name, number)
        result = by_task.checked(client, name, number, data, model, Path(folder))
    for line in result.lines:
        say(line)
    if json is not None:
        files.write_json(json, result.content)
    if html is not None:
        files.write_text(html, result.page())
        say(f"{html}: the page")
    return check_verdict.STATUS[result.verdict]
