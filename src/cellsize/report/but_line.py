"""The line of an answer on sequences that says that a baseline is better."""

from pathlib import Path

from cellsize.report.answer import read
from cellsize.sizing.choice_records import Choice


def but_line(choice: Choice, build: Path, baseline: str, called: str, kind: str, both: tuple[str, str]) -> str:
    """That a baseline is better on the holdout, with both errors and the seconds that both took on the folds.

    Args:
        choice: What was chosen.
        build: Folder with `timings.csv` and `baseline_timings.csv`.
        baseline: Its name in these tables.
        called: What a reader calls it.
        kind: What the errors are.
        both: The model's error and the baseline's, with the digits that they justify.
    """
    ours, theirs = both
    sizes, baselines = (read(build / each) for each in ("timings.csv", "baseline_timings.csv"))
    chosen = (sizes["layers"] == choice.layers) & (sizes["units"] == choice.units)
    took = baselines.loc[baselines["baseline"] == baseline, "seconds"].sum(), sizes.loc[chosen, "seconds"].sum()
    return (
        f"  but           better on the holdout: {called}, {kind} {theirs} against {ours}; on the folds "
        f"{took[0]:.0f} s against {took[1]:.0f} s"
    )
