"""The refitted model as files, and forecasts from rows in the user's own columns and units."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from cellsize.data import series, windows
from cellsize.data.batches import Scaling, original
from cellsize.data.folds import Fold
from cellsize.data.schema import SERIES, TIME, Schema
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.errors import InputError
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, forecast
from cellsize.models.ridge_linear import RidgeLinear
from cellsize.params import Network, Window
from cellsize.sizing.sizes import Shape, Size

WEIGHTS, MODEL = "weights.pt", "model.json"
NOWHERE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Forecaster:
    """Everything that a forecast needs.

    Attributes:
        size: Layers and units; (0, 0) is the linear map alone.
        schema: Meaning of the raw columns.
        window: Lookback, horizon and scales.
        network: What the candidates had in common.
        part: Scaling constants and the linear map.
        net: The network, or None without memory cells.
        learned_until: Time of the last row it was trained on, in ISO 8601, as `Windows.moment` counts it.
    """

    size: Size
    schema: Schema
    window: Window
    network: Network
    part: FittedFold
    net: Net | None
    learned_until: str

    def save(self, folder: Path) -> None:
        """Writes `model.json` and `weights.pt`: tensors only, loadable without pickles."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {"mean": self.part.scaling.mean, "deviation": self.part.scaling.std}
        if self.part.linear is not None:
            tensors["linear"] = self.part.linear.weights
        state = {f"scale.{name}": torch.from_numpy(array) for name, array in tensors.items()}
        if self.net is not None:
            state |= {f"net.{name}": weight.contiguous().clone() for name, weight in self.net.state_dict().items()}
        torch.save(state, folder / WEIGHTS)
        described = {
            "layers": self.size.layers,
            "units": self.size.units,
            "penalty": self.part.linear.penalty if self.part.linear is not None else None,
            "linear_sees": self.part.linear is not None and self.part.linear.seen,
            "schema": asdict(self.schema),
            "window": self.window.model_dump(),
            "network": self.network.model_dump(),
            "learned_until": self.learned_until,
            "shape": asdict(self.net.shape) if self.net is not None else None,
        }
        (folder / MODEL).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        """Reads what `save` wrote."""
        described = json.loads((folder / MODEL).read_text(encoding="utf-8"))
        state = torch.load(folder / WEIGHTS, weights_only=True, map_location="cpu")
        size, network = Size(described["layers"], described["units"]), Network(**described["network"])
        net = None
        if described["shape"] is not None:
            net = Net(size, network, Shape(**described["shape"]))
            net.load_state_dict({key[4:]: value for key, value in state.items() if key.startswith("net.")})
            net.eval()
        linear = state["scale.linear"].numpy() if "scale.linear" in state else None
        part = FittedFold(
            Fold(NOWHERE, NOWHERE, NOWHERE),
            Scaling(state["scale.mean"].numpy(), state["scale.deviation"].numpy()),
            None if linear is None else RidgeLinear(linear, described["penalty"], described["linear_sees"]),
            float("inf"),
        )
        window = Window(**described["window"])
        schema = Schema.from_fields(described["schema"])
        return cls(size, schema, window, network, part, net, described["learned_until"])

    def predict(self, arrays: Windows, chosen: Ints) -> Floats:
        """Forecasts of windows in deviations of the training rows, shape (n, horizon, n_targets)."""
        nets = [] if self.net is None else [self.net]
        return forecast(arrays, self.part, nets, chosen)[0]

    def forecast(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Forecasts what follows the last observed target of each series.

        Args:
            rows: Recent history in the raw table's columns and units, any number of series, at least
                `window.lookback` steps each. Columns known in future need rows for the horizon too, with
                the targets left empty.

        Returns:
            `window.horizon` rows for each series: its id, the time, and a column for each target.

        Raises:
            InputError: A column is missing or unreadable, or a series is too short.
        """
        name = self.schema.series or SERIES
        frame = series.clean(rows, Path("the rows given"), self.schema)
        parts = [self._extend(part) for _, part in frame.groupby(SERIES, sort=True)]
        arrays = windows.base(pd.concat(parts, ignore_index=True), self.schema, self.window)
        arrays = replace(arrays, first=np.arange(len(parts)) * arrays.span)
        made = original(arrays, self.part.scaling, self.predict(arrays, np.arange(len(parts))))
        ahead = pd.concat([part.iloc[arrays.lookback :] for part in parts], ignore_index=True)
        result = pd.DataFrame({name: ahead[SERIES], "time": ahead[TIME]})
        for column, target in enumerate(self.schema.targets):
            result[target] = made[:, :, column].reshape(-1)
        return result

    def _extend(self, part: pd.DataFrame) -> pd.DataFrame:
        """One series cut to the last window that can be forecast: lookback rows seen, horizon rows to come."""
        lookback, horizon, step = self.window.lookback, self.window.horizon, self.schema.step
        name, targets = part[SERIES].iloc[0], list(self.schema.targets)
        observed = np.flatnonzero(part[targets].notna().all(axis=1).to_numpy())
        origin = int(observed[-1]) if observed.size else -1
        if origin + 1 < lookback:
            raise InputError(
                f"series {name!r}: {origin + 1} rows up to the last observed target, but the model looks back "
                f"{lookback}; send more history"
            )
        # Gaps are filled from before, so the fill sees all the history that came along.
        filled = part.copy(deep=False)
        for column, values in windows.fill(part, self.schema, self.window):
            filled[column] = values
        seen = filled.iloc[origin + 1 - lookback : origin + 1]
        # Now, since the base arrays would fill what is left from what was filled here.
        if seen[[*self.schema.past_columns, *self.schema.known_future_columns]].isna().any(axis=None):
            raise InputError(
                f"series {name!r}: values are missing among the last {lookback} steps before the forecast; fill them in"
            )
        clock = pd.date_range(part[TIME].iloc[origin] + step, periods=horizon, freq=step, name=TIME)
        ahead = part.set_index(TIME).reindex(clock).reset_index()
        ahead[SERIES] = name
        ahead[targets] = np.nan
        for column, values in series.calendar(ahead[TIME], self.schema):
            ahead[column] = values
        missing = [column for column in self.schema.known_future_covariates if ahead[column].isna().any()]
        if missing:
            when = ahead.loc[ahead[missing[0]].isna(), TIME].iloc[0]
            raise InputError(
                f"series {name!r}, column {missing[0]!r}: not given for {when}; it is known in future, so send rows "
                f"for the {horizon} steps to be predicted with the targets left empty"
            )
        return pd.concat([seen, ahead[seen.columns]], ignore_index=True)
