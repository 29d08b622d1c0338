"""The nearest training sequence by dynamic time warping."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import Sequences
from cellsize.models import nearest_neighbour
from cellsize.models.nearest_neighbour import LEFT_OUT, drawn, is_installed, log_odds, nearest, sureness

measured = pytest.mark.skipif(not is_installed(), reason=LEFT_OUT)


@measured
def test_a_training_sequence_is_nearest_to_itself(make_sequences: Callable[..., Sequences]) -> None:
    sequences = make_sequences()
    train = np.arange(18)
    found = nearest(sequences, fit_scaling(sequences, train), train, train)
    np.testing.assert_array_equal(found, train)


@measured
def test_a_slower_run_of_the_same_shape_is_nearer_than_another_shape() -> None:
    rise, slow, fall = [0.0, 1.0, 2.0], [0.0, 0.0, 1.0, 1.0, 2.0, 2.0], [2.0, 1.0, 0.0]
    values, length = np.array([rise + fall + slow]).T.astype(np.float32), np.array([3, 3, 6])
    sequences = Sequences(
        inputs=values, offset=np.zeros(1), first=np.array([0, 3, 6]), length=length, target=np.array([0, 1, 0]),
        group=np.arange(3), held_out=np.empty(0, np.bool_), names=("rise", "fall", "slow"), features=("x",),
        classes=("up", "down"), longest=6,
    )  # fmt: skip
    train = np.array([0, 1])
    assert nearest(sequences, fit_scaling(sequences, train), train, np.array([2])).tolist() == [0]


@measured
def test_what_is_behind_the_end_of_a_sequence_does_not_count(make_sequences: Callable[..., Sequences]) -> None:
    sequences = make_sequences()
    train, chosen = np.arange(18), np.arange(18, 36)
    scaling = fit_scaling(sequences, train)
    longer = replace(sequences, longest=sequences.longest + 5)
    expected = nearest(sequences, scaling, train, chosen)
    np.testing.assert_array_equal(nearest(longer, scaling, train, chosen), expected)


def test_many_training_sequences_are_drawn_and_the_same_each_time(
    make_sequences: Callable[..., Sequences], monkeypatch: pytest.MonkeyPatch
) -> None:
    sequences, train = make_sequences(), np.arange(30)
    np.testing.assert_array_equal(drawn(sequences, train, np.arange(30, 36)), train)
    monkeypatch.setattr(nearest_neighbour, "MOST_PAIRS", 1)
    monkeypatch.setattr(nearest_neighbour, "LEAST", 7)
    some = drawn(sequences, train, np.arange(30, 36))
    assert len(some) == len(np.unique(some)) == 7
    np.testing.assert_array_equal(some, drawn(sequences, train, np.arange(30, 36)))


def test_a_neighbour_is_never_certain_and_never_less_probable_than_any_other_class() -> None:
    assert sureness(8, 8, 3) == 0.9
    assert sureness(0, 8, 2) == 0.5


def test_the_other_classes_share_what_is_left() -> None:
    np.testing.assert_allclose(np.exp(log_odds(np.array([2]), 0.8, 3)), [[[0.1, 0.1, 0.8]]], rtol=1e-6)
