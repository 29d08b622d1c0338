"""The chart of sequences with numbers: what the model says over what is true, and how far it is off."""

import pandas as pd
from matplotlib.figure import Figure

from cellsize.report.charts import WIDTH
from cellsize.report.drawing import MUTED, SERIES, style, svg


def scatter(found: pd.DataFrame, unit: str) -> str:
    """Predicted over true numbers, and beside it the residuals, true minus predicted, over the predicted ones.

    Args:
        found: Rows of `forecasts.parquet`: columns true and predicted.
        unit: Of the numbers.
    """
    true, predicted = found["true"].to_numpy(), found["predicted"].to_numpy()
    with style("scatter"):
        figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        left.plot(ends, ends, color=MUTED, ls="--", lw=1.2)
        left.scatter(true, predicted, s=14, color=SERIES[0], alpha=0.6, lw=0)
        left.set_xlabel(f"true ({unit})")
        left.set_ylabel(f"predicted ({unit})")
        right.axhline(0, color=MUTED, ls="--", lw=1.2)
        right.scatter(predicted, true - predicted, s=14, color=SERIES[0], alpha=0.6, lw=0)
        right.set_xlabel(f"predicted ({unit})")
        right.set_ylabel(f"true minus predicted ({unit})")
        return svg(figure, "scatter", "What the model predicts over what is true, and what is left over")
