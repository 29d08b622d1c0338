"""Promotion and roll-back by hand, in a real SQLite store."""

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
