"""The chart of sequences with numbers."""

import pandas as pd

from cellsize.report.number_charts import scatter


def test_the_chart_names_what_is_on_its_axes_in_the_unit_of_the_number() -> None:
    found = pd.DataFrame({"true": [1.0, 2.0, 3.0], "predicted": [1.5, 2.0, 2.0]})
    drawn = scatter(found, "kg")
    for text in ("true (kg)", "predicted (kg)", "true minus predicted (kg)"):
        assert text in drawn
    assert drawn == scatter(found, "kg")
