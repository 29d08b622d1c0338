"""Looks at the same rows, counted in a real SQLite store."""

from typing import Any

import pytest
from mlflow import MlflowClient

from cellsize.params import Mlflow
from cellsize.registry.looks import look
from cellsize.registry.store import connect
from cellsize.sizing.evaluation_records import Comparison
from tests.sizing.class_examples import comparison as of_sequences


@pytest.fixture
def client(settings: Mlflow) -> MlflowClient:
    made, _ = connect(settings)
    made.create_registered_model("toy")
    return made


def comparison(begin: str, end: str, **changes: Any) -> Comparison:
    plain = {
        "version": "1", "how": "served", "windows": 40, "rows_from": begin, "rows_until": end, "blocks": 20,
        "challenger": 0.4, "champion": 0.41, "margin": 1.0, "better": 0.5, "not_worse": 0.7, "smaller": False,
        "same_network": False, "newer_rows": False, "rerun": False,
    }  # fmt: skip
    return Comparison.model_validate(plain | changes)


MAY, JUNE, SUMMER = (
    comparison("2026-05-01T00:00:00", "2026-05-31T23:00:00"),
    comparison("2026-06-01T00:00:00", "2026-06-30T23:00:00"),
    comparison("2026-05-31T00:00:00", "2026-08-31T23:00:00"),
)


def test_each_version_that_looks_at_the_same_rows_counts_once(client: MlflowClient) -> None:
    assert [look(client, "toy", version, MAY) for version in ("2", "3", "4")] == [1, 2, 3]
    assert [look(client, "toy", version, MAY) for version in ("4", "2")] == [3, 1]  # registered again


def test_rows_that_nobody_has_looked_at_begin_a_new_count(client: MlflowClient) -> None:
    assert [look(client, "toy", *each) for each in (("2", MAY), ("3", JUNE), ("4", SUMMER), ("5", JUNE))] == [
        1,
        1,
        3,
        3,
    ]


def test_a_rerun_and_a_champion_that_was_not_compared_are_no_looks(client: MlflowClient) -> None:
    rerun = comparison(MAY.rows_from, MAY.rows_until, rerun=True)
    assert [look(client, "toy", *each) for each in (("2", rerun), ("3", None), ("4", MAY))] == [1, 1, 1]


def test_a_look_outlives_its_version(client: MlflowClient) -> None:
    look(client, "toy", "2", MAY)
    assert "cellsize.look.2" in client.get_registered_model("toy").tags
    assert look(client, "toy", "3", MAY) == 2


def test_counted_steps_and_zones_are_compared_as_what_they_are(client: MlflowClient) -> None:
    assert look(client, "toy", "2", comparison("900", "1000")) == 1
    assert look(client, "toy", "3", comparison("1001", "1100")) == 1  # as text it would be before 900
    assert look(client, "toy", "4", MAY) == 3  # nobody can say that these are other rows
    zoned = comparison("2026-07-01T02:00:00+02:00", "2026-07-02T00:00:00+02:00")
    assert look(client, "toy", "5", zoned) == 4
    assert look(client, "toy", "6", comparison("2026-07-01T22:00:00+00:00", "2026-07-03T00:00:00+00:00")) == 5


def test_every_look_at_sequences_counts_for_they_have_no_times_that_tell_them_apart(client: MlflowClient) -> None:
    assert [look(client, "toy", version, of_sequences()) for version in ("2", "3")] == [1, 2]
    assert look(client, "toy", "4", of_sequences(rerun=True)) == 1
    assert look(client, "toy", "5", MAY) == 3
