"""A trial, without Ray."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from cellsize.errors import InputError
from cellsize.search import trial
from cellsize.search.shards import divide
from cellsize.search.storage import Storage
from cellsize.search.store import Store
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.ranks import Ranks
from cellsize.training.records import MoreSeeds, Result, Setting, Work
from cellsize.training.train import train

ONE = Size(1, 1)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trial").mkdir()
    monkeypatch.chdir(tmp_path / "trial")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Storage(str(tmp_path / "store")))


def told(monkeypatch: pytest.MonkeyPatch, work: Work, store: Store, training: Callable[..., Result], size: Size) -> Any:
    """What a trial reports that trains in another way."""
    monkeypatch.setattr(trial, "_training", lambda: training)
    reports: list[dict[str, Any]] = []
    trial.run(trial.configuration(divide(size, 2)[0], None), work, store, reports.append)
    return reports


@pytest.mark.parametrize("size", [ZERO, ONE, Size(2, 40)])
@pytest.mark.parametrize("seeds", [(), (1, 2)])
def test_a_configuration_names_its_shard(size: Size, seeds: tuple[int, ...]) -> None:
    setting = Setting(0.1, 0.0, 0.0)
    for shard in divide(size, 5, seeds):
        more = MoreSeeds(seeds, dict.fromkeys(shard.folds, setting)) if seeds else None
        assert trial.shard_of(trial.configuration(shard, more)) == shard


def test_the_result_is_in_the_store_and_nothing_else(work: Work, store: Store) -> None:
    reports: list[dict[str, Any]] = []
    trial.run(trial.configuration(divide(ONE, 2)[0], None), work, store, reports.append)
    assert reports == [{"check": trial.ALL_CHECKS}]
    assert store.storage.names() == ["1x1.npz"]
    loaded, directly = store.load(divide(ONE, 2)[0]), train(work, ONE)
    assert loaded is not None
    assert loaded.rows == directly.rows
    assert list(Path.cwd().iterdir()) == []


def test_a_shard_whose_result_is_there_is_not_trained_again(
    work: Work, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(divide(ZERO, 2)[0], train(work, ZERO))

    def never(*_: object) -> Result:
        raise AssertionError

    assert told(monkeypatch, work, store, never, ZERO) == [{"check": trial.ALL_CHECKS}]


def test_an_epoch_that_was_saved_is_kept_at_once_and_resumed(
    work: Work, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes | None] = []
    found: list[bytes] = []

    def training(_: Work, size: Size, checkpoint: Path, on_check: Callable[[int], None], *rest: object) -> Result:
        if checkpoint.is_file():
            found.append(checkpoint.read_bytes())
            return train(work, size)
        for check in (1, 2):
            if check == 2:
                checkpoint.write_bytes(b"after two")
            on_check(check)
            kept.append(store.storage.read("1x1.ckpt"))
        raise SystemExit  # a worker that is stopped

    with pytest.raises(SystemExit):
        told(monkeypatch, work, store, training, ONE)
    assert kept == [None, b"after two"]
    assert told(monkeypatch, work, store, training, ONE) == [{"check": trial.ALL_CHECKS}]
    assert found == [b"after two"]
    assert store.storage.names() == ["1x1.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off"])
def test_a_damaged_saved_epoch_is_removed_and_said_and_blocks_nothing(work: Work, store: Store, content: bytes) -> None:
    shard, damaged, reports = divide(ONE, 2)[0], Path("damaged"), list[dict[str, Any]]()
    damaged.write_bytes(content)
    store.keep(shard, damaged)
    damaged.unlink()
    trial.run(trial.configuration(shard, None), work, store, reports.append)
    said = {"check": 0, trial.SAID: "search: 1x1.ckpt is damaged; its shard begins anew"}
    assert reports == [said, {"check": trial.ALL_CHECKS}]
    assert store.storage.names() == ["1x1.npz"]


def test_an_error_of_the_program_is_reported_with_its_place(
    work: Work, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def training(*_: object) -> Result:
        return train(replace(work, penalties=()), ZERO)

    (report,) = told(monkeypatch, work, store, training, ZERO)
    assert report["check"] == 0
    assert "Error: " in report[trial.FAILED]
    assert "(models/penalties.py, line " in report[trial.FAILED]
    assert "\n" not in report[trial.FAILED]
    assert store.storage.names() == []


def test_bad_input_is_reported_in_its_own_words(work: Work, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def training(*_: object) -> Result:
        raise InputError("window.fill: too much; set it to 0")

    expected = [{"check": 0, trial.FAILED: "window.fill: too much; set it to 0"}]
    assert told(monkeypatch, work, store, training, ZERO) == expected


def test_a_trial_computes_with_one_thread(work: Work, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    result, threads = train(work, ZERO), list[int]()

    def counting(*_: object) -> Result:
        threads.extend(library["num_threads"] for library in threadpool_info())
        return result

    with threadpool_limits(limits=2):
        told(monkeypatch, work, store, counting, ZERO)
    assert set(threads) == {1}
    assert store.storage.names() == ["0x0.npz"]


def test_of_several_processes_the_first_one_alone_reads_and_writes_the_store_and_all_report_alike(
    work: Work, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, shard = train(work, ONE), divide(ONE, 2)[0]
    saved, found = Path("saved"), list[bool]()
    saved.write_bytes(b"state")
    store.keep(shard, saved)
    monkeypatch.setattr(trial, "REPORT_SECONDS", 0.0)

    class Told(Ranks):
        """The first one decides whether it is time."""

        def agree(self, decision: bool) -> bool:
            return True

    def training(_: Work, __: Size, checkpoint: Path, on_check: Callable[[int], None], *more: Any) -> Result:
        found.append(checkpoint.is_file())
        assert isinstance(more[-1], Told)
        on_check(1)
        return result

    monkeypatch.setattr(trial, "_training", lambda: training)
    for rank, is_finished in ((1, False), (0, True)):
        reports: list[dict[str, Any]] = []
        trial.train(trial.configuration(shard, None), work, store, reports.append, Told(rank, 2))
        assert reports == [{"check": 1, "steps": work.training.check_every}]
        assert (store.load(shard) is not None) == is_finished
    assert found == [False, True]


def test_a_lost_worker_is_no_error_of_the_program(work: Work, store: Store) -> None:
    reports: list[dict[str, Any]] = []

    def lost(*_: Any) -> None:
        raise trial.LostWorkerError("gone")

    def wrong(*_: Any) -> None:
        raise ValueError("no")

    config = trial.configuration(divide(ONE, 2)[0], None)
    with pytest.raises(trial.LostWorkerError):
        trial.run(config, work, store, reports.append, lost)
    assert reports == [{"check": 0, trial.LOST: "gone"}]
    reports.clear()
    trial.run(config, work, store, reports.append, wrong)
    assert [report[trial.FAILED].split(" (")[0] for report in reports] == ["ValueError: no"]
