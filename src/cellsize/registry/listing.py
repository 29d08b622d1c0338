"""The versions of a model as a table: sizes, errors, aliases, and who made which champion when and why."""

import json
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cellsize.registry import moves
from cellsize.registry.provenance import ERRORS
from cellsize.registry.store import require_model
from cellsize.sizing.rules import alone
from cellsize.sizing.sizes import Size

HEAD = ("version", "size", "holdout error", "aliases", "registered (UTC)", "champion since", "by", "why")
NONE = "–"


@dataclass(frozen=True)
class Row:
    """One version, as text; the columns are those of `HEAD`."""

    version: str
    size: str
    error: str
    aliases: str
    registered: str
    champion: str
    by: str
    why: str


def rows(client: MlflowClient, name: str) -> list[Row]:
    """The versions, the newest first; a move that was interrupted is finished or taken away before.

    Raises:
        InputError: There is no such model.
    """
    require_model(client, name)
    history = moves.heal(client, name)
    aliases = client.get_registered_model(name).aliases
    versions = sorted(client.search_model_versions(f"name = '{name}'"), key=lambda each: -int(each.version))
    return [_row(client, each, aliases, history) for each in versions]


def show(table: list[Row], console: Console | None = None) -> None:
    """Prints the table; outside of a terminal as lines with tabs, which no width cuts."""
    console = console or Console()
    if not console.is_terminal:
        for cells in (HEAD, *map(astuple, table)):
            print("\t".join(" ".join(cell.split()) for cell in cells))
        return
    drawn = Table(*HEAD)
    for row in table:
        drawn.add_row(*map(Text, astuple(row)))  # a reason may hold what rich takes for markup
    console.print(drawn)


def _row(client: MlflowClient, version: ModelVersion, aliases: dict[str, str], history: list[moves.Move]) -> Row:
    number, tags = str(version.version), dict(version.tags)
    last = next((move for move in reversed(history) if move.end == number), None)
    registered = datetime.fromtimestamp(version.creation_timestamp / 1000, UTC).isoformat()
    return Row(
        version=number,
        size=_size(tags),
        error=_error(client, version, tags),
        aliases=", ".join(sorted(alias for alias, of in aliases.items() if str(of) == number)) or NONE,
        registered=_minute(registered),
        champion=_minute(last.when) if last else NONE,
        by=f"{last.who} ({last.kind})" if last else NONE,
        why=last.why if last else tags.get("cellsize.gate", NONE),
    )


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _size(tags: dict[str, str]) -> str:
    if "layers" not in tags or "units" not in tags:
        return NONE
    return alone(Size(int(tags["layers"]), int(tags["units"])))


def _error(client: MlflowClient, version: ModelVersion, tags: dict[str, str]) -> str:
    """The error that opens the gate; of a version without the tag, the one that its run has."""
    if ERRORS in tags:
        errors = json.loads(tags[ERRORS])
        return f"{errors['metric']} {errors['mean']:.4f}"
    try:
        metrics = client.get_run(str(version.run_id)).data.metrics
    except MlflowException:  # the run was deleted
        return NONE
    return f"nmse {metrics['holdout_nmse']:.4f}" if "holdout_nmse" in metrics else NONE
