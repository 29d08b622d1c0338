"""The choice again with less evidence: every seed alone, without each fold in turn."""

from typing import Any

import pandas as pd
import pytest

from cellsize.params import Choose
from cellsize.sizing.artefacts import Repeat
from cellsize.sizing.sensitivity import choices

RULE = Choose(
    metric="mse",
    rule="best",
    margin=1.0,
    least_margin=0.001,
    probability=0.8,
    percent=2.0,
    budget="parameters",
    limit=10,
)


def rows(size: tuple[int, int], seed: int, *scores: float) -> list[dict[str, Any]]:
    """One training a fold."""
    return [
        {
            "layers": size[0], "units": size[1], "fold": fold, "seed": seed, "status": "ok", "score": score,
            "train_score": score, "n_train": 400, "n_validation": 100, "parameters": 1 + size[0] * size[1],
            "recurrent": size[0] * size[1], "early_stopping_score": score, "learning_rate": 1e-3, "dropout": 0.0,
            "weight_decay": 0.0, "skip": "none", "head": "plain",
        }
        for fold, score in enumerate(scores, start=1)
    ]  # fmt: skip


def test_each_seed_alone_without_each_fold_worked_out_by_hand() -> None:
    trials = pd.DataFrame(
        [
            *rows((0, 0), 0, 0.5, 0.5, 0.5),
            # Better in the mean of seed 0 but for its third fold; never in seed 1.
            *rows((1, 4), 0, 0.4, 0.4, 0.8),
            *rows((1, 4), 1, 0.6, 0.6, 0.6),
        ]
    )
    # Seed 0 without fold 1 or 2: 0.6 against 0.5; without fold 3: 0.4. Seed 1: always 0.6.
    assert choices(trials, RULE, {}, 3) == (
        Repeat(layers=0, units=0, count=5),
        Repeat(layers=1, units=4, count=1),
    )


@pytest.mark.parametrize("folds", [2, 3, 5])
@pytest.mark.parametrize("seeds", [1, 3])
def test_what_is_always_best_is_always_chosen(folds: int, seeds: int) -> None:
    trials = pd.DataFrame(
        [
            *rows((0, 0), 0, *[0.5] * folds),
            *(row for seed in range(seeds) for row in rows((2, 8), seed, *[0.3 + 0.01 * seed] * folds)),
        ]
    )
    repeats = seeds * (folds if folds > 2 else 1)
    assert choices(trials, RULE, {}, folds) == (Repeat(layers=2, units=8, count=repeats),)
