"""Where finished shards lie, and what names them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cellsize import stage
from cellsize.search import store, versions
from cellsize.search.shards import divide
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Work
from cellsize.training.train import train

MakeWork = Callable[..., Work]


def test_what_was_saved_is_found_again_by_its_name(work: Work, tmp_path: Path) -> None:
    opened = store.open_store(tmp_path, work)
    shard = divide(ZERO, 2)[0]
    assert opened.finished() == {}
    train(work, ZERO).save(opened.result(shard))
    assert list(opened.finished()) == ["0x0"]
    assert opened.finished()["0x0"].size == ZERO
    assert opened.checkpoint(shard) == opened.folder / "0x0.ckpt"


def test_the_same_work_has_the_same_store(make_work: MakeWork, tmp_path: Path) -> None:
    assert store.open_store(tmp_path, make_work()) == store.open_store(tmp_path, make_work())


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 12},
        {"check_every": 1},
        {"maximum_steps": 12},
        {"learning_rates": [2e-2]},
        {"network": {"cell": "gru"}},
        {"network": {"skip": ["none"]}},
        {"network": {"head": ["plain", "mixed"]}},
        {"split": {"folds": 3}},
        {"metric": "mae"},
        {"seed": 7},
    ],
    ids=str,
)
def test_other_data_folds_or_parameters_have_another_store(make_work: MakeWork, changes: dict[str, object]) -> None:
    seed = changes.pop("seed", None)
    other = make_work(**changes)
    other = other if seed is None else replace(other, seed=7)
    assert store.key(other) != store.key(make_work())


def test_other_code_versions_or_kernels_have_another_store(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    key = store.key(work)
    with monkeypatch.context() as patch:
        patch.setattr(stage, "code_hash", lambda *modules: "another")
        assert store.key(work) != key
    with monkeypatch.context() as patch:
        patch.setattr(versions, "version", lambda name: "0.0.1")
        assert store.key(work) != key
    with monkeypatch.context() as patch:
        patch.setattr(versions, "_vector_extensions", lambda: ["another"])
        assert store.key(work) != key
    assert store.key(work) == key


def test_training_reads_no_table_and_knows_no_ray(make_work: MakeWork) -> None:
    # What names a shard may not change with how tables are read, or the same arrays would be trained again.
    names = {path.stem for path in stage.closure(store.CODE)}
    assert {"train", "joint", "halving", "network", "fused_lstm", "folds", "windows", "params"} <= names
    assert not names & {"table", "series", "tune", "runs", "store", "charts"}


def test_a_size_keeps_its_shards_apart(work: Work, tmp_path: Path) -> None:
    opened = store.open_store(tmp_path, work)
    paths = [opened.result(shard) for size in (Size(1, 2), Size(1, 100)) for shard in divide(size, 2)]
    assert [path.name for path in paths] == ["1x2.npz", "1x100-1.npz", "1x100-2.npz"]
