"""The refitted model as files, and its forecasts of windows."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from cellsize.data.schema import Schema
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.errors import InputError
from cellsize.models.fitted_files import form, read_fitted, read_net, tensors
from cellsize.models.intervals import OrderStatistics
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, Forward, forecast, plain_forward
from cellsize.params import Network
from cellsize.params_data import Window
from cellsize.sizing.sizes import Size

WEIGHTS, MODEL = "weights.safetensors", "model.json"
VERSION = 4  # of the two files together; a model of this version cannot be read by a cellsize that does not name it
# Version 3 has its tensors in a zip of torch, and no residuals.
READ, WEIGHTS_OF_3 = (3, 4), "weights.pt"


@dataclass(frozen=True)
class Forecaster:
    """Everything that a forecast needs.

    Attributes:
        size: Layers and units; (0, 0) is the ridge-linear model alone.
        schema: Meaning of the raw columns.
        window: Lookback, horizon and scales.
        network: What the candidates had in common.
        fitted: Scaling constants and the ridge-linear model.
        net: The network, or None without memory cells.
        learned_until: Time of the last row it was trained on, in ISO 8601, as `Windows.moment` counts it.
        learned_of: The same of each series that it was trained on, by name.
        residuals: Of its recipe on windows that were not learned from, for intervals; None: it has none.
        quantiles: Levels that it forecasts of each target, the median among them; none: values alone.
    """

    size: Size
    schema: Schema
    window: Window
    network: Network
    fitted: FittedFold
    net: Net | None
    learned_until: str
    learned_of: dict[str, str]
    residuals: OrderStatistics | None = None
    quantiles: tuple[float, ...] = ()

    def save(self, folder: Path) -> None:
        """Writes `model.json` and `weights.safetensors`: tensors alone, which NumPy reads too."""
        folder.mkdir(parents=True, exist_ok=True)
        scaling, linear = self.fitted.scaling, self.fitted.linear
        kept = self.residuals
        others = {} if kept is None else {"residuals__ranks": kept.ranks, "residuals__values": kept.values}
        save_file(tensors(self.fitted, self.net, **others), folder / WEIGHTS)
        content = {
            "version": VERSION,
            "layers": self.size.layers,
            "units": self.size.units,
            "penalty": linear.penalty if linear is not None else None,
            "linear_reads_past": linear is not None and linear.reads_past,
            "schema": asdict(self.schema),
            "window": self.window.model_dump(),
            "network": self.network.model_dump(),
            "learned_until": self.learned_until,
            "learned_of": self.learned_of,
            "scaled_series": scaling.names,
            **form(self.net),
            **({"quantiles": self.quantiles} if self.quantiles else {}),
        }
        (folder / MODEL).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        """Reads what `save` wrote, or what an earlier version of cellsize wrote (`READ`).

        Raises:
            InputError: The files have a format that this version of cellsize does not read.
        """
        content = json.loads((folder / MODEL).read_text(encoding="utf-8"))
        version = content.get("version", "none")
        if version not in READ:
            raise InputError(
                f"{folder / MODEL}: version {version} of the format, but this cellsize reads "
                f"{' and '.join(map(str, READ))}; `dvc repro` makes build/model anew; a registered version "
                "brings its code: load it in a process that has not imported cellsize yet"
            )
        found = load_file(folder / WEIGHTS) if version > 3 else _tensors_of_3(folder / WEIGHTS_OF_3)
        size, network = Size(content["layers"], content["units"]), Network(**content["network"])
        net = read_net(content, found, size, network)
        fitted = read_fitted(found, content["penalty"], content["linear_reads_past"], tuple(content["scaled_series"]))
        residuals = None
        if "residuals.ranks" in found:
            residuals = OrderStatistics(found["residuals.ranks"].numpy(), found["residuals.values"].numpy())
        window, schema = Window(**content["window"]), Schema.from_fields(content["schema"])
        learned_until, learned_of = content["learned_until"], content["learned_of"]
        quantiles = tuple(map(float, content.get("quantiles", ())))
        return cls(size, schema, window, network, fitted, net, learned_until, learned_of, residuals, quantiles)

    def predict(self, arrays: Windows, chosen: Ints, forward: Forward = plain_forward) -> Floats:
        """Forecasts of windows in standard deviations of the training rows.

        Args:
            arrays: Base arrays and index, made as in training.
            chosen: Positions in `arrays.first`, shape (n,).
            forward: Runs the network; see `prediction.forecast`.

        Returns:
            Shape (n, horizon, n_targets); of quantiles (n, horizon, n_targets · levels), see `Forecast`.
        """
        if arrays.quantiles != self.quantiles:
            arrays = replace(arrays, quantiles=self.quantiles)
        networks = [] if self.net is None else [self.net]
        return forecast(arrays, self.fitted, networks, chosen, forward)[0]


def _tensors_of_3(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a model that was written before safetensors were; no object is unpickled."""
    tensors: dict[str, torch.Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    return tensors
