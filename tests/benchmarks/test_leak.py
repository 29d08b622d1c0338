"""What equal texts on both sides make of a score: texts that are learnt by heart, and say nothing of others."""

from collections.abc import Callable
from string import ascii_lowercase
from typing import Any

import numpy as np
import pytest

from benchmarks import leak
from cellsize.data.sequences import Sequences
from cellsize.sizing.sizes import ZERO
from cellsize.training.records import Work

FOLDS, FRACTION = 2, 0.34


@pytest.fixture
def names(make_texts: Callable[..., Sequences], make_class_work: Callable[..., Work]) -> Work:
    """24 names of two letters that no other has, each of 24 people; twelve names are of each class."""
    texts = [letter * 2 for letter in ascii_lowercase[:24]] * 24
    return make_class_work(make_texts(texts, classes="aaaaaaaaaaaabbbbbbbbbbbb" * 24, characters=24), folds=FOLDS)


def test_names_that_are_spread_are_known_by_heart_and_grouped_ones_not_at_all(names: Work) -> None:
    found = leak.of_both(names, {"logistic regression": ZERO}, FOLDS, FRACTION)["logistic regression"]
    assert found["spread"]["accuracy"] == 1
    assert found["spread"]["score"] < 0.5
    assert found["grouped"]["accuracy"] < 0.7
    assert found["grouped"]["score"] > 0.9


def test_no_text_of_the_holdout_is_read(names: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[Any]()

    def note(work: Work, _: object) -> dict[str, float]:
        seen.append(work.folds.labels)
        return {}

    monkeypatch.setattr(leak, "measured", note)
    leak.of_both(names, {"logistic regression": ZERO}, FOLDS, FRACTION)
    grouped, spread = seen
    assert (grouped == names.folds.labels).all()
    for labels in seen:
        assert (labels[:, ~names.folds.development] == 0).all()
    # Spread, each text before the holdout is still validated once.
    assert ((spread == 3).sum(axis=0) == names.folds.development).all()
    assert len(np.unique(spread[:, names.folds.development])) == 3
