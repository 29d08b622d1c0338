"""Sequences of unequal length as an index over base arrays, each with one label."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cellsize import files
from cellsize.data.windows import Floats, Ints

TASK: Literal["classify"] = "classify"  # in the file, so that nobody takes it for windows
REGRESS: Literal["regress"] = "regress"
NGRAMS = 2048  # of texts: so many of the n-grams of characters, the most frequent in training, are counted
SUMMARIES = 6  # of each feature: mean, standard deviation, smallest, largest, first, last


@dataclass(frozen=True)
class Sequences:
    """Base arrays, and where each sequence lies in them.

    A row is one step of one sequence; rows are ordered by sequence, then step. Nothing is padded here: batches are.
    What `Windows` says of dimensions, this says too, so that networks, sizes and bounds are the same for both: a
    sequence has one step to be predicted, with a column for each class, or one for a number.

    Attributes:
        inputs: Features of each step less `offset`, NaN where missing, float32, shape (rows, n_inputs).
        offset: What was subtracted from each column in float64, shape (n_inputs,); see `offsets.offset_of`.
        first: First row of each sequence, shape (n,).
        length: Its steps, shape (n,).
        target: Its class, as a position in `classes`; or its number in float64, transformed as `window.transform` says,
            shape (n,).
        group: What it belongs to, a person or a machine, as a code, shape (n,); sequences of one group stay together.
        held_out: True for the sequences that the table declares as the holdout, shape (n,); empty where it does not.
        names: Their names, in order.
        features: Names of the columns.
        classes: Names of the classes; empty where the label is a number.
        longest: Steps of the longest sequence that a batch holds.
        characters: Different characters that a model may know, if the steps are characters: then `inputs` has one
            column, their code points, and networks see an indicator for each that is known and one for all others. 0:
            features are numbers.
    """

    inputs: Floats
    offset: Floats
    first: Ints
    length: Ints
    target: npt.NDArray[Any]
    group: Ints
    held_out: npt.NDArray[np.bool_]
    names: tuple[str, ...]
    features: tuple[str, ...]
    classes: tuple[str, ...]
    longest: int
    characters: int = 0

    @property
    def task(self) -> Literal["classify", "regress"]:
        """What the labels say that it is."""
        return TASK if self.classes else REGRESS

    @property
    def n_inputs(self) -> int:
        """Inputs of one step."""
        return self.characters + 1 if self.characters else int(self.inputs.shape[1])

    @property
    def n_cell_inputs(self) -> int:
        """Inputs of one step that memory cells see: all."""
        return self.n_inputs

    @property
    def n_targets(self) -> int:
        """Columns of the one step to be predicted: classes, or one number."""
        return len(self.classes) or 1

    @property
    def n_columns(self) -> int:
        """Columns that networks predict."""
        return self.n_targets

    @property
    def n_outputs(self) -> int:
        """Numbers that a network gives for each sequence, N_o: a log-odds for each class, or one."""
        return self.n_targets

    @property
    def horizon(self) -> int:
        """Steps to be predicted: one."""
        return 1

    @property
    def lookback(self) -> int:
        """Steps that a batch has."""
        return self.longest

    @property
    def cell_lookback(self) -> int:
        """The same."""
        return self.longest

    @property
    def span(self) -> int:
        """The same."""
        return self.longest

    @property
    def n_known_future(self) -> int:
        """Covariates known in future: none."""
        return 0

    @property
    def n_static(self) -> int:
        """Inputs that are constant in each sequence: none yet."""
        return 0

    @property
    def n_origin(self) -> int:
        """Columns of the calendar: none."""
        return 0

    @property
    def n_linear(self) -> int:
        """Inputs of the linear model: the summaries of each feature, the length, and a 1; of texts n-grams and a 1."""
        return NGRAMS + 1 if self.characters else SUMMARIES * self.n_inputs + 2

    def rows(self, chosen: Ints) -> Ints:
        """The rows of some sequences one after another, shape (their steps together,)."""
        first, length = self.first[chosen], self.length[chosen]
        begins = np.cumsum(length) - length
        rows: Ints = np.repeat(first - begins, length) + np.arange(length.sum())
        return rows

    def at_most(self, longest: int) -> "Sequences":
        """The same sequences as a model reads them whose batches have so many steps: of a longer one the last ones."""
        if longest == self.longest:
            return self
        length = np.minimum(self.length, longest)
        return replace(self, first=self.first + self.length - length, length=length, longest=longest)

    def save(self, path: Path) -> None:
        """Writes an uncompressed npz without pickles, whole or not at all."""
        files.write_npz(path, task=self.task, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Sequences":
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as content:
            values = {each.name: content[each.name] for each in fields(cls)}
        for key in ("names", "features", "classes"):
            values[key] = tuple(map(str, values[key]))
        for key in ("longest", "characters"):
            values[key] = int(values[key])
        return cls(**values)
