"""What new sequences are compared with: kept with each version of a model of sequences; see `reference`.

Of each sequence that the model has learned from the summaries of its features, as codes of one byte; and the losses of
its twins on their holdout. Of more than `MOST_SEQUENCES` the last ones of the table are kept.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from cellsize import files
from cellsize.data.folds import Folds
from cellsize.data.sequence_batches import summaries, there
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.lifecycle import sketch
from cellsize.lifecycle.reference import ARRAYS, MEANING
from cellsize.lifecycle.sequence_losses import SequenceLosses, frequencies, measure
from cellsize.lifecycle.sketch import Codes
from cellsize.models.classifier import Classifier
from cellsize.models.twins import load_classifiers

VERSION = 1
MOST_SEQUENCES = 5_000
SUMMARISED = ("mean", "spread", "smallest", "largest", "first", "last")  # as `sequence_batches.summaries` has them
LENGTH = "steps"


@dataclass(frozen=True)
class SequenceReference:
    """What is kept of the sequences that a model has learned from, and of its twins' holdout.

    Attributes:
        columns: Names of the summaries that are compared.
        borders: Between the bins of each, shape (columns, 254); see `sketch.borders`.
        codes: Shape (sequences, columns).
        group: Group of each sequence, as a code, shape (sequences,).
        frequencies: Of the classes in training, shape (classes,).
        holdout: Losses of the twins.
    """

    columns: tuple[str, ...]
    borders: Floats
    codes: Codes
    group: Ints
    frequencies: Floats
    holdout: SequenceLosses

    def save(self, folder: Path) -> None:
        """Writes `reference.npz` (compressed, no pickles) and `reference.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        losses = {f"holdout.{each.name}": getattr(self.holdout, each.name) for each in fields(SequenceLosses)}
        with (folder / ARRAYS).open("wb") as file:
            np.savez_compressed(
                file, allow_pickle=False, borders=self.borders, codes=self.codes, group=self.group,
                frequencies=self.frequencies, **losses,
            )  # fmt: skip
        files.write_json(folder / MEANING, {"sequences": VERSION, "columns": self.columns})

    @classmethod
    def load(cls, folder: Path) -> "SequenceReference | None":
        """Reads what `save` wrote; None if another version of cellsize wrote it, or it is not whole."""
        try:
            content = json.loads((folder / MEANING).read_text(encoding="utf-8"))
            if content.get("sequences") != VERSION:
                return None
            with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
                kept = dict(arrays)
            losses = SequenceLosses(**{each.name: kept.pop(f"holdout.{each.name}") for each in fields(SequenceLosses)})
        except (OSError, ValueError, KeyError, EOFError):
            return None
        return cls(columns=tuple(content["columns"]), holdout=losses, **kept)


def make(sequences: Sequences, folds: Folds, twins: Sequence[Classifier], served: Classifier) -> SequenceReference:
    """What is kept of a model.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout.
        twins: What was measured on it.
        served: What has learned from all sequences.
    """
    last = np.arange(len(sequences.first))[-MOST_SEQUENCES:]
    values = summarised(sequences, last, served)
    borders = np.stack([sketch.borders(column) for column in values.T])
    of_classes = frequencies(sequences, folds)
    return SequenceReference(
        columns=columns(sequences.features),
        borders=borders,
        codes=sketch.codes(values, borders),
        group=sequences.group[last].astype(np.int32),
        frequencies=of_classes,
        holdout=measure(sequences, np.flatnonzero(folds.holdout), twins, served, of_classes),
    )


def writer(sequences: Sequences, folds: Folds, twins: Path, served: Path) -> Callable[[Path], None]:
    """What writes the reference of a model into a folder, if it is registered; see `make`.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout.
        twins: Their folder.
        served: Folder of the model that is served.
    """

    def write(folder: Path) -> None:
        make(sequences, folds, load_classifiers(twins), Classifier.load(served)).save(folder)

    return write


def columns(features: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the summaries, in the order of `summarised`."""
    return (*(f"{summary} of {feature}" for summary in SUMMARISED for feature in features), LENGTH)


def summarised(sequences: Sequences, chosen: Ints, model: Classifier) -> Floats:
    """Summaries of some sequences as the model reads them before its bounds, shape (n, columns), float32.

    Args:
        sequences: Base arrays and index.
        chosen: Positions, shape (n,).
        model: Whose training says mean and standard deviation of each feature.
    """
    scaling, rows, length = model.fitted.scaling, sequences.rows(chosen), sequences.length[chosen]
    values = (sequences.inputs[rows] - (scaling.mean - sequences.offset).astype(np.float32)) / scaling.std
    longest = int(length.max())
    steps = np.zeros((len(chosen), longest, sequences.n_inputs), np.float32)
    steps[there(length, longest)] = values
    found: Floats = summaries(steps, length)[:, :-1]
    found[:, -1] = length  # and not as a fraction of the longest one, which is another among others
    return found
