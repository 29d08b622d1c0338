"""The refitted model of labelled sequences as files, and its probabilities."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file

from cellsize.data.classify import Classify
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import TASK, Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.errors import InputError
from cellsize.models.fitted_files import form, read_fitted, read_net, tensors
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, Forward, plain_forward, predict
from cellsize.params import Network
from cellsize.params_data import Window
from cellsize.sizing.sizes import Size
from cellsize.tasks.classification import Classification

WEIGHTS, MODEL = "weights.safetensors", "model.json"
VERSION = 1


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
        learned_from: Names of the sequences that it has learned from.
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
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors(self.fitted, self.net), folder / WEIGHTS)
        content = {
            "task": TASK,
            "version": VERSION,
            "layers": self.size.layers,
            "units": self.size.units,
            "penalty": None if self.fitted.linear is None else self.fitted.linear.penalty,
            "schema": asdict(self.schema),
            "window": self.window.model_dump(),
            "network": self.network.model_dump(),
            "longest": self.longest,
            **form(self.net),
            "learned_from": self.learned_from,
        }
        (folder / MODEL).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Reads what `save` wrote.

        Raises:
            InputError: The files have a format that this version of cellsize does not read.
        """
        content = json.loads((folder / MODEL).read_text(encoding="utf-8"))
        if content.get("version") != VERSION:
            raise InputError(
                f"{folder / MODEL}: version {content.get('version', 'none')} of the format, but this cellsize reads "
                f"{VERSION}; `dvc repro` makes build/model anew"
            )
        found, size = load_file(folder / WEIGHTS), Size(content["layers"], content["units"])
        network = Network(**content["network"])
        schema = SequenceSchema.of(content["schema"])
        fitted = read_fitted(found, content["penalty"], True, ())
        net, window = read_net(content, found, size, network), Window(**content["window"])
        longest, learned_from = int(content["longest"]), tuple(content["learned_from"])
        return cls(size, schema, window, network, fitted, net, longest, learned_from)
