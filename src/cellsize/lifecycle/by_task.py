"""What is kept to compare new rows with, by the task of the samples."""

from collections.abc import Callable
from pathlib import Path

from cellsize.data.sequences import Sequences
from cellsize.lifecycle import reference
from cellsize.params_data import Csv
from cellsize.training.records import Work


def writer(
    work: Work, twins: Path, served: Path, seasons: tuple[int, ...], csv: Csv
) -> Callable[[Path], None] | None:  # fmt: skip
    """What writes the reference of a model into a folder, if it is registered; None of sequences.

    Args:
        work: Samples, folds and metric.
        twins: Their folder.
        served: Folder of the model that is served.
        seasons: Steps in each season; the first one counts.
        csv: How the table is written.
    """
    if isinstance(work.samples, Sequences):
        return None
    return reference.writer(work, twins, served, seasons[0], csv)
