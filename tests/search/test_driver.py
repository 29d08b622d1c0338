"""A search whose sizes are finished needs no Ray."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize.errors import InputError
from cellsize.params import Search
from cellsize.search import driver, tune
from cellsize.search.store import open_store
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
        result.save(open_store(root, work).folder / f"{size}.npz")
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
    failed(large).save(open_store(tmp_path, work).folder / f"{LARGE}.npz")
    with pytest.raises(InputError, match="size 1x2 has no score in fold 1"):
        driver.run(work, climbing(ZERO, LARGE), search, tmp_path, lambda _: None)


def test_a_search_that_ray_gives_back_unfinished_was_interrupted(
    work: Work, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "run_trials", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        driver.run(work, climbing(ZERO), search, tmp_path, lambda _: None)
