"""How the champion does on rows that are new to it, against what its twins did on the holdout of its day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.windows import Ints, Windows
from cellsize.evaluation.blocks import block_of
from cellsize.evaluation.comparison import newer
from cellsize.evaluation.rivals import Champion
from cellsize.lifecycle import unpaired
from cellsize.lifecycle.block_losses import BlockLosses, measure
from cellsize.models.forecaster import Forecaster
from cellsize.models.prediction import Forward, plain_forward
from cellsize.params import Metric


@dataclass(frozen=True)
class Ageing:
    """The champion's errors, now and then.

    Attributes:
        windows: Windows of the holdout that predict nothing the champion has learned from.
        blocks: Blocks of time that they lie in.
        now: Its mean error there; None if there are none.
        before: That of its twins on what they had not learned from when it was registered; None if it has none.
        worse: Probability that it is higher now by more than the margin; None where there is too little to compare.
    """

    windows: int
    blocks: int
    now: float | None
    before: float | None
    worse: float | None


def ageing(
    windows: Windows,
    folds: Folds,
    champion: Champion[Forecaster],
    season: int,
    metric: Metric,
    margin: float,
    forward: Forward = plain_forward,
) -> Ageing:
    """Measures the champion on new rows, and its twins on the rows that were held out of them.

    Both are in the champion's standard deviations. The champion has learned from its own holdout, and so its twins say
    what it was good for. They are compared as `cellsize check` compares them; see `unpaired.compare`. A season that is
    harder than those before looks like ageing. Then a size is measured again that need not be, and no worse model
    comes of it.

    Args:
        windows: Base arrays and index of the table as it is now.
        folds: Its holdout: on other rows a new model could not be compared with the champion.
        champion: The champion; it reads such windows.
        season: Steps in a season.
        metric: Which error.
        margin: What counts as worse, in percent of the error before.
        forward: Runs the networks; see `prediction.forecast`.
    """
    every = np.arange(len(windows.first))
    is_new = newer(windows, folds, every, champion.model)
    new = np.flatnonzero(is_new & folds.holdout)
    held = np.empty(0, np.int64)
    if champion.twins:
        held = np.flatnonzero(newer(windows, folds, every, champion.twins[0]) & ~is_new)

    def measured(models: Sequence[Forecaster], chosen: Ints) -> BlockLosses | None:
        if not chosen.size:
            return None
        blocks = block_of(windows, folds, chosen, season)
        return measure(windows, chosen, blocks, models, champion.model.fitted.scaling, season, metric, forward)

    now, before = measured([champion.model], new), measured(champion.twins, held)
    compared = unpaired.compare(now, before, margin) if now is not None and before is not None else None
    return Ageing(
        windows=len(new),
        blocks=0 if now is None else len(now.windows),
        now=None if now is None else now.error,
        before=None if before is None else before.error,
        worse=None if compared is None else compared.worse,
    )
