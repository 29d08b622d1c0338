"""Parts of a GPU, counted."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellsize.data.batches import CHUNK
from cellsize.search.shards import divide
from cellsize.search.shares import ACTIVATIONS, CONTEXT, COPIES, need, share
from cellsize.sizing.sizes import Size
from cellsize.training.records import Work


def test_the_memory_worked_out_by_hand(make_work: Callable[..., Work]) -> None:
    # One setting and two networks of one seed that run to the end, in two folds. 1x2 has 56 recurrent parameters, 8 of
    # its head and 18 of its linear skip connection (test_estimate.py); a window spans 3 + 2 steps of 3 inputs.
    work = make_work()
    activations = CHUNK * 5 * (2 + 3) * ACTIVATIONS
    assert need(Size(1, 2), 2, work) == CONTEXT + 4 * (COPIES * 2 * 3 * (56 + 8 + 18) + activations)


@pytest.mark.parametrize(("memory", "parts"), [(80e9, 8), (8.2e9, 8), (4.5e9, 4), (2.2e9, 2), (1e9, 1), (1e6, 1)])
def test_a_small_size_takes_as_small_a_part_as_its_process_needs(
    make_work: Callable[..., Work], memory: float, parts: int
) -> None:
    part = share(divide(Size(1, 2), 2)[0], make_work(), memory)
    assert part * parts <= 1
    assert part == pytest.approx(1 / parts, abs=1e-4)


def test_a_whole_gpu_where_nobody_knows_its_memory(make_work: Callable[..., Work]) -> None:
    assert share(divide(Size(1, 2), 2)[0], make_work(), None) == 1.0


@given(st.integers(1, 3), st.integers(1, 4000), st.floats(1e8, 1e11))
def test_a_larger_size_never_takes_less(make_work: Callable[..., Work], layers: int, units: int, memory: float) -> None:
    work = make_work()
    small, large = divide(Size(layers, units), 2)[0], divide(Size(layers, units + 100), 2)[0]
    if small.folds == large.folds:
        assert share(small, work, memory) <= share(large, work, memory)
