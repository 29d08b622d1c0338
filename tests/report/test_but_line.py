"""The line that says that a baseline is better."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.report.but_line import but_line
from cellsize.sizing.choice_records import Choice


def test_the_seconds_are_those_of_the_chosen_size_and_of_all_folds_of_the_baseline(
    tmp_path: Path, toy_choice: Callable[..., Choice]
) -> None:
    sizes = pd.DataFrame({"layers": [1, 1, 2], "units": [16, 32, 32], "seconds": [3.0, 41.0, 90.0]})
    sizes.to_csv(tmp_path / "timings.csv", index=False)
    seconds = pd.DataFrame({"baseline": ["trees", "ridge", "trees"], "fold": [1, 1, 2], "seconds": [1.2, 9.0, 2.3]})
    seconds.to_csv(tmp_path / "baseline_timings.csv", index=False)
    assert but_line(toy_choice(1, 32), tmp_path, "trees", "boosted trees", "nmse", ("0.5", "0.4")) == (
        "  but           better on the holdout: boosted trees, nmse 0.4 against 0.5; on the folds 4 s against 41 s"
    )
