"""Moves of the alias, in a real SQLite store; two processes at once; and what an interruption leaves."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow import MlflowClient

from cellsize.errors import InputError
from cellsize.registry import moves
from cellsize.registry.champion import current_version
from cellsize.registry.moves import Move, before, heal, history, move, taken_back


@pytest.fixture
def client(with_versions: Callable[[int], MlflowClient]) -> MlflowClient:
    """A registry with four versions of `toy`, none of them champion."""
    return with_versions(4)


def listed(entries: list[Move]) -> list[tuple[str | None, str, str]]:
    return [(each.begin, each.end, each.kind) for each in entries]


def aliases(client: MlflowClient) -> dict[str, str]:
    return {alias: str(version) for alias, version in client.get_registered_model("toy").aliases.items()}


def test_every_move_is_written_on_the_model_and_on_the_version(client: MlflowClient) -> None:
    move(client, "toy", "1", "first of all", "gate", None)
    move(client, "toy", "3", "looks better", "promote", "1")
    assert current_version(client, "toy") == "3"
    assert listed(history(client, "toy")) == [(None, "1", "gate"), ("1", "3", "promote")]
    tags = client.get_registered_model("toy").tags
    assert sorted(tags) == ["cellsize.move.0001", "cellsize.move.0002"]
    written = json.loads(tags["cellsize.move.0002"])
    assert {key: written[key] for key in ("from", "to", "why", "kind", "finished")} == {
        "from": "1", "to": "3", "why": "looks better", "kind": "promote", "finished": True,
    }  # fmt: skip
    assert written["who"]
    assert written["when"].endswith("+00:00")
    assert client.get_model_version("toy", "3").tags["cellsize.champion"] == tags["cellsize.move.0002"]


def test_in_ci_whoever_started_the_workflow_has_moved_it(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    assert move(client, "toy", "1", "first", "gate", None).who == "ada"


def test_a_challenger_that_becomes_champion_is_none_any_more(client: MlflowClient) -> None:
    client.set_registered_model_alias("toy", "challenger", "2")
    move(client, "toy", "1", "first", "gate", None)
    assert aliases(client) == {"champion": "1", "challenger": "2"}
    move(client, "toy", "2", "better", "gate", "1")
    assert aliases(client) == {"champion": "2"}


def test_who_decided_about_another_champion_stops(client: MlflowClient) -> None:
    move(client, "toy", "1", "first", "gate", None)
    move(client, "toy", "2", "better", "gate", "1")
    with pytest.raises(InputError) as refused:
        move(client, "toy", "3", "better than 1", "gate", "1")
    assert str(refused.value) == (
        "toy: the champion has moved meanwhile, from version 1 to version 2; see cellsize models toy, and decide again"
    )
    assert listed(history(client, "toy")) == [(None, "1", "gate"), ("1", "2", "gate")]
    assert current_version(client, "toy") == "2"


class KilledError(Exception):
    """In place of a signal."""


@pytest.mark.parametrize(
    ("step", "method", "after", "champion"),
    [
        (1, "set_registered_model_tag", True, "1"),  # written, nothing moved
        (2, "set_registered_model_alias", False, "1"),
        (3, "set_registered_model_alias", True, "2"),  # moved, the version does not say so
        (4, "set_model_version_tag", True, "2"),  # the model does not say that it was finished
    ],
)
def test_a_move_that_was_killed_heals_at_the_next_command(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, step: int, method: str, after: bool, champion: str
) -> None:
    move(client, "toy", "1", "first", "gate", None)
    real = getattr(client, method)

    def killed(*arguments: Any) -> None:
        if after:
            real(*arguments)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(client, method, killed)
        with pytest.raises(KilledError):
            move(client, "toy", "2", "better", "promote", "1")
    assert current_version(client, "toy") == champion
    healed = heal(client, "toy")
    assert healed == history(client, "toy")
    assert all(each.finished for each in healed)
    assert listed(healed) == [(None, "1", "gate"), *([("1", "2", "promote")] if champion == "2" else [])]
    if champion == "2":
        assert json.loads(client.get_model_version("toy", "2").tags["cellsize.champion"])["why"] == "better"
    # And whoever tries again is not in the way of what was left.
    move(client, "toy", "3", "again", "promote", champion)
    assert current_version(client, "toy") == "3"
    assert [each.number for each in history(client, "toy")] == list(range(1, len(healed) + 2))


def test_a_move_by_something_else_is_written_down(client: MlflowClient) -> None:
    client.set_registered_model_alias("toy", "champion", "1")  # before cellsize kept moves
    assert listed(heal(client, "toy")) == [(None, "1", "outside")]
    move(client, "toy", "2", "better", "gate", "1")
    client.set_registered_model_alias("toy", "champion", "4")
    assert listed(heal(client, "toy")) == [(None, "1", "outside"), ("1", "2", "gate"), ("2", "4", "outside")]
    assert history(client, "toy")[-1].who == "unknown"
    assert heal(client, "toy") == history(client, "toy")  # once


def test_another_token_under_the_same_number_stops_the_first(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a tracking server, where no lock keeps two apart: the other one writes after us.
    move(client, "toy", "1", "first", "gate", None)
    real = client.set_registered_model_tag

    def beaten(name: str, key: str, text: str) -> None:
        real(name, key, text)
        real(name, key, Move(2, "1", "4", "other", "2026-01-01T00:00:00+00:00", "mine", "promote", "0").text())

    monkeypatch.setattr(client, "set_registered_model_tag", beaten)
    with pytest.raises(InputError, match=r"^toy: another promotion was begun in this moment; see cellsize models toy$"):
        move(client, "toy", "2", "better", "promote", "1")
    assert current_version(client, "toy") == "1"


def test_an_alias_that_moves_between_the_two_looks_stops_the_second(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(client, "toy", "1", "first", "gate", None)
    real = client.set_registered_model_tag

    def moved(name: str, key: str, text: str) -> None:
        real(name, key, text)
        client.set_registered_model_alias(name, "champion", "4")

    monkeypatch.setattr(client, "set_registered_model_tag", moved)
    with pytest.raises(InputError, match="has moved meanwhile, from version 1 to version 4"):
        move(client, "toy", "2", "better", "promote", "1")
    monkeypatch.undo()
    assert current_version(client, "toy") == "4"
    assert listed(history(client, "toy")) == [(None, "1", "gate")]  # nothing of ours is left


@contextlib.contextmanager
def no_lock(_: str) -> Iterator[bool]:
    """As on a tracking server."""
    yield False


def test_a_move_that_is_under_way_is_left_alone_until_it_is_finished(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(client, "toy", "1", "first", "gate", None)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    theirs = Move(2, "1", "4", "other", now, "mine", "promote", "0")
    client.set_registered_model_tag("toy", theirs.key, theirs.text())
    waited = list[float]()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        client.set_registered_model_alias("toy", "champion", "4")
        client.set_registered_model_tag("toy", theirs.key, replace(theirs, finished=True).text())

    monkeypatch.setattr(moves, "moving", no_lock)
    monkeypatch.setattr(moves, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: float(len(waited))))
    assert listed(heal(client, "toy")) == [(None, "1", "gate"), ("1", "4", "promote")]
    assert len(waited) == 1
    # One that was begun long ago is not waited for: whoever began it was killed.
    old = replace(theirs, number=3, begin="4", end="2", when="2026-01-01T00:00:00+00:00")
    client.set_registered_model_tag("toy", old.key, old.text())
    assert listed(heal(client, "toy")) == [(None, "1", "gate"), ("1", "4", "promote")]
    assert len(waited) == 1


def test_of_two_who_begin_together_without_a_lock_who_wrote_last_goes_on(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(client, "toy", "1", "first", "gate", None)
    ended = dict[str, str]()
    real = moves.history

    def promote(version: str) -> None:
        if version in ended:
            return
        ended[version] = "waits"
        before = real(client, "toy")[:1]  # both have read it before either wrote
        with monkeypatch.context() as patched:
            patched.setattr(moves, "_healed", lambda *_: before)
            try:
                move(client, "toy", version, "mine", "promote", "1")
                ended[version] = "moved"
            except moves.MovedError as error:
                ended[version] = str(error)

    monkeypatch.setattr(moves, "moving", no_lock)
    monkeypatch.setattr(moves, "time", SimpleNamespace(sleep=lambda _: promote("2"), monotonic=time.monotonic))
    promote("3")
    # 3 wrote, then 2 wrote over it and went to its end while 3 waited.
    assert ended["2"] == "moved"
    assert "another promotion was begun in this moment" in ended["3"]
    assert current_version(client, "toy") == "2"
    assert listed(real(client, "toy")) == [(None, "1", "gate"), ("1", "2", "promote")]


def entries(*listed: tuple[str | None, str, str]) -> list[Move]:
    return [
        Move(number + 1, begin, end, "", "", "", kind, "", finished=True)  # type: ignore[arg-type]
        for number, (begin, end, kind) in enumerate(listed)
    ]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([], None),
        ([(None, "1", "gate")], None),
        ([(None, "1", "gate"), ("1", "2", "gate")], "1"),
        ([("7", "8", "gate")], "7"),  # nobody wrote down how 7 became champion
        ([(None, "1", "gate"), ("1", "2", "gate"), ("2", "3", "promote"), ("3", "2", "rollback")], "1"),
        ([(None, "1", "gate"), ("1", "2", "gate"), ("2", "1", "rollback")], None),  # and not 2 again
        ([(None, "1", "gate"), ("1", "2", "gate"), ("2", "1", "rollback"), ("1", "3", "gate")], "1"),
        ([(None, "1", "gate"), ("1", "2", "gate"), ("2", "1", "promote")], "2"),  # by hand is no roll-back
    ],
)
def test_the_champion_before_is_the_last_that_was_not_taken_back(made: list[Any], expected: str | None) -> None:
    assert before(entries(*made)) == expected


def test_a_version_is_taken_back_until_it_is_champion_again() -> None:
    made = [(None, "1", "gate"), ("1", "2", "gate"), ("2", "1", "rollback")]
    back = taken_back(entries(*made), "2")
    assert back is not None
    assert back.number == 3
    assert taken_back(entries(*made), "1") is None
    assert taken_back(entries(*made, ("1", "2", "promote")), "2") is None
    assert taken_back(entries(*made[:2], ("2", "3", "gate")), "2") is None  # replaced is not taken back


PROMOTER = """
import sys, time
from pathlib import Path
from cellsize.registry import moves, store
from cellsize.registry.promotion import promote
client, version = store.open_registry(sys.argv[1]), sys.argv[2]
Path(f"ready.{version}").touch()
while len(list(Path().glob("ready.*"))) < 2:
    time.sleep(0.001)
