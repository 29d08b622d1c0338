"""How often memory cells of a size that cross-validation chooses tell who says the vowels of the official test part.

    python -m benchmarks.vowels

Data, folds, training and rule are those of `examples/japanese-vowels`, and so are the networks: one layer in both
directions, of which the head reads the mean over the steps. Sizes are 4, 8, 16 and 32 units a direction. Models without
memory cells are no candidates here: the example asks whether cells are needed, this asks what they reach.

Size and settings are chosen on the folds of the training part, by the project's race within a size and its rule among
the sizes. The chosen size is then trained again on the whole training part with five seeds, and each of these five
labels the test part; no other size does. Beside them stand the models without memory cells, fitted on the same part.

The aim: at least 96.5 % right, the mean of five seeds, with at most 32 units a direction. Results:
`benchmarks/results/vowels.json`.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import data
from benchmarks.machine import machine
from cellsize import params_file
from cellsize.data.classify import Classify
from cellsize.data.folds import VALIDATION, Folds
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.evaluation.class_errors import errors_of, mean_errors
from cellsize.models import class_baselines
from cellsize.params import Params
from cellsize.sizing import adequacy
from cellsize.sizing.choice import learnt
from cellsize.sizing.class_records import ClassErrors
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.rules import apply
from cellsize.sizing.scores import Scores, counted, from_trials, preferred
from cellsize.sizing.sizes import Size
from cellsize.tasks import preparing, samples, schemas, splitting, windowing
from cellsize.training.records import Row, Work, frame
from cellsize.training.refit_sequences import twins
from cellsize.training.train import train

EXAMPLE = data.ROOT / "examples/japanese-vowels"
SIZES = (Size(1, 4), Size(1, 8), Size(1, 16), Size(1, 32))
SEEDS, AIM = 5, 0.965


@dataclass(frozen=True)
class Vowels:
    """The data of the example.

    Attributes:
        params: Its parameters.
        schema: What the columns mean.
        work: Sequences and folds; the holdout is the official test part, or stands for it.
    """

    params: Params
    schema: SequenceSchema
    work: Work

    @property
    def sequences(self) -> Sequences:
        """The utterances of both parts."""
        assert isinstance(self.work.samples, Sequences)
        return self.work.samples


def load(smoke: bool = False) -> Vowels:
    """Prepares and divides the example as its stages do.

    Args:
        smoke: Whether trainings are to take a second, to try the code. The validation set of the first fold then stands
            for the test part, which is no part to try things on.
    """
    params = params_file.load(EXAMPLE / "params.yaml")
    table = os.fspath((EXAMPLE / params.prepare.table).resolve())
    prepare = params.prepare.model_copy(update={"table": table})
    training = data.changed(params.search.training, **data.SMOKE) if smoke else params.search.training
    with tempfile.TemporaryDirectory() as folder:
        rows, columns, arrays, searched = (Path(folder) / name for name in ("a.parquet", "b.json", "c.npz", "d.npz"))
        preparing.prepare(params.task, prepare, params.split.holdout_part, rows, columns)
        windowing.window(rows, columns, params.window, params.split, arrays, searched)
        sequences, schema = samples.load(arrays), schemas.load(columns)
    assert isinstance(schema, SequenceSchema)
    folds = splitting.split(sequences, params.split, params.window)[0]
    if smoke:
        tried = folds.labels[0] == VALIDATION
        folds = Folds(folds.labels, holdout=tried, development=folds.development & ~tried)
    work = Work(
        samples=sequences,
        folds=folds,
        network=params.propose.network,
        training=training,
        penalties=params.baseline.penalties,
        seed=params.search.seed,
        metric=params.choose.metric,
    )
    return Vowels(params, schema, work)


def searched(work: Work) -> pd.DataFrame:
    """A row for each training of each size on the folds, as `trials.csv` has them."""
    parts = []
    for size in SIZES:
        data.say(f"{size}: {len(work.folds.labels)} folds")
        parts.append(frame(train(work, size).rows, Row))
    return pd.concat(parts, ignore_index=True)


def recipe_of(trials: pd.DataFrame, size: Size) -> Recipe:
    """What a refit trains: the setting that most folds chose, and the median of its steps, as the stage `choose`."""
    rows = counted(trials)
    rows = preferred(rows[(rows["layers"] == size.layers) & (rows["units"] == size.units)])
    setting = {key: rows[key].iloc[0] for key in ("learning_rate", "dropout", "weight_decay", "skip", "head")}
    steps = int(rows["steps"].quantile(0.5, interpolation="lower"))
    reached, start = learnt(counted(trials), size, setting["skip"])
    return Recipe(
        layers=size.layers, units=size.units, **setting, steps=steps, penalty=0.0, early_stopping_score=reached,
        start_score=start,
    )  # fmt: skip


def chosen_of(trials: pd.DataFrame, vowels: Vowels) -> tuple[Size, list[Scores], tuple[Size, ...]]:
    """The size that the rule of the example chooses of these, all scores, and the sizes that it leaves undecided."""
    scores = from_trials(trials, "the vowels", len(vowels.work.folds.labels))
    undecided = adequacy.undecided(scores, vowels.params.choose)
    return apply(scores, vowels.params.choose, {}).size, scores, undecided


def refitted(vowels: Vowels, recipe: Recipe) -> list[ClassErrors]:
    """The errors on the test part of the chosen size, trained on all of the training part, once for each seed."""
    work = replace(vowels.work, seed=vowels.params.refit.seed)
    test = np.flatnonzero(work.folds.holdout)
    truth = vowels.sequences.target[test]
    return [
        errors_of(each.probabilities(vowels.sequences, test), truth, each.fitted.scaling)
        for each in twins(work, recipe, vowels.schema, vowels.params.window, SEEDS, data.say)
    ]


def without_memory(sequences: Sequences, folds: Folds, params: Params) -> dict[str, ClassErrors]:
    """Errors on the test part of the models without memory cells, fitted on all of the training part."""
    on_folds, _ = class_baselines.score_folds(sequences, folds, params.baseline, params.choose.metric, data.say)
    fitted = class_baselines.fit(sequences, np.flatnonzero(folds.development), on_folds)
    test = np.flatnonzero(folds.holdout)
    return {
        name: errors_of(Classify.probabilities(outputs)[:, 0], sequences.target[test], fitted.scaling)
        for name, outputs in class_baselines.log_odds(sequences, fitted, test).items()
    }


def measured(smoke: bool) -> dict[str, Any]:
    """Searches, chooses, refits and scores; the content of the results."""
    vowels, on = load(smoke), machine()
    trials = searched(vowels.work)
    size, scores, undecided = chosen_of(trials, vowels)
    recipe = recipe_of(trials, size)
    data.say(f"chosen: {size}; refits of {recipe.steps} steps")
    errors = refitted(vowels, recipe)
    accuracies = [each.accuracy for each in errors]
    others = without_memory(vowels.sequences, vowels.work.folds, vowels.params)
    return {
        "machine": on,
        "sizes": [
            {"size": str(each.size), "recurrent": each.recurrent, "parameters": each.parameters,
             "normalised_log_loss": each.mean, "standard_error": each.standard_error}
            for each in scores
        ],
        "chosen": recipe.model_dump(),
        "undecided": [str(each) for each in undecided],
        "tested_sequences": int(vowels.work.folds.holdout.sum()),
        "refits": [each.model_dump() for each in errors],
        "mean": mean_errors(errors).model_dump(),
        "accuracy_standard_deviation": stdev(accuracies),
        "aim": {"accuracy": AIM, "most_units": SIZES[-1].units, "reached": fmean(accuracies) >= AIM},
        "without_memory": {name: each.model_dump() for name, each in others.items()},
    }  # fmt: skip


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="20 steps, to try the code")
    smoke = parser.parse_args().smoke
    found = measured(smoke)
    for each in found["sizes"]:
        print(f"{each['size']}: normalised log loss {each['normalised_log_loss']:.4f} ± {each['standard_error']:.4f}")
    for number, errors in enumerate(found["refits"]):
        print(f"seed {number}: {errors['accuracy']:.1%} of the test part, log loss {errors['log_loss']:.3f}")
    print(f"mean: {found['mean']['accuracy']:.2%} ± {found['accuracy_standard_deviation']:.2%} between seeds")
    for name, errors in found["without_memory"].items():
        print(f"{name}: {errors['accuracy']:.1%}, log loss {errors['log_loss']:.3f}")
    data.write("vowels", found, smoke)


if __name__ == "__main__":
    main()
