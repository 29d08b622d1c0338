"""Promotion and roll-back by hand."""

from mlflow import MlflowClient

from cellsize.errors import InputError
from cellsize.registry import moves
from cellsize.registry.champion import current_version
from cellsize.registry.moves import Move
from cellsize.registry.store import require_model


def promote(client: MlflowClient, name: str, version: str, why: str) -> Move:
    """Makes a version champion, whatever the gate said of it.

    Args:
        client: Of the registry.
        name: The model.
        version: The version.
        why: The reason, which is kept.

    Raises:
        InputError: There is no such model or version, no reason, it is champion already, or another one moves the
            alias at the same time.
    """
    _require_reason(why)
    require_model(client, name)
    there = sorted(int(each.version) for each in client.search_model_versions(f"name = '{name}'"))
    if version not in map(str, there):
        raise InputError(f"{name}: no version {version}; it has {', '.join(map(str, there)) or 'none'}")
    now = current_version(client, name)
    if now == version:
        moves.heal(client, name)
        raise InputError(f"{name}: version {version} is champion already; see cellsize models {name}")
    return moves.move(client, name, version, why, "promote", now)


def rollback(client: MlflowClient, name: str, why: str) -> Move:
    """Makes the champion before the present one champion again; a second roll-back goes one further back.

    Args:
        client: Of the registry.
        name: The model.
        why: The reason, which is kept. The gate never promotes the version again that was taken back.

    Raises:
        InputError: There is no such model, no champion before this one, no reason, or another one moves the alias.
    """
    _require_reason(why)
    require_model(client, name)
    now = current_version(client, name)
    back = moves.before(moves.heal(client, name))
    by_hand = f"cellsize promote {name} VERSION --why REASON"
    if now is None or back is None:
        raise InputError(f"{name}: no champion before {f'version {now}' if now else 'now'} is known; {by_hand}")
    if not client.search_model_versions(f"name = '{name}' and version_number = {int(back)}"):
        raise InputError(f"{name}: version {back}, the champion before version {now}, was deleted; {by_hand}")
    return moves.move(client, name, back, why, "rollback", now)


def _require_reason(why: str) -> None:
    if not why.strip():
        raise InputError('--why: empty; say why in a few words, such as --why "errors doubled since Monday"')
