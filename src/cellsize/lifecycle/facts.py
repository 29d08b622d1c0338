"""What is new for the champion: the facts by which `verdict` says how much is trained again."""

import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cellsize.errors import InputError, is_disk_full
from cellsize.lifecycle import by_task
from cellsize.lifecycle.ageing import Ageing
from cellsize.lifecycle.by_task import Arrived
from cellsize.params import Params
from cellsize.registry import champion as registered
from cellsize.registry import provenance
from cellsize.registry.fetched import kept as kept_folder
from cellsize.registry.logged import REFERENCE
from cellsize.registry.provenance import Kept
from cellsize.registry.store import connect, is_out_of_reach, reached
from cellsize.sizing.artefacts import Artefact
from cellsize.sizing.candidates import on_grid, propose
from cellsize.sizing.rules import describe

# What a size and its model come of; where a search runs is no part of it, nor until when it looked.
DECIDING = ("prepare", "text", "window", "split", "propose", "baseline", "search", "choose", "refit")
NOT_DECIDING = {"prepare": ("table",), "split": ("searched_until",), "search": ("compute",)}
PRECISION = "search.compute.precision"  # in which it computes: other numbers come of it
Content = dict[str, Any]


class Facts(Artefact):
    """What is new, compared with what the champion has learned from; null where something before it settles all."""

    refused: str | None
    """Why the stages would refuse the table."""
    champion: str | None
    """Version of the champion."""
    size: str | None
    """Its size, in words."""
    parameters: int | None
    """Its parameters."""
    error: float | None
    """Its twins' error on the holdout of its day."""
    known: bool
    """Whether the registry has what the champion has learned from."""
    changed_rows: str | None
    """In which way the table does not begin with the rows that the champion has learned from."""
    changed_params: tuple[str, ...]
    """Keys of `params.yaml` that decide about sizes and models, and are not what they were."""
    tried: str | None
    """The newest version, if it was made of this very table and these parameters, was judged, and is not champion."""
    made: str | None
    """The newest version, if it was made of this very table and these parameters, `split.searched_until` too."""
    holds_searched: bool
    """Whether the holdout has rows that the champion's size was searched on."""
    incomparable: str | None
    """Why the champion cannot forecast the windows of this table."""
    sample: str
    """What a sample is, in a word: window, sequence."""
    unit: str
    """What samples are drawn by: block of time, group of sequences."""
    units_are: str
    """What of them are counted."""
    new_windows: int
    """Windows of the holdout that predict nothing the champion has learned from; or sequences of new groups."""
    new_blocks: int
    """Blocks of time that they lie in; or those of these groups that a refit would hold out."""
    now: float | None
    """The champion's mean error there, normalised by the scale of its own training."""
    before: float | None
    """The mean error of its twins on what was held out of them."""
    worse: float | None
    """Probability that the first is higher by more than `register.margin`."""
    open_end: str | None
    """Why a larger size may be better than the champion's: its search ended early, or it is at the bound."""
    units: int | None
    """Most units of a size that the rule allows now."""
    units_before: int | None
    """Most units that it allowed when the champion was searched for."""
    searched_until: str | None
    """Time of the last row that the champion's size was searched on."""


NOTHING: Content = dict.fromkeys(Facts.model_fields) | {
    "known": False, "changed_params": (), "holds_searched": False, "new_windows": 0, "new_blocks": 0,
    "sample": "window", "unit": "block", "units_are": "blocks",
}  # fmt: skip


def gather(params: Params) -> Facts:
    """Looks at the table, and at what the registry has of the champion; writes nothing.

    Args:
        params: Of the project in the current folder.

    Raises:
        InputError: The registry is out of reach, or the champion cannot be read.
    """
    client, _ = connect(params.mlflow)
    name = params.register_.name
    with reached(params.mlflow):
        version = registered.current_version(client, name)
        newest = registered.newest_version(client, name)
        kept = {each: _kept(client, name, each) for each in {version, newest} - {None} if each is not None}
    champion = kept.get(version or "")
    found = NOTHING | {
        "champion": version,
        **(_of(champion) if champion is not None else {}),
    }
    try:
        arrived = by_task.read(params)
    except InputError as error:
        return Facts(**found | {"refused": str(error)})
    now = _content(Path("params.yaml").read_text(encoding="utf-8"))
    last = kept.get(newest or "")
    if newest is not None and last is not None:
        found |= _newest(newest, version, last, params, now)
    if champion is None or champion.history is None:
        return Facts(**found)
    changed = _changed(champion, now)
    # Read in another way, the same rows look otherwise.
    read_as_before = not any(key.startswith("prepare.") for key in changed)
    rows = by_task.differs(champion.history, arrived) if read_as_before else None
    found |= {
        "known": True, "changed_rows": rows,
        "changed_params": changed, "searched_until": champion.history.searched_until, **by_task.words(arrived),
    }  # fmt: skip
    assert version is not None
    if rows is None:
        arrived = by_task.as_refitted(arrived, champion.history, params)
    return Facts(**found | _measured(client, params, arrived, champion, version))


