"""Moves of the alias `champion`: who moved it, from where, to where, when and why; and back again.

MLflow keeps no history of an alias, and knows no compare-and-set. So each move is a tag of the registered model with
the next number. It is written before the alias moves, and holds a token: of two who write the same number at once the
second's stays, and the first sees that it is not its own.

    1. write cellsize.move.0007 on the model     killed after this: a later command takes it away, nothing has moved
    2. wait, read it, and the alias, once more   another's token, or another version: stop
    3. set the alias                             killed after this: the next command writes what is missing
    4. write cellsize.champion on the version
    5. write on the model that it is finished

The wait is longer than it takes from reading the history to 1. So of two who begin together, both see the token that
was written last, and one of them stops (Fischer's algorithm of mutual exclusion). And a move that is under way is left
alone for a while. Only who is held up for longer than that may still do harm; a look afterwards finds it, and says it.
Where the store has a lock (a SQLite file, a PostgreSQL opened directly) not even that is left, and nobody waits.
"""

import getpass
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from mlflow import MlflowClient

from cellsize.errors import InputError
from cellsize.registry.champion import CHALLENGER, CHAMPION, current_version
from cellsize.registry.conflicts import moving, repeated

MOVE, VERSION = "cellsize.move.", "cellsize.champion"
Kind = Literal["gate", "promote", "rollback", "outside"]
# Without a lock, in seconds: from our tag to the look whether another's has replaced it; and how long a move that was
# begun may take before it counts as killed.
SETTLES, UNDER_WAY = 2.0, 30.0


class MovedError(InputError):
    """Another one has moved the alias, or moves it in this moment: what was decided, was decided about another."""


@dataclass(frozen=True)
class Move:
    """One move of the alias.

    Attributes:
        number: Which one it is, from 1.
        begin: Version before it, or None.
        end: Version after it.
        who: Who moved it.
        when: In ISO 8601, UTC.
        why: The reason.
        kind: By the gate, by hand, back, or by something else than cellsize.
        token: Tells moves with one number apart.
        finished: Whether the alias has moved and the version says so.
    """

    number: int
    begin: str | None
    end: str
    who: str
    when: str
    why: str
    kind: Kind
    token: str
    finished: bool = False

    def text(self) -> str:
        """As a tag: JSON with `from` and `to`."""
        content = asdict(self)
        content.pop("number")
        return json.dumps({"from": content.pop("begin"), "to": content.pop("end"), **content})

    @classmethod
    def read(cls, key: str, text: str) -> "Move":
        """What `text` wrote under a key."""
        content = json.loads(text)
        return cls(int(key.removeprefix(MOVE)), content.pop("from"), content.pop("to"), **content)

    @property
    def key(self) -> str:
        """Name of its tag."""
        return f"{MOVE}{self.number:04d}"


def history(client: MlflowClient, name: str) -> list[Move]:
    """All moves of a model's champion, the first one first."""
    return _seen(client, name)[0]


def _seen(client: MlflowClient, name: str) -> tuple[list[Move], str | None]:
    """The moves and the champion at one moment: seen one after the other they may not fit together."""
    model = client.get_registered_model(name)
    moves = [Move.read(key, text) for key, text in model.tags.items() if key.startswith(MOVE)]
    champion = model.aliases.get(CHAMPION)
    return sorted(moves, key=lambda move: move.number), None if champion is None else str(champion)


def heal(client: MlflowClient, name: str) -> list[Move]:
    """Finishes or takes away a move that was interrupted, and writes down one that something else has made.

    Returns:
        The history after it.
    """
    with moving(str(client.tracking_uri)) as is_locked:
        return _healed(client, name, is_locked)


def _healed(client: MlflowClient, name: str, is_locked: bool) -> list[Move]:
    """See `heal`; under the lock, if there is one."""
    moves, current = _seen(client, name)
    deadline = time.monotonic() + UNDER_WAY
    while not is_locked and moves and _is_under_way(moves[-1]) and time.monotonic() < deadline:
        time.sleep(0.2)
        moves, current = _seen(client, name)
    last = moves[-1] if moves else None
    if last is not None and not last.finished:
        if current == last.end:
            moves[-1] = last = _finish(client, name, last)
        else:  # the alias has not moved, and nobody was told that it had
            repeated(client.delete_registered_model_tag, name, last.key)
            moves.pop()
            last = moves[-1] if moves else None
    if current is not None and current != (last.end if last else None):
        why = "not written down: before cellsize kept moves, or by something else"
        new = _move(moves, last.end if last else None, current, "unknown", why, "outside")
        moves.append(_finish(client, name, new))
    return moves


