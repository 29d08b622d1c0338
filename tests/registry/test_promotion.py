"""Promotion and roll-back by hand, in a real SQLite store."""

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from mlflow import MlflowClient

from cellsize.errors import InputError
from cellsize.registry.champion import current_version
from cellsize.registry.moves import history, move
from cellsize.registry.promotion import promote, rollback


@pytest.fixture
def client(with_versions: Callable[[int], MlflowClient]) -> MlflowClient:
    """A registry with three versions of `toy`, of which the first is champion."""
    made = with_versions(3)
    move(made, "toy", "1", "first", "gate", None)
    return made


def test_a_promotion_and_two_roll_backs_go_back_and_not_to_and_fro(client: MlflowClient) -> None:
    promote(client, "toy", "2", "better in summer")
    promote(client, "toy", "3", "even better")
    assert rollback(client, "toy", "errors doubled").end == "2"
    assert rollback(client, "toy", "still bad").end == "1"
    assert current_version(client, "toy") == "1"
    assert [each.why for each in history(client, "toy")] == [
        "first", "better in summer", "even better", "errors doubled", "still bad"
    ]  # fmt: skip
    with pytest.raises(InputError) as refused:
        rollback(client, "toy", "once more")
    assert str(refused.value) == (
        "toy: no champion before version 1 is known; cellsize promote toy VERSION --why REASON"
    )


def test_what_cannot_be_promoted_is_refused_with_what_can(client: MlflowClient) -> None:
    for version, why, words in (
        ("7", "x", "toy: no version 7; it has 1, 2, 3"),
        ("1", "x", "toy: version 1 is champion already; see cellsize models toy"),
        ("2", "  ", '--why: empty; say why in a few words, such as --why "errors doubled since Monday"'),
    ):
        with pytest.raises(InputError) as refused:
            promote(client, "toy", version, why)
        assert str(refused.value) == words
    with pytest.raises(InputError, match=r"^nope: no such model in this registry, which has toy$"):
        promote(client, "nope", "1", "x")
    assert [each.why for each in history(client, "toy")] == ["first"]


def test_a_champion_that_was_deleted_is_not_gone_back_to(client: MlflowClient) -> None:
    promote(client, "toy", "2", "better")
    client.delete_model_version("toy", "1")
    with pytest.raises(InputError, match=r"^toy: version 1, the champion before version 2, was deleted; cellsize prom"):
        rollback(client, "toy", "bad")
    assert current_version(client, "toy") == "2"


# The command as a shell starts it, but for the signal that it sends itself after a step.
PROMOTE = """
import os, signal, sys
from mlflow import MlflowClient
from cellsize.cli import app
name, times = sys.argv[1], int(sys.argv[2])
step, done = getattr(MlflowClient, name), 0

def killed_after(*arguments, **named):
    global done
    result, done = step(*arguments, **named), done + 1
    if done == times:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(MlflowClient, name, killed_after)
app(["promote", "toy", "2", "--why", "better in summer", "--uri", "sqlite:///store.db"])
"""
STEPS = [
    ("set_registered_model_tag", 1, False), ("set_registered_model_alias", 1, True), ("set_model_version_tag", 1, True),
    ("set_registered_model_tag", 2, True),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("step", "times", "has_moved"), STEPS, ids=[f"{name}-{times}" for name, times, _ in STEPS])
def test_a_promotion_that_was_killed_after_any_step_is_made_good_by_the_next_command(
    client: MlflowClient, step: str, times: int, has_moved: bool
) -> None:
    killed = subprocess.run([sys.executable, "-c", PROMOTE, step, str(times)], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert current_version(client, "toy") == ("2" if has_moved else "1")
    assert promote(client, "toy", "3", "even better").begin == ("2" if has_moved else "1")
    there = history(client, "toy")
    assert [each.why for each in there] == ["first", *["better in summer"] * has_moved, "even better"]
    assert all(each.finished for each in there)
    assert {alias: str(at) for alias, at in client.get_registered_model("toy").aliases.items()} == {"champion": "3"}
    # The version says of itself what the model's history says of it, or nothing.
    said = client.get_model_version("toy", "2").tags.get("cellsize.champion")
    assert said == (there[1].text() if has_moved else None)
