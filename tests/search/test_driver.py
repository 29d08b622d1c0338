"""A search whose sizes are finished needs no Ray."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize.errors import InputError
from cellsize.params import Compute, Search
from cellsize.search import cluster, driver, nodes, spread, tune, versions
from cellsize.search.storage import Storage
from cellsize.search.store import key, open_store
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Result, Work
from cellsize.training.train import train
from tests.search.conftest import LARGE, SMALL, climbing, failed


@pytest.fixture
def search(params_content: Callable[[], dict[str, Any]]) -> Search:
    return Search(**params_content()["search"])


def finish(work: Work, root: Path, *sizes: Size) -> dict[Size, Result]:
    """Puts the results of some sizes into the store."""
    results = {size: train(work, size) for size in sizes}
    for size, result in results.items():
        open_store(Storage(str(root)), work).storage.write(f"{size}.npz", result.to_bytes())
    return results


def test_the_results_come_in_the_order_of_the_plan(work: Work, search: Search, tmp_path: Path) -> None:
    finish(work, tmp_path, SMALL, LARGE, ZERO)
    results = driver.run(work, climbing(ZERO, LARGE, SMALL), search, tmp_path, lambda _: None)
    assert [result.size for result in results] == [ZERO, LARGE, SMALL]


def test_a_size_that_was_finished_before_is_recorded_again(work: Work, search: Search, tmp_path: Path) -> None:
    finish(work, tmp_path, ZERO, SMALL)
    recorded, lines = list[Result](), list[str]()
    driver.run(work, climbing(ZERO, SMALL), search, tmp_path, recorded.append, lines.append)
    assert [result.size for result in recorded] == [ZERO, SMALL]
    assert lines == ["search: 2 sizes were finished before; nothing left to train"]


def test_a_wanted_size_that_failed_ends_the_search_with_its_reason(work: Work, search: Search, tmp_path: Path) -> None:
    large = finish(work, tmp_path, ZERO, LARGE)[LARGE]
    open_store(Storage(str(tmp_path)), work).storage.write(f"{LARGE}.npz", failed(large).to_bytes())
    with pytest.raises(InputError, match="size 1x2 has no score in fold 1"):
        driver.run(work, climbing(ZERO, LARGE), search, tmp_path, lambda _: None)


def test_a_search_that_ray_gives_back_unfinished_was_interrupted(
    work: Work, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "run_trials", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        driver.run(work, climbing(ZERO), search, tmp_path, lambda _: None)


def test_a_storage_that_cannot_be_written_to_is_said_before_anything_is_trained(
    work: Work, params_content: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    content = params_content()["search"]
    search = Search(**content | {"compute": content["compute"] | {"storage": str(tmp_path / "file")}})
    with pytest.raises(InputError, match=r"search.compute.storage: .*/file/.*: Not a directory; name a place"):
        driver.run(work, climbing(ZERO), search, tmp_path, lambda _: None)


def test_what_was_begun_ahead_in_vain_leaves_no_saved_epoch(work: Work, search: Search, tmp_path: Path) -> None:
    finish(work, tmp_path, ZERO)
    place = open_store(Storage(str(tmp_path)), work).storage
    place.write("1x1.ckpt", b"an epoch")
    driver.run(work, climbing(ZERO), search, tmp_path, lambda _: None)
    assert place.names() == ["0x0.npz"]


def test_an_interrupted_search_keeps_its_saved_epochs(
    work: Work, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = open_store(Storage(str(tmp_path)), work).storage
    place.write("1x1.ckpt", b"an epoch")
    monkeypatch.setattr(tune, "run_trials", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        driver.run(work, climbing(SMALL), search, tmp_path, lambda _: None)
    assert place.names() == ["1x1.ckpt"]


def test_no_file_marks_a_search_while_it_trains(
    work: Work, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever kills it then would leave it.
    left = list[Path]()
    monkeypatch.setattr(tune, "run_trials", lambda *_: left.extend(tmp_path.rglob(".reached-*")))
    with pytest.raises(KeyboardInterrupt):
        driver.run(work, climbing(ZERO), search, tmp_path, lambda _: None)
    assert left == []


def test_another_kind_of_device_has_another_store(work: Work, params_content: Callable[[], dict[str, Any]]) -> None:
    content = params_content()["search"]["compute"]
    on_gpus = driver.located(work, Compute(**content | {"gpus_per_trial": 0.5}))
    assert on_gpus.accelerator == "gpu"
    assert key(on_gpus) != key(driver.located(work, Compute(**content)))


def test_another_number_of_devices_has_the_same_store_and_only_what_is_spread_has_other_names_there(
    work: Work, params_content: Callable[[], dict[str, Any]]
) -> None:
    content = params_content()["search"]["compute"]
    one, two, left_open = (
        driver.located(work, Compute(**content | {"devices_per_trial": devices})) for devices in (1, 2, None)
    )
    assert (one.devices, two.devices, two.spread_from, left_open.devices) == (1, 2, 0.0, 1)
    assert key(one) == key(left_open) == key(two) == key(work)


def test_where_it_is_left_open_the_gpus_of_a_node_train_what_has_work_enough(
    work: Work, params_content: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = cluster.Resources((cluster.Node("a", "a", 8, 4),))
    monkeypatch.setattr(cluster, "connect", lambda _: there)
    content = params_content()["search"]["compute"] | {"devices_per_trial": None, "gpus_per_trial": None}
    lines = list[str]()
    found = driver.located(work, Compute(**content), lines.append)
    assert (found.devices, found.spread_from) == (4, spread.WORTH)
    assert lines[0].startswith("search: search.compute.gpus_per_trial is null, and 4 GPUs are there: trained on GPUs")
    assert lines[1].startswith("search: search.compute.devices_per_trial is null, and a node has up to 4 GPUs")


def test_the_kind_of_gpu_is_part_of_the_work_and_unlike_ones_are_said(
    work: Work, params_content: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "connect", lambda _: cluster.Resources((cluster.Node("a", "a", 8, 1),)))
    compute, lines = (
        Compute(**params_content()["search"]["compute"] | {"gpus_per_trial": 1.0, "address": "auto"}),
        list[str](),
    )
    for kinds in (["A100"], ["A100", "T4"]):
        monkeypatch.setattr(nodes, "kinds_of_gpus", lambda _, kinds=kinds: kinds)
        assert driver.located(work, compute, lines.append).gpu == "; ".join(kinds)
    assert lines == [
        "search: nodes have unlike GPUs (A100; T4): last digits depend on which of them trains a size",
    ]


def test_what_is_picked_where_it_is_left_open_is_said_and_nothing_else_is(
    work: Work, params_content: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The GPU node may be down just now: the numbers would be others without a word.
    monkeypatch.setattr(cluster, "connect", lambda _: cluster.Resources((cluster.Node("a", "a", 8, 0),)))
    content, lines = params_content()["search"]["compute"], list[str]()
    found = driver.located(work, Compute(**content | {"gpus_per_trial": None}), lines.append)
    assert found.accelerator == "cpu"
    (line,) = lines
    assert line == (
        "search: search.compute.gpus_per_trial is null, and no GPU is there: trained on the CPU; a number keeps to it"
    )
    monkeypatch.setattr(versions, "asked", lambda _: [])
    driver.located(work, Compute(**content | {"gpus_per_trial": 0.0}), lines.append)
    assert lines == [line]


def test_gpus_that_lie_idle_are_said(
    work: Work, params_content: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "asked", lambda what: ["A100"] if what == "name" else [])
    content, lines = params_content()["search"]["compute"] | {"gpus_per_trial": 0.0}, list[str]()
    assert driver.located(work, Compute(**content), lines.append).accelerator == "cpu"
    assert lines == [
        "search: GPUs of this machine are not used: search.compute.gpus_per_trial is 0; null asks for them"
    ]
    # What a cluster has is no matter of this machine.
    driver.located(work, Compute(**content | {"address": "auto"}), lines.append)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    driver.located(work, Compute(**content), lines.append)
    assert len(lines) == 1


def test_fused_kernels_are_refused_where_they_cannot_run(
    make_work: Callable[..., Work], params_content: Callable[[], dict[str, Any]]
) -> None:
    compute = Compute(**params_content()["search"]["compute"] | {"gpus_per_trial": 1.0})
    with pytest.raises(InputError, match=r"the device is gpu \(search.compute.gpus_per_trial\)"):
        driver.located(make_work(engine="fused"), compute)
