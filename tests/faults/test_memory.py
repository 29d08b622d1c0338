"""The machine refuses memory to a trial: it is trained again, and the answer is the same."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cellsize.params import Search
from cellsize.search import driver
from cellsize.sizing.sizes import Size
from cellsize.training.records import Work
from cellsize.training.train import train
from tests.faults.conftest import one_worker
from tests.search.conftest import climbing

pytestmark = pytest.mark.slow

SIZE = Size(1, 4)  # one shard


@pytest.fixture
def cluster() -> Iterator[None]:
    """Ray on this machine, whose worker asks for more than it may have, at its first training."""

    def starved() -> None:
        import resource

        import psutil
        import torch

        from cellsize.training import train as module

        learn, refused = module.train, list[str]()

        def first_refused(*given: Any) -> Any:
            if not refused:
                refused.append("once")
                before = resource.getrlimit(resource.RLIMIT_AS)
                resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms, before[1]))
                try:
                    torch.ones(1 << 28)
                finally:
                    resource.setrlimit(resource.RLIMIT_AS, before)
            return learn(*given)

        module.train = first_refused  # type: ignore[assignment]

    with one_worker(starved):
        yield


def test_a_trial_that_runs_out_of_memory_is_trained_again_and_costs_nothing_else(
    make_work: Callable[..., Work], params_content: Callable[[], dict[str, Any]], cluster: None, tmp_path: Path
) -> None:
    work = make_work(steps=60, maximum_steps=60, patience=60, split={"folds": 2})
    content = params_content()["search"]
    search = Search.model_validate(content | {"compute": content["compute"] | {"storage": str(tmp_path / "stored")}})
    lines = list[str]()
    results = driver.run(work, climbing(SIZE), search, tmp_path / "here", lambda _: None, lines.append)
    (said,) = [line for line in lines if "tried again" in line]
    assert said.startswith("search: 1 × 4 failed and is tried again: RuntimeError: ")
    assert "can't allocate memory" in said
    assert results[0].rows == train(work, SIZE).rows
