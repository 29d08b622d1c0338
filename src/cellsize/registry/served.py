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
from cellsize.models import answers, saved
from cellsize.registry.wanted import no_rows

LEVELS = "levels"
LOG = logging.getLogger("cellsize.served")


class Served(PythonModel):
    """Answers rows in original units and columns: recent history with forecasts, sequences with labels."""

    def load_context(self, context: Any) -> None:
        """Loads the weights."""
        self.model = saved.load(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Returns what the model says of some rows; see `row_forecasts.forecast_rows` and `row_labels.label_rows`.

        Args:
            context: Of MLflow.
            model_input: Rows in the columns of the model's own table.
            params: Of a forecast, `levels`: probabilities of the intervals that are wanted; none by default.

        Raises:
            MlflowException: INVALID_PARAMETER_VALUE, which a server answers with 400, and what to send; INTERNAL_ERROR
                for a fault of ours: MLflow would answer it as the caller's, with a stack trace.
        """
        if not isinstance(model_input, pd.DataFrame):
            raise MlflowException(
                "no table of rows; send dataframe_split, dataframe_records or text/csv",
                error_code=INVALID_PARAMETER_VALUE,
            )
        if model_input.empty:
            raise MlflowException(no_rows(self.model), error_code=INVALID_PARAMETER_VALUE)
        try:
            found = answers.answer(self.model, model_input, _levels(params))
        except InputError as error:
            raise MlflowException(error.for_caller, error_code=INVALID_PARAMETER_VALUE) from None
        except Exception:
            LOG.exception("a request failed")
            raise MlflowException(
                "the model failed on these rows, which is a fault of the model; its log says more",
                error_code=INTERNAL_ERROR,
            ) from None
        for remark in found.remarks:  # a line each, without a value of the caller's
            LOG.warning(remark)
        return found.table


def _levels(params: dict[str, Any] | None) -> list[float]:
    """Levels of a request: a list, or an array of NumPy, as MLflow hands it over."""
    return [float(level) for level in (params or {}).get(LEVELS, [])]


set_model(Served())
