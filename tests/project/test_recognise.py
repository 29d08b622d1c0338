"""Which task a table is for: what is asked for, what the format says, what the shape says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from cellsize.project.recognise import sequences
from tests.project.conftest import params, said
from tests.project.test_examine_sequences import waves, written


def ts(folder: Path) -> Path:
    lines = [f"{n % 7},{n % 3},?:{'ab'[n % 2]}" for n in range(30)]
    (folder / "toy.ts").write_text("\n".join(["@classLabel true a b", "@data", *lines]) + "\n")
    return folder / "toy.ts"


def npz(folder: Path) -> Path:
    values = np.random.default_rng(0).normal(size=(30, 4, 2))
    np.savez(folder / "toy.npz", X=values, y=np.arange(30) % 2 == 0, lengths=1 + np.arange(30) % 4)
    return folder / "toy.npz"


@pytest.mark.parametrize("make", [ts, npz])
def test_a_format_of_sequences_is_recognised(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    found = examine(Asked(make(tmp_path)))
    made = params(found)
    assert (made.task, made.prepare.series, made.prepare.time) == ("classify", "sequence", "step")
    assert (made.prepare.targets, made.register_.name) == (("label",), "toy")
    assert "file holds labelled sequences" in said(found, "task")


def test_a_table_with_times_or_without_a_label_of_text_is_for_a_forecast(hourly: Callable[..., Path]) -> None:
    assert sequences(Asked(hourly())) is None
    assert sequences(Asked(hourly(kind="a"))) is None


def test_what_is_asked_for_is_followed(tmp_path: Path) -> None:
    path = written(tmp_path, waves(12).assign(kind=lambda rows: rows["kind"] == "a"))
    assert sequences(Asked(path, task="forecast")) is None
    assert said(examine(Asked(path, task="classify")), "task") == "task: classify, as asked for"


def test_an_option_of_forecasts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="--horizon is for forecasts, and labelled sequences have no time; leave it out"
    ):
        sequences(Asked(ts(tmp_path), horizon=3))


def test_persons_that_cannot_be_divided_are_no_group_and_it_is_said(tmp_path: Path) -> None:
    table = waves(30)
    table["person"] = table["name"].str[1:].astype(int) % 3
    found = examine(Asked(written(tmp_path, table)))
    assert params(found).prepare.group is None
    assert said(found, "remark") == (
        "remark: 'person' may say what sequences belong to, and they cannot be divided by it; --group person says why"
    )
    with pytest.raises(InputError, match=r"class 'a' has \d values of 'person'|split\."):
        examine(Asked(written(tmp_path, table), group="person"))