print(promote(client, "toy", version, "mine").end)
"""


@pytest.mark.slow
def test_of_two_promoters_at_once_the_second_sees_that_the_alias_has_moved_and_stops(client: MlflowClient) -> None:
    move(client, "toy", "1", "first", "gate", None)
    for number in range(3):
        champion = current_version(client, "toy")
        pair = [version for version in ("2", "3", "4") if version != champion][:2]
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", PROMOTER.replace("ready", f"ready{number}"), "sqlite:///store.db", version],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
            )
            for version in pair
        ]  # fmt: skip
        ended = [process.communicate(timeout=120) for process in processes]
        won = [out.strip() for out, _ in ended if out.strip()]
        last = history(client, "toy")[-1]
        assert current_version(client, "toy") == last.end
        assert all(each.finished for each in history(client, "toy"))
        # Either the second decided while the first was at work, and stopped; or it began only after, and knew of it.
        if len(won) == 1:
            assert won == [last.end]
            (error,) = (error for _, error in ended if error)
            assert "the champion has moved meanwhile, from version" in error
        else:
            assert history(client, "toy")[-1].begin == history(client, "toy")[-2].end
        assert len(won) >= 1


def test_tags_of_moves_are_told_from_others(client: MlflowClient) -> None:
    client.set_registered_model_tag("toy", "cellsize.look.1", "{}")
    client.set_registered_model_tag("toy", "team", "weather")
    assert history(client, "toy") == []
