"""Sequences of unequal length as an index over base arrays, each with one label."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from cellsize import files
from cellsize.data.windows import Floats, Ints

TASK: Literal["classify"] = "classify"  # in the file, so that nobody takes it for windows
SUMMARIES = 6  # of each feature: mean, standard deviation, smallest, largest, first, last


@dataclass(frozen=True)
class Sequences:
    """Base arrays, and where each sequence lies in them.

    A row is one step of one sequence; rows are ordered by sequence, then step. Nothing is padded here: batches are.
    What `Windows` says of dimensions, this says too, so that networks, sizes and bounds are the same for both: a
    sequence has one step to be predicted, with a column for each class.

    Attributes:
        inputs: Features of each step less `offset`, float32, shape (rows, n_inputs).
        offset: What was subtracted from each column in float64, shape (n_inputs,); see `offsets.offset_of`.
        first: First row of each sequence, shape (n,).
        length: Its steps, shape (n,).
        target: Its class, as a position in `classes`, shape (n,).
        group: What it belongs to, a person or a machine, as a code, shape (n,); sequences of one group stay together.
        held_out: True for the sequences that the table declares as the holdout, shape (n,); empty where it does not.
        names: Their names, in order.
        features: Names of the columns.
        classes: Names of the classes.
        longest: Steps of the longest sequence that a batch holds.
    """

    inputs: Floats
    offset: Floats
    first: Ints
    length: Ints
    target: Ints
    group: Ints
    held_out: npt.NDArray[np.bool_]
    names: tuple[str, ...]
    features: tuple[str, ...]
    classes: tuple[str, ...]
    longest: int

    @property
    def n_inputs(self) -> int:
        """Inputs of one step."""
        return int(self.inputs.shape[1])

    @property
    def n_cell_inputs(self) -> int:
        """Inputs of one step that memory cells see: all."""
        return self.n_inputs

    @property
    def n_targets(self) -> int:
        """Columns of the one step to be predicted: classes."""
        return len(self.classes)

    @property
    def n_columns(self) -> int:
        """Columns that networks predict."""
        return self.n_targets

    @property
    def n_outputs(self) -> int:
        """Numbers that a network gives for each sequence, N_o: a log-odds for each class."""
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
        """Inputs of the linear model: the summaries of each feature, the length, and a 1."""
        return SUMMARIES * self.n_inputs + 2

    def rows(self, chosen: Ints) -> Ints:
        """The rows of some sequences one after another, shape (their steps together,)."""
        first, length = self.first[chosen], self.length[chosen]
        begins = np.cumsum(length) - length
        rows: Ints = np.repeat(first - begins, length) + np.arange(length.sum())
        return rows

    def save(self, path: Path) -> None:
        """Writes an uncompressed npz without pickles, whole or not at all."""
        files.write_npz(path, task=TASK, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Sequences":
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as content:
            values = {each.name: content[each.name] for each in fields(cls)}
        for key in ("names", "features", "classes"):
            values[key] = tuple(map(str, values[key]))
        values["longest"] = int(values["longest"])
        return cls(**values)
