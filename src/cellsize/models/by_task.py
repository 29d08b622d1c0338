"""The baselines of each task, scored on its folds."""

from collections.abc import Callable

import pandas as pd

from cellsize.data.folds import Folds
from cellsize.data.sequences import Sequences
from cellsize.models import baselines, class_baselines, number_baselines
from cellsize.params import Baseline, Metric
from cellsize.progress import unsaid
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.class_records import ClassBaselines
from cellsize.tasks.samples import Samples


def score_folds(
    samples: Samples, folds: Folds, baseline: Baseline, metric: Metric, note: Callable[[str], None] = unsaid
) -> tuple[Baselines | ClassBaselines, pd.DataFrame]:
    """Scores every baseline on every fold's validation set; see `baselines.score_folds`."""
    if isinstance(samples, Sequences):
        if samples.task == "regress":
            return number_baselines.score_folds(samples, folds, baseline, metric, note)
        return class_baselines.score_folds(samples, folds, baseline, metric, note)
    return baselines.score_folds(samples, folds, baseline, metric, note)
