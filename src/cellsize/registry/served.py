"""The model as MLflow serves it: code as text, weights as tensors, no pickle."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel

from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.models.row_forecasts import forecast_and_clipped, with_times_as_text

LEVELS = "levels"
LOG = logging.getLogger("cellsize.served")


class Served(PythonModel):
    """Forecasts from rows of recent history in original units and columns."""

    def load_context(self, context: Any) -> None:
        """Loads the weights."""
        self.forecaster = Forecaster.load(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Returns series, time and a forecast for each target, and intervals; see `row_forecasts.forecast_rows`.

        Args:
            context: Of MLflow.
            model_input: Rows of recent history.
            params: `levels`: probabilities of the intervals that are wanted; none by default.

        Raises:
            MlflowException: INVALID_PARAMETER_VALUE, which a server answers with 400, and what to send; INTERNAL_ERROR
                for a fault of ours: MLflow would answer it as the caller's, with a stack trace.
        """
        if not isinstance(model_input, pd.DataFrame):
            raise MlflowException(
                "no table of rows; send dataframe_split, dataframe_records or text/csv",
                error_code=INVALID_PARAMETER_VALUE,
            )
        try:
            forecasts, clipped = forecast_and_clipped(self.forecaster, model_input, _levels(params))
        except InputError as error:
            raise MlflowException(error.for_caller, error_code=INVALID_PARAMETER_VALUE) from None
        except Exception:
            LOG.exception("a request failed")
            raise MlflowException(
                "the model failed on these rows, which is a fault of the model; its log says more",
                error_code=INTERNAL_ERROR,
            ) from None
        if clipped:  # one line a request, without a value of the caller's
            counts = ", ".join(f"{column} {count}" for column, count in clipped.items())
            LOG.warning("values beyond what training has shown were clipped: %s", counts)
        return with_times_as_text(forecasts)


def _levels(params: dict[str, Any] | None) -> list[float]:
    """Levels of a request: a list, or an array of NumPy, as MLflow hands it over."""
    return [float(level) for level in (params or {}).get(LEVELS, [])]


set_model(Served())
