"""A size in pieces for several workers, and whole again."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize.search.shards import UNITS, divide, join
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training import train
from cellsize.training.records import Work

MakeWork = Callable[..., Work]


@given(layers=st.integers(1, 6), units=st.integers(1, 400), folds=st.integers(2, 12))
def test_every_fold_is_in_one_shard_and_no_two_have_one_name(layers: int, units: int, folds: int) -> None:
    shards = divide(Size(layers, units), folds)
    assert [fold for shard in shards for fold in shard.folds] == list(range(folds))
    assert all(shard.folds for shard in shards)
    assert len({shard.name for shard in shards}) == len(shards)


@pytest.mark.parametrize(
    ("size", "names"),
    [
        (ZERO, ["0x0"]),
        (Size(1, 2 * UNITS - 1), [f"1x{2 * UNITS - 1}"]),
        (Size(1, 2 * UNITS), [f"1x{2 * UNITS}-1-2-3", f"1x{2 * UNITS}-4-5"]),
        (Size(2, UNITS), [f"2x{UNITS}-1-2-3", f"2x{UNITS}-4-5"]),
        (Size(1, 50 * UNITS), [f"1x{50 * UNITS}-{fold}" for fold in (1, 2, 3, 4, 5)]),
    ],
    ids=str,
)
def test_the_more_units_the_more_shards_up_to_one_for_each_fold(size: Size, names: list[str]) -> None:
    assert [shard.name for shard in divide(size, 5)] == names


@pytest.mark.parametrize("size", [ZERO, Size(1, 3)], ids=str)
def test_the_folds_apart_and_joined_are_the_folds_together(make_work: MakeWork, size: Size) -> None:
    work = make_work(
        split={"folds": 3}, seeds=2, learning_rates=[1e-3, 1e-2], rungs=[3], network={"skip": ["none", "joint"]}
    )
    whole = train.train(work, size)
    parts = [train.train(work, size, folds=folds) for folds in ((0,), (1, 2))]
    joined = join(parts)
    # A taller stack of products may round otherwise on another processor, and no more than that.
    assert [(row.fold, row.seed, row.learning_rate, row.status) for row in joined.rows] == [
        (row.fold, row.seed, row.learning_rate, row.status) for row in whole.rows
    ]
    scores = [[row.score for row in result.rows if row.score is not None] for result in (joined, whole)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)
    assert [check.step for check in joined.checks] == [check.step for check in whole.checks]
    np.testing.assert_allclose(joined.residuals, whole.residuals, rtol=1e-3, atol=1e-4)
    assert np.array_equal(joined.residual_windows, whole.residual_windows)
    assert joined.seconds == sum(part.seconds for part in parts)


def test_on_gpus_each_fold_of_a_size_is_a_shard_of_its_own() -> None:
    # Four devices have something to do before a second size may begin.
    assert [shard.name for shard in divide(Size(1, 1), 4, on_gpu=True)] == ["1x1-1", "1x1-2", "1x1-3", "1x1-4"]
    assert [shard.name for shard in divide(Size(1, 1), 2, (2, 3), on_gpu=True)] == ["1x1s3s4-1", "1x1s3s4-2"]
    assert [shard.name for shard in divide(ZERO, 4, on_gpu=True)] == ["0x0"]