def _newest(newest: str, champion: str | None, last: Kept, params: Params, now: Content) -> Content:
    """Whether the newest version was made of what lies here."""
    if last.table["md5"] != provenance.md5(Path(params.prepare.table)) or _changed(last, now):
        return {}
    until = _content(last.params).get("split", {}).get("searched_until")
    return {
        # One that no gate has judged is not tried: its registration was ended before.
        "tried": newest if newest != champion and last.gate is not None else None,
        "made": newest if until == params.split.searched_until else None,
    }  # fmt: skip


def _of(champion: Kept) -> Content:
    """What a summary says of the champion."""
    choice, evaluation = champion.choice, champion.evaluation
    return {
        "size": describe(choice.size), "parameters": choice.parameters,
        "error": evaluation.error(evaluation.model),  # type: ignore[arg-type]
    }  # fmt: skip


def _measured(client: Any, params: Params, arrived: Arrived, kept: Kept, version: str) -> Content:
    """How the champion does on this table; by its number, since another may be champion by now."""
    name = params.register_.name
    try:
        model = registered.load(params.mlflow, name, version)
    except InputError:
        if params.evaluate.champion:  # the stage would refuse it too, after all training
            raise
        return {"incomparable": "cannot be read"}
    assert model is not None
    with tempfile.TemporaryDirectory() as folder, reached(params.mlflow):
        found = by_task.aged(params, arrived, model, kept_folder(client, name, version, REFERENCE, Path(folder)))
    if not isinstance(found, Ageing):
        return {"incomparable": found}
    return {
        "new_windows": found.windows, "new_blocks": found.blocks, "now": found.now, "before": found.before,
        "worse": found.worse, **_searched(params, arrived, kept),
    }  # fmt: skip


def _searched(params: Params, arrived: Arrived, kept: Kept) -> Content:
    """What the rows that were searched on say: of the holdout; and of the largest sizes, if the answer was open."""
    choice = kept.choice
    assert kept.history is not None
    try:
        then = by_task.until(arrived, kept.history, params)
    except InputError:  # of other rows or parameters, which are said
        return {}
    found: Content = {"holds_searched": by_task.holds_searched(arrived, then, kept.history)}
    if not (choice.at_least or choice.bound_binding):
        return found
    return found | {
        "open_end": "the last answer was 'at least'" if choice.at_least else "the last answer is at the bound",
        "units": _most(params, arrived), "units_before": _most(params, then),
    }  # fmt: skip


def _most(params: Params, arrived: Arrived) -> int:
    sizes = on_grid(propose(arrived.samples, arrived.folds, params.propose))
    return max(size.units for size in sizes if size.has_memory)


def _kept(client: Any, name: str, version: str) -> Kept | None:
    """What the registry keeps of a version; None if it kept nothing yet, or if something of it is gone or broken."""
    try:
        return provenance.read(client, name, version)
    except registered.UNREADABLE as error:
        if is_out_of_reach(error) or is_disk_full(error):
            raise
        return None


def _content(text: str) -> Content:
    content: Content = YAML(typ="safe", pure=True).load(text)
    return content


def _changed(kept: Kept, now: Content) -> tuple[str, ...]:
    """Keys whose values differ; one that only one of both has is another cellsize's, whose code DVC compares."""
    before, after = _decides(_content(kept.params)), _decides(now)
    return tuple(key for key, value in after.items() if key in before and before[key] != value)


def _decides(content: Content) -> Content:
    """Of `params.yaml` the keys that decide about sizes and models, as `section.key`."""
    found = {
        f"{section}.{key}": value
        for section in DECIDING
        for key, value in (content.get(section) or {}).items()
        if key not in NOT_DECIDING.get(section, ())
    }
    compute = content.get("search", {}).get("compute", {})
    return found | ({PRECISION: compute["precision"]} if "precision" in compute else {})
