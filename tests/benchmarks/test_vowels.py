"""Size and settings of the vowels are chosen without the official test part, and the chosen size alone labels it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import data, vowels
from benchmarks.vowels import SEEDS, SIZES, Vowels
from cellsize.data.folds import VALIDATION
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import Size


@pytest.fixture(scope="module")
def loaded() -> Vowels:
    return vowels.load()


def test_the_holdout_is_the_official_test_part_and_no_fold_has_any_of_it(loaded: Vowels) -> None:
    held_out = loaded.work.folds.holdout
    assert held_out.sum() == 370
    assert all(loaded.sequences.names[at].startswith("test-") for at in np.flatnonzero(held_out))
    assert (loaded.work.folds.labels[:, held_out] == 0).all()
    assert loaded.work.folds.development.sum() == 270


def test_a_trial_of_the_code_does_not_look_at_the_test_part() -> None:
    tried = vowels.load(smoke=True)
    assert tried.work.folds.holdout.sum() == (tried.work.folds.labels[0] == VALIDATION).sum() == 54
    assert not any(tried.sequences.names[at].startswith("test-") for at in np.flatnonzero(tried.work.folds.holdout))


def test_networks_are_those_of_the_example_in_both_directions_and_no_larger_than_is_asked(loaded: Vowels) -> None:
    network = loaded.work.network
    assert (network.bidirectional, network.summary, network.skip) == (True, "mean", ("none",))
    assert [size.units for size in SIZES] == [4, 8, 16, 32]
    assert {size.layers for size in SIZES} == {1}


def rows(scores: dict[Size, float]) -> pd.DataFrame:
    """Trials as a search has them: two folds whose scores differ by as much in each size, of two seeds each."""
    return pd.DataFrame([
        {"layers": size.layers, "units": size.units, "fold": fold, "seed": seed, "learning_rate": rate, "dropout": 0.0,
         "weight_decay": 0.0, "skip": "none", "head": "plain", "penalty": 0.0, "status": "ok", "steps": steps,
         "score": score + 0.001 * fold, "early_stopping_score": score, "train_score": score, "n_train": 80,
         "n_validation": 20, "recurrent": 100 * size.units, "parameters": 110 * size.units, "trained": steps}
        for size, score in scores.items()
        for fold, seed, rate, steps in ((1, 0, 0.01, 30), (1, 1, 0.01, 60), (2, 0, 0.01, 90), (2, 1, 0.03, 300))
    ])  # fmt: skip


def test_the_smallest_adequate_size_is_chosen_with_the_setting_of_most_folds_and_its_median_steps(
    loaded: Vowels,
) -> None:
    trials = rows({Size(1, 4): 0.3, Size(1, 8): 0.2, Size(1, 16): 0.1, Size(1, 32): 0.1})
    folds = replace(loaded.work.folds, labels=loaded.work.folds.labels[:2])
    two_folds = replace(loaded, work=replace(loaded.work, folds=folds))
    size, scores, undecided = vowels.chosen_of(trials, two_folds)
    assert (size, undecided) == (Size(1, 16), ())
    assert [each.size for each in scores] == list(SIZES)
    recipe = vowels.recipe_of(trials, size)
    assert recipe == Recipe(
        layers=1, units=16, learning_rate=0.01, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=60,
        penalty=0.0, early_stopping_score=0.1,
    )  # fmt: skip


def test_each_seed_labels_what_is_held_out_once_trained_on_all_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = dict[str, Any]()
    monkeypatch.setattr(data, "write", lambda name, content, smoke: written.update({name: content}))
    monkeypatch.setattr(vowels, "SIZES", (Size(1, 2), Size(1, 4)))
    monkeypatch.setattr("sys.argv", ["vowels", "--smoke"])
    vowels.main()
    found = written["vowels"]
    assert len(found["refits"]) == SEEDS == 5
    assert found["tested_sequences"] == 54
    accuracies = [each["accuracy"] for each in found["refits"]]
    assert found["mean"]["accuracy"] == pytest.approx(np.mean(accuracies))
    assert found["accuracy_standard_deviation"] == pytest.approx(np.std(accuracies, ddof=1))
    assert found["aim"] == {"accuracy": 0.965, "most_units": 4, "reached": bool(np.mean(accuracies) >= 0.965)}
    assert {"majority_class", "logistic_regression", "boosted_trees"} <= set(found["without_memory"])
    assert len(set(accuracies)) > 1  # other seeds are other networks
    assert f"mean: {np.mean(accuracies):.2%}" in capsys.readouterr().out
