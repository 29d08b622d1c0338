"""A logistic regression that labels noisy sequences, what is kept with it, and new tables of sequences."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.data import sequence_arrays, sequence_history, sequence_table, stratified
from cellsize.data.folds import Folds
from cellsize.data.sequence_history import SequenceHistory
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.lifecycle import sequence_reference
from cellsize.lifecycle.sequence_losses import frequencies, measure
from cellsize.lifecycle.sequence_reference import SequenceReference
from cellsize.models.classifier import Classifier
from cellsize.params_data import Prepare, Split, Window
from cellsize.sizing.sizes import ZERO
from cellsize.training.records import Setting, Work
from cellsize.training.refit import refit_size
from cellsize.training.refit_sequences import learned_from

LEARNED = 300  # sequences of the model's table
PATH = Path("table.csv")


@dataclass(frozen=True)
class KnownClassifier:
    """A model with the sequences that it comes from."""

    model: Classifier
    sequences: Sequences
    folds: Folds
    frame: pd.DataFrame
    schema: SequenceSchema
    prepare: Prepare
    split: Split
    reference: SequenceReference
    history: SequenceHistory


def sequences_table(
    begin: int, end: int, level: float = 0.0, noise: float = 1.5, people: int = 0, classes: str = "ab"
) -> pd.DataFrame:
    """Sequences of 4 to 8 steps: `x` tells the classes apart, `z` is noise, and `level` is added to it.

    With `people` each so many sequences have the same person.
    """
    parts = []
    for number in range(begin, end):
        draw, code = np.random.default_rng([number, 3]), number % len(classes)
        steps = int(draw.integers(4, 9))
        values = {"x": code + noise * draw.standard_normal(steps), "z": level + draw.standard_normal(steps)}
        who = number // people if people else number
        named = {"name": f"s{number}", "step": np.arange(steps), "kind": classes[code], "who": f"p{who}"}
        parts.append(pd.DataFrame(named | values))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def make_known_classifier(
    make_prepare: Callable[..., Prepare],
    make_split: Callable[..., Split],
    make_window: Callable[..., Window],
    make_class_work: Callable[..., Work],
) -> Callable[..., KnownClassifier]:
    """The model, and what is kept with it; see `sequences_table`."""

    def make(people: int = 0) -> KnownClassifier:
        prepare = make_prepare(
            time="step", series="name", targets=("kind",), past_covariates=("x", "z"), calendar=(), frequency="step",
            group="who" if people else None,
        )  # fmt: skip
        frame, schema = sequence_table.clean(sequences_table(0, LEARNED, people=people), PATH, prepare, None)
        window = make_window(horizon=1, lookback=10)
        sequences = sequence_arrays.build(frame, schema, window)
        split = make_split(fraction=0.34, scheme="stratified", folds=2)
        folds = stratified.split(sequences, split)
        work = make_class_work(sequences)

        def trained(development: np.ndarray) -> Classifier:
            of_it = Work(
                sequences, Folds(folds.labels, ~development, development), work.network, work.training, (1.0,), 1,
                "log_loss",
            )  # fmt: skip
            fitted, net = refit_size(of_it, ZERO, Setting(0, 0, 0), 1.0, 0)
            learned = learned_from(of_it)
            return Classifier(ZERO, schema, window, work.network, fitted, net, sequences.longest, learned)

        served, twin = trained(np.ones(LEARNED, np.bool_)), trained(folds.development)
        return KnownClassifier(
            model=served,
            sequences=sequences,
            folds=folds,
            frame=frame,
            schema=schema,
            prepare=prepare,
            split=split,
            reference=sequence_reference.make(
                sequences, folds, [twin], served, measure, frequencies(sequences, folds), "log_loss"
            ),
            history=sequence_history.history_of(frame, schema, None),
        )

    return make


@pytest.fixture(scope="session")
def labels(make_known_classifier: Callable[..., KnownClassifier]) -> KnownClassifier:
    """The plain one."""
    return make_known_classifier()
