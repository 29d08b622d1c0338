"""Texts are summarised by the shares of their characters."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from cellsize.data.sequence_batches import fit_scaling
from cellsize.data.sequences import Sequences
from cellsize.lifecycle.sequence_reference import columns, summarised


def test_shares_of_known_characters_then_of_all_others_then_the_length(make_texts: Callable[..., Sequences]) -> None:
    texts = make_texts(["aab", "abx", "bb"])
    model: Any = SimpleNamespace(fitted=SimpleNamespace(scaling=fit_scaling(texts, np.arange(3))))
    compared = np.array([ord("a"), ord("b")])
    assert columns(texts, compared) == ("share of 'a'", "share of 'b'", "share of all other characters", "characters")
    found = summarised(texts, np.arange(3), model, compared)
    np.testing.assert_allclose(
        found, np.array([[2 / 3, 1 / 3, 0, 3], [1 / 3, 1 / 3, 1 / 3, 3], [0, 1, 0, 2]]), atol=1e-6
    )
