"""Looks at the same rows, counted in the registry: each one is a tag of the registered model.

A version that is deleted leaves its look behind: what has been seen stays seen.
"""

import json
from typing import Any

import pandas as pd
from mlflow import MlflowClient

from cellsize.registry.conflicts import repeated
from cellsize.sizing.evaluation_records import Comparison
from cellsize.sizing.sequence_records import SequenceComparison

LOOK = "cellsize.look."


def look(client: MlflowClient, name: str, version: str, compared: Comparison | SequenceComparison | None) -> int:
    """Writes down that a version was compared with the champion, and counts.

    Args:
        client: Of the registry.
        name: The model.
        version: Version of the challenger; it has one look, however often it is registered.
        compared: What it was compared on; None if it was not.

    Returns:
        Which look it is, from 1: one more than there are looks of earlier versions at some of these rows. A rerun of
        the champion's recipe on its own rows, which never passes, is none.
    """
    if compared is None or compared.rerun:
        return 1
    rows = {"champion": compared.version, **compared.rows}
    tags = client.get_registered_model(name).tags
    repeated(client.set_registered_model_tag, name, f"{LOOK}{version}", json.dumps(rows))
    earlier = {key.removeprefix(LOOK): json.loads(text) for key, text in tags.items() if key.startswith(LOOK)}
    return 1 + sum(_overlap(other, rows) for number, other in earlier.items() if int(number) < int(version))


def _overlap(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether two stretches of time have a row in common; what cannot be compared, may have."""
    try:
        begins, ends = ([_moment(rows[key]) for rows in (one, other)] for key in ("from", "until"))
        return bool(max(begins) <= min(ends))
    except (TypeError, KeyError):  # times with and without a zone, or counted steps; sequences, which have no times
        return True


def _moment(said: str) -> Any:
    return int(said) if said.lstrip("-").isdigit() else pd.Timestamp(said)
