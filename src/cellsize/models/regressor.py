"""The refitted model of sequences with numbers as files, its numbers, and their intervals."""

from dataclasses import dataclass
from pathlib import Path

from cellsize.data.regress import Regress
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import FORWARD, Floats, Ints
from cellsize.models import sequence_files
from cellsize.models.intervals import OrderStatistics, bounds
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, Forward, plain_forward, predict
from cellsize.params import Network
from cellsize.params_data import Window
from cellsize.sizing.sizes import Size
from cellsize.tasks.regression import Regression


@dataclass(frozen=True)
class Regressor:
    """Everything that gives a sequence its number.

    Attributes:
        size: Layers and units; (0, 0) is the ridge regression alone.
        schema: Meaning of the raw columns.
        window: The most steps that are read of a sequence, and the transformation of the numbers.
        network: What the candidates had in common.
        fitted: Scaling constants, those of the numbers among them, and the ridge regression.
        net: The network, or None without memory cells.
        longest: Steps of the longest sequence that it was trained on: of one that is longer its last ones are read.
        learned_from: Digests of the names of the sequences that it has learned from; see `sequence_files.digest`.
        residuals: Of the search's validation sequences, which intervals are made of; None: there are none.
    """

    size: Size
    schema: SequenceSchema
    window: Window
    network: Network
    fitted: FittedFold
    net: Net | None
    longest: int
    learned_from: tuple[str, ...] = ()
    residuals: OrderStatistics | None = None

    def outputs(self, sequences: Sequences, chosen: Ints, forward: Forward = plain_forward) -> Floats:
        """Numbers in standard deviations of the (transformed) training ones, shape (n, 1, 1); see `numbers`."""
        networks = [] if self.net is None else [self.net]
        sequences = sequences.at_most(self.longest)
        return predict(Regression(sequences), sequences, self.fitted, networks, chosen, forward)[0]

    def numbers(self, sequences: Sequences, chosen: Ints, forward: Forward = plain_forward) -> Floats:
        """Numbers of some sequences in the unit of the table, float64, shape (n,).

        Args:
            sequences: Base arrays and index, made as in training.
            chosen: Their positions, shape (n,).
            forward: Runs the network; see `prediction.predict`.
        """
        return self.original(self.outputs(sequences, chosen, forward))

    def original(self, outputs: Floats) -> Floats:
        """Undoes scaling and transformation, shape (n,)."""
        return Regress.of(self.fitted.scaling).original(outputs, self.window.transform)

    def scaled(self, numbers: Floats) -> Floats:
        """The inverse of `original`: float64, shape (n, 1, 1)."""
        scale = Regress.of(self.fitted.scaling)
        scaled: Floats = (FORWARD[self.window.transform](numbers) - scale.mean) / scale.std
        return scaled[:, None, None]

    def interval(self, outputs: Floats, level: float) -> tuple[Floats, Floats]:
        """Lower and upper ends of the intervals of a level in the unit of the table, shape (n,) each.

        Args:
            outputs: What `outputs` gave.
            level: Probability, between 0 and 1.

        Raises:
            InputError: There are too few residuals for this level.
        """
        assert self.residuals is not None
        lower, upper = bounds(self.residuals, level)
        return self.original(outputs + lower), self.original(outputs + upper)

    def save(self, folder: Path) -> None:
        """Writes `model.json` and `weights.safetensors`."""
        kept = self.residuals
        arrays = {} if kept is None else {"residuals__ranks": kept.ranks, "residuals__values": kept.values}
        sequence_files.save(self, folder, **arrays)

    @classmethod
    def load(cls, folder: Path) -> "Regressor":
        """Reads what `save` wrote.

        Raises:
            InputError: The files have a format that this version of cellsize does not read.
        """
        parts, found = sequence_files.load(folder)
        kept = None
        if "residuals.ranks" in found:
            kept = OrderStatistics(found["residuals.ranks"].numpy(), found["residuals.values"].numpy())
        return cls(*parts, kept)
