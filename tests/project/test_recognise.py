"""Which task a table is for: what is asked for, what the format says, what the shape says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from cellsize.project.recognise import sequences
from cellsize.tasks import preparing, samples, splitting, windowing
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


@pytest.mark.parametrize("make", [ts, npz, lambda folder: written(folder, waves(30))])
def test_the_first_stages_take_what_init_has_written_and_hold_out_what_it_says(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    found = examine(Asked(path))
    made = params(found)
    prepare = made.prepare.model_copy(update={"table": str(path)})
    rows, schema, windows, again = (tmp_path / name for name in ("a.parquet", "b.json", "c.npz", "d.npz"))
    preparing.prepare(made.task, prepare, made.split.holdout_part, rows, schema)
    windowing.window(rows, schema, made.window, made.split, windows, again)
    parts = splitting.split(samples.load(windows), made.split, made.window)[0]
    assert f", {parts.holdout.sum()} sequences;" in said(found, "holdout")
    assert len(parts.labels) == made.split.folds


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


def test_labels_that_are_numbers_make_a_regression(tmp_path: Path) -> None:
    lines = [f"{n % 7},{n % 3}:{n % 5}.5" for n in range(30)]
    (tmp_path / "toy.ts").write_text("\n".join(["@targetLabel true", "@data", *lines]) + "\n")
    np.savez(tmp_path / "toy.npz", X=np.random.default_rng(0).normal(size=(30, 4, 2)), y=np.arange(30) / 7)
    table = waves(30).assign(price=lambda rows: rows["name"].str[1:].astype(int) / 7)
    for asked in (
        Asked(tmp_path / "toy.ts"),
        Asked(tmp_path / "toy.npz"),
        Asked(written(tmp_path, table), task="regress"),
    ):
        found = examine(asked)
        made = params(found)
        assert (made.task, made.choose.metric, made.split.scheme) == ("regress", "mse", "stratified")
        assert made.prepare.targets == ("price" if asked.task else "label",)
        assert said(found, "label").endswith(", a number")


def test_a_number_for_each_sequence_of_a_long_table_is_found_out(tmp_path: Path) -> None:
    table = waves(60).assign(wear=lambda rows: rows["name"].str[1:].astype(int) / 7).drop(columns="kind")
    for path in (written(tmp_path, table), tmp_path / "waves.parquet"):
        table.to_parquet(tmp_path / "waves.parquet", index=False)
        found = examine(Asked(path))
        made = params(found)
        assert (made.task, made.prepare.targets, made.prepare.series) == ("regress", ("wear",), "name")
        assert (made.choose.metric, made.register_.beat) == ("mse", ("mean", "ridge_linear"))
        assert said(found, "task") == (
            "task: regress, since 'wear' is a number, the same in all rows of each 'name', 'step' counts its rows, and "
            "no column holds a time; --task forecast if a forecast is meant"
        )
    assert sequences(Asked(path, task="forecast")) is None
    # On which machine a run was is what it belongs to, unless the number may be anything.
    machines = table.assign(machine=lambda rows: "m" + (rows["name"].str[1:].astype(int) // 3).astype(str))
    of_machines = sequences(Asked(written(tmp_path, machines)))
    assert of_machines is not None
    assert (of_machines.task, of_machines.columns.label) == ("regress", "wear")
    unsure = sequences(Asked(written(tmp_path, machines.assign(wear=lambda rows: rows["wear"] // 3 / 2))))
    assert unsure is not None
    assert (unsure.task, unsure.columns.label) == ("classify", "machine")
    # With times it is a table of series, of which each has a constant.
    days = table.assign(day=pd.date_range("2026-01-01", periods=len(table), freq="D").astype(str))
    assert sequences(Asked(written(tmp_path, days))) is None


def test_the_shipped_vowels_are_found_out_with_their_official_parts() -> None:
    found = examine(Asked(Path(__file__).parents[2] / "data/raw/japanese-vowels.parquet"))
    made = params(found)
    assert (made.task, made.prepare.series, made.prepare.targets) == ("classify", "utterance", ("speaker",))
    assert len(made.prepare.past_covariates) == 12
    assert made.split.holdout_part is not None
    assert (made.window.lookback, made.split.folds) == (26, 5)
    assert said(found, "holdout").startswith("holdout: the rows whose 'part' is 'test', 370 sequences;")
