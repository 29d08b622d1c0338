"""The refitted model of labelled sequences as files, and its probabilities."""

from dataclasses import dataclass
from pathlib import Path

from cellsize.data.classify import Classify
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.models import sequence_files
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, Forward, plain_forward, predict
from cellsize.params import Network
from cellsize.params_data import Window
from cellsize.sizing.sizes import Size
from cellsize.tasks.classification import Classification


@dataclass(frozen=True)
class Classifier:
    """Everything that labels a sequence.

    Attributes:
        size: Layers and units; (0, 0) is the logistic regression alone.
        schema: Meaning of the raw columns, and the classes.
        window: The most steps that are read of a sequence.
        network: What the candidates had in common.
        fitted: Scaling constants and the logistic regression.
        net: The network, or None without memory cells.
        longest: Steps of the longest sequence that it was trained on: of one that is longer its last ones are read.
        learned_from: Digests of the names of the sequences that it has learned from; see `sequence_files.digest`.
    """

    size: Size
    schema: SequenceSchema
    window: Window
    network: Network
    fitted: FittedFold
    net: Net | None
    longest: int
    learned_from: tuple[str, ...] = ()

    def probabilities(self, sequences: Sequences, chosen: Ints, forward: Forward = plain_forward) -> Floats:
        """Probability of each class of some sequences, float64, shape (n, classes).

        Args:
            sequences: Base arrays and index, made as in training.
            chosen: Their positions, shape (n,).
            forward: Runs the network; see `prediction.predict`.
        """
        networks = [] if self.net is None else [self.net]
        sequences = sequences.at_most(self.longest)
        outputs = predict(Classification(sequences), sequences, self.fitted, networks, chosen, forward)[0]
        probabilities: Floats = Classify.probabilities(outputs)[:, 0]
        return probabilities

    def save(self, folder: Path) -> None:
        """Writes `model.json` and `weights.safetensors`."""
        sequence_files.save(self, folder)

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Reads what `save` wrote.

        Raises:
            InputError: The files have a format that this version of cellsize does not read.
        """
        parts, _ = sequence_files.load(folder)
        return cls(*parts)
