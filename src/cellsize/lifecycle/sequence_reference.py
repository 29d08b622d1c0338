"""What new sequences are compared with: kept with each version of a model of sequences; see `reference`.

Of each sequence that the model has learned from the summaries of its features, as codes of one byte; and the losses of
its twins on their holdout. Of more than `MOST_SEQUENCES` the last ones of the table are kept. A text is summarised by
the shares of its characters, and by their number.

Texts repeat, and one that the model knows by heart says nothing of its error on others. Where equal ones are kept
together, no text of the holdout was known to the twins; so a new one counts for the error if it equals none of before,
and of the holdout those do that equal no other text of the table: each of them was as new to all the rest.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cellsize import files
from cellsize.data import characters
from cellsize.data.duplicates import digests
from cellsize.data.folds import Folds
from cellsize.data.sequence_batches import summaries, there
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.lifecycle import sketch
from cellsize.lifecycle.reference import ARRAYS, MEANING
from cellsize.lifecycle.sequence_losses import M, Measure, SequenceLosses
from cellsize.lifecycle.sketch import Codes
from cellsize.models.classifier import Classifier
from cellsize.models.prediction import plain_forward
from cellsize.models.regressor import Regressor
from cellsize.params import Metric

VERSION, HOLDOUT = 1, "holdout."
MOST_SEQUENCES = 5_000
SUMMARISED = ("mean", "spread", "smallest", "largest", "first", "last")  # as `sequence_batches.summaries` has them
LENGTH, OTHERS, CHARACTERS = "steps", "share of all other characters", "characters"
# Of texts. A character that few texts have is not compared by itself: whether it is known is no chance of old texts.
MOST_CHARACTERS, FEWEST_TEXTS = 30, 5


@dataclass(frozen=True)
class SequenceReference:
    """What is kept of the sequences that a model has learned from, and of its twins' holdout.

    Attributes:
        columns: Names of the summaries that are compared.
        borders: Between the bins of each, shape (columns, 254); see `sketch.borders`.
        codes: Shape (sequences, columns).
        group: Group of each sequence, as a code, shape (sequences,).
        constant: The best constant in training: frequencies of the classes, shape (classes,), or a number, shape (1,).
        characters: Code points that are compared one by one, of texts; else empty.
        contents: Digests of all texts that the model has learned from, where equal ones are kept together; else empty.
        metric: By which errors are compared.
        holdout: Losses of the twins; None where each text of the holdout is there more than once.
    """

    columns: tuple[str, ...]
    borders: Floats
    codes: Codes
    group: Ints
    constant: Floats
    characters: Ints
    contents: npt.NDArray[np.uint64]
    metric: Metric
    holdout: SequenceLosses | None

    def save(self, folder: Path) -> None:
        """Writes `reference.npz` (compressed, no pickles) and `reference.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        names = [each.name for each in fields(SequenceLosses)] if self.holdout is not None else []
        losses = {f"{HOLDOUT}{name}": getattr(self.holdout, name) for name in names}
        with (folder / ARRAYS).open("wb") as file:
            np.savez_compressed(
                file, allow_pickle=False, borders=self.borders, codes=self.codes, group=self.group,
                constant=self.constant, characters=self.characters, contents=self.contents, **losses,
            )  # fmt: skip
        files.write_json(folder / MEANING, {"sequences": VERSION, "columns": self.columns, "metric": self.metric})

    @classmethod
    def load(cls, folder: Path) -> "SequenceReference | None":
        """Reads what `save` wrote; None if another version of cellsize wrote it, or it is not whole."""
        try:
            content = json.loads((folder / MEANING).read_text(encoding="utf-8"))
            if content.get("sequences") != VERSION:
                return None
            with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
                kept = dict(arrays)
            of_holdout = {name: kept.pop(name) for name in list(kept) if name.startswith(HOLDOUT)}
            losses = {name.removeprefix(HOLDOUT): values for name, values in of_holdout.items()}
            holdout = SequenceLosses(**losses) if losses else None
            return cls(columns=tuple(content["columns"]), metric=content["metric"], holdout=holdout, **kept)
        except (OSError, ValueError, KeyError, EOFError):
            return None


def make(
    sequences: Sequences, folds: Folds, twins: Sequence[M], served: M, measure: Measure[M], constant: Floats,
    metric: Metric,
) -> SequenceReference:  # fmt: skip
    """What is kept of a model.

    Args:
        sequences: Base arrays and index.
        folds: Which sequences are the holdout.
        twins: What was measured on it.
        served: What has learned from all sequences.
        measure: Measures such models.
        constant: The best constant in training; see `SequenceReference.constant`.
        metric: By which errors are compared.
    """
    last = np.arange(len(sequences.first))[-MOST_SEQUENCES:]
    compared = _compared(sequences, served)
    values = summarised(sequences, last, served, compared)
    borders = np.stack([sketch.borders(column) for column in values.T])
    holdout, contents = np.flatnonzero(folds.holdout), np.empty(0, np.uint64)
    if sequences.characters:
        of_each = digests(sequences)
        found, counts = np.unique(of_each, return_counts=True)
        if not np.isin(of_each[holdout], of_each[folds.development]).any():  # equal ones are kept together
            contents, holdout = found, holdout[np.isin(of_each[holdout], found[counts == 1])]
    return SequenceReference(
        columns=columns(sequences, compared),
        borders=borders,
        codes=sketch.codes(values, borders),
        group=sequences.group[last].astype(np.int32),
        constant=constant,
        characters=compared,
        contents=contents,
        metric=metric,
        holdout=measure(sequences, holdout, twins, served, constant, plain_forward) if holdout.size else None,
    )


def unlike(reference: SequenceReference, sequences: Sequences, chosen: Ints) -> Ints:
    """Of some sequences the positions of those that equal none that the model knows by heart."""
    if not reference.contents.size:
        return chosen
    found: Ints = chosen[~np.isin(digests(sequences)[chosen], reference.contents)]
    return found


def columns(sequences: Sequences, compared: Ints) -> tuple[str, ...]:
    """Names of the summaries, in the order of `summarised`.

    Args:
        sequences: Name the features.
        compared: Code points that are compared one by one, of texts.
    """
    if sequences.characters:
        return (*(f"share of {chr(point)!r}" for point in compared), OTHERS, CHARACTERS)
    return (*(f"{summary} of {feature}" for summary in SUMMARISED for feature in sequences.features), LENGTH)


def summarised(sequences: Sequences, chosen: Ints, model: Classifier | Regressor, compared: Ints) -> Floats:
    """Summaries of some sequences as the model reads them before its bounds, shape (n, columns), float32.

    Args:
        sequences: Base arrays and index.
        chosen: Positions, shape (n,).
        model: Whose training says mean and standard deviation of each feature, or which characters are known.
        compared: Code points that are compared one by one, of texts.
    """
    scaling, rows, length = model.fitted.scaling, sequences.rows(chosen), sequences.length[chosen]
    if sequences.characters:
        assert scaling.characters is not None
        places = [int(np.flatnonzero(scaling.characters == point)[0]) for point in compared]
        shares = characters.shares(sequences, scaling, chosen)[:, places]
        return np.column_stack([shares, 1 - shares.sum(axis=1), length]).astype(np.float32)
    values = (sequences.inputs[rows] - (scaling.mean - sequences.offset).astype(np.float32)) / scaling.std
    longest = int(length.max())
    steps = np.zeros((len(chosen), longest, sequences.n_inputs), np.float32)
    steps[there(length, longest)] = values
    found: Floats = summaries(steps, length)[:, :-1]
    found[:, -1] = length  # and not as a fraction of the longest one, which is another among others
    return found


def _compared(sequences: Sequences, model: Classifier | Regressor) -> Ints:
    """The most frequent characters that are in enough texts; none of features."""
    known = model.fitted.scaling.characters
    if known is None:
        return np.empty(0, np.int64)
    last = np.arange(len(sequences.first))[-MOST_SEQUENCES:]
    texts = (characters.shares(sequences, model.fitted.scaling, last)[:, : len(known)] > 0).sum(axis=0)
    found: Ints = known[:MOST_CHARACTERS][texts[:MOST_CHARACTERS] >= FEWEST_TEXTS]
    return found