def move(client: MlflowClient, name: str, end: str, why: str, kind: Kind, begin: str | None) -> Move:
    """Moves the alias, and writes the move down.

    Args:
        client: Of the registry.
        name: The model.
        end: The version that becomes champion.
        why: The reason.
        kind: See `Move`.
        begin: The version that was champion when this was decided, or None.

    Raises:
        MovedError: Another one has moved the alias since.
    """
    with moving(str(client.tracking_uri)) as is_locked:
        moves = _healed(client, name, is_locked)
        _require(name, begin, current_version(client, name))
        new = _move(moves, begin, end, _who(), why, kind)
        repeated(client.set_registered_model_tag, name, new.key, new.text())
        if not is_locked:
            time.sleep(SETTLES)
        moves, current = _seen(client, name)
        if new not in moves:
            raise MovedError(f"{name}: another promotion was begun in this moment; see cellsize models {name}")
        try:
            _require(name, begin, current)
        except MovedError:
            _withdraw(client, name, new, current, moves)
            raise
        repeated(client.set_registered_model_alias, name, CHAMPION, end)
        new = _finish(client, name, new)
        if str(client.get_registered_model(name).aliases.get(CHALLENGER)) == end:
            repeated(client.delete_registered_model_alias, name, CHALLENGER)
        moves, current = _seen(client, name)
        if new not in moves or current != end:
            raise MovedError(
                f"{name}: another promotion has moved the alias in this moment; see cellsize models {name}"
            )
        return new


def before(moves: list[Move]) -> str | None:
    """The champion before the present one: that of the last promotion which was not taken back; None if there is none.

    A roll-back of a roll-back goes one champion further back, and not to and fro.
    """
    reigns: list[str] = []
    for each in moves:
        if each.kind == "rollback":
            reigns = reigns[:-1]
        else:
            reigns += [each.begin] if not reigns and each.begin is not None else []
            reigns.append(each.end)
    return reigns[-2] if len(reigns) > 1 else None


def taken_back(moves: list[Move], version: str) -> Move | None:
    """The roll-back from a version, if it has not become champion again since."""
    for each in reversed(moves):
        if each.end == version:
            return None
        if each.kind == "rollback" and each.begin == version:
            return each
    return None


def _finish(client: MlflowClient, name: str, new: Move) -> Move:
    finished = replace(new, finished=True)
    repeated(client.set_model_version_tag, name, new.end, VERSION, finished.text())
    repeated(client.set_registered_model_tag, name, new.key, finished.text())
    return finished


def _is_under_way(last: Move) -> bool:
    """Whether a move has begun a moment ago and is not finished; clocks of machines differ by less."""
    return not last.finished and (datetime.now(UTC) - datetime.fromisoformat(last.when)).total_seconds() < UNDER_WAY


def _withdraw(client: MlflowClient, name: str, new: Move, current: str | None, moves: list[Move]) -> None:
    """Takes an own move away; what it was written over was another's, which the version says too."""
    told = None if current is None else client.get_model_version(name, current).tags.get(VERSION)
    if told is not None:
        other = Move.read(new.key, told)
        if other.begin == new.begin and other.token not in {each.token for each in moves}:
            repeated(client.set_registered_model_tag, name, new.key, told)
            return
    repeated(client.delete_registered_model_tag, name, new.key)


def _require(name: str, begin: str | None, now: str | None) -> None:
    if now != begin:
        was, there = (f"version {version}" if version else "none" for version in (begin, now))
        raise MovedError(
            f"{name}: the champion has moved meanwhile, from {was} to {there}; see cellsize models {name}, and decide "
            "again"
        )


def _move(moves: list[Move], begin: str | None, end: str, who: str, why: str, kind: Kind) -> Move:
    number = moves[-1].number + 1 if moves else 1
    return Move(
        number, begin, end, who, datetime.now(UTC).isoformat(timespec="seconds"), why, kind, secrets.token_hex(8)
    )


def _who() -> str:
    """Who is at work: in CI whoever started the workflow."""
    try:
        return os.environ.get("GITHUB_ACTOR") or getpass.getuser()
    except (OSError, KeyError):  # a container knows no name for its number
        return "unknown"
