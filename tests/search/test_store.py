"""Where finished shards lie, and what names them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cellsize import stage
from cellsize.search import store, versions
from cellsize.search.shards import divide
from cellsize.search.storage import Storage
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import MoreSeeds, Setting, Work
from cellsize.training.train import train

MakeWork = Callable[..., Work]
ROOT = Storage("s3://bucket/all")


def test_what_was_saved_is_found_again_by_its_name(work: Work, tmp_path: Path) -> None:
    opened = store.open_store(Storage(str(tmp_path)), work)
    shard, result = divide(ZERO, 2)[0], train(work, ZERO)
    assert opened.finished() == {}
    assert opened.load(shard) is None
    opened.save(shard, result)
    assert list(opened.finished()) == ["0x0"]
    assert opened.finished()["0x0"].size == ZERO
    loaded = opened.load(shard)
    assert loaded is not None
    assert loaded.to_bytes() == result.to_bytes()


def test_a_saved_epoch_comes_back_on_any_machine_until_its_shard_is_finished(work: Work, tmp_path: Path) -> None:
    opened = store.open_store(Storage(str(tmp_path / "store")), work)
    shard, here, there = divide(ZERO, 2)[0], tmp_path / "here.ckpt", tmp_path / "there.ckpt"
    opened.fetch(shard, there)
    assert not there.exists()
    here.write_bytes(b"an epoch")
    opened.keep(shard, here)
    opened.fetch(shard, there)
    assert there.read_bytes() == b"an epoch"
    assert opened.finished() == {}
    opened.save(shard, train(work, ZERO))
    assert opened.storage.names() == ["0x0.npz"]


def test_a_result_of_added_seeds_counts_only_with_the_settings_that_count(work: Work, tmp_path: Path) -> None:
    opened, shard = store.open_store(Storage(str(tmp_path)), work), divide(ZERO, 2, (1,))[0]
    opened.save(shard, train(work, ZERO))
    same = dict.fromkeys((0, 1), Setting(0.0, 0.0, 0.0))
    assert opened.load(shard, MoreSeeds((1,), same)) is not None
    assert opened.load(shard, MoreSeeds((1,), same | {1: Setting(0.1, 0.0, 0.0)})) is None


def test_a_result_is_kept_where_its_saved_epoch_cannot_be_removed(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, shard = store.open_store(Storage(str(tmp_path)), work), divide(ZERO, 2)[0]

    def refuse(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(Storage, "remove", refuse)
    opened.save(shard, train(work, ZERO))
    assert opened.load(shard) is not None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"text"])
def test_a_damaged_result_is_said_and_counts_as_unfinished(work: Work, tmp_path: Path, content: bytes) -> None:
    opened, lines = store.open_store(Storage(str(tmp_path)), work), list[str]()
    opened.save(divide(ZERO, 2)[0], train(work, ZERO))
    whole = opened.storage.read("0x0.npz")
    assert whole is not None
    for damaged in (content, whole[: len(whole) // 2], whole[:-1000]):
        opened.storage.write("0x0.npz", damaged)
        assert opened.finished(lines.append) == {}
        assert opened.load(divide(ZERO, 2)[0]) is None
    assert lines == [f"search: 0x0.npz in {opened.storage.address} is damaged; its shard is trained again"] * 3


def test_the_same_work_has_the_same_store(make_work: MakeWork) -> None:
    assert store.open_store(ROOT, make_work()) == store.open_store(ROOT, make_work())


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


@pytest.mark.parametrize("changes", [{"accelerator": "gpu"}, {"precision": "bf16-mixed"}], ids=str)
def test_another_device_or_precision_has_another_store(work: Work, changes: dict[str, Any]) -> None:
    assert store.key(replace(work, **changes)) != store.key(work)


def test_other_gpus_have_another_store_and_change_none_of_a_cpu(work: Work) -> None:
    on_gpus = replace(work, accelerator="gpu")
    assert len({store.key(replace(on_gpus, gpu=kind)) for kind in ("", "A100, TF32 01", "T4, TF32 01")}) == 3
    assert store.key(replace(work, gpu="A100")) == store.key(work)


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
    opened, result = store.open_store(Storage(str(tmp_path)), work), train(work, ZERO)
    for size in (Size(1, 2), Size(1, 100)):
        for shard in divide(size, 2):
            opened.save(shard, result)
    assert opened.storage.names() == ["1x100-1.npz", "1x100-2.npz", "1x2.npz"]
