"""How the champion does on rows that are new to it, against what its twins did on the holdout of its day."""

from dataclasses import dataclass

import numpy as np

from cellsize.data.folds import Folds
from cellsize.data.windows import Windows
from cellsize.evaluation.comparison import block_of, newer
from cellsize.evaluation.losses import losses
from cellsize.evaluation.paired import grown
from cellsize.evaluation.rivals import Champion
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
        worse: Probability that it is higher now by more than the margin; None where nothing is to be compared.
    """

    windows: int
    blocks: int
    now: float | None
    before: float | None
    worse: float | None


def ageing(
    windows: Windows,
    folds: Folds,
    champion: Champion,
    season: int,
    metric: Metric,
    margin: float,
    forward: Forward = plain_forward,
) -> Ageing:
    """Measures the champion on new rows, and its twins on the rows that were held out of them.

    Both are in the champion's standard deviations. The champion has learned from its own holdout, and so its twins say
    what it was good for. Nothing is paired here: blocks of both are drawn, and what differs between twins is added. A
    season that is harder than those before looks like ageing. Then a size is measured again that need not be, and no
    worse model comes of it.

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
    blocks = block_of(windows, folds, new, season)
    scaling = champion.model.fitted.scaling
    now = losses(windows, scaling, metric, [champion.model], new, forward) if new.size else np.empty((1, 0))
    held = np.empty(0, np.int64)
    if champion.twins:
        held = np.flatnonzero(newer(windows, folds, every, champion.twins[0]) & ~is_new)
    before = losses(windows, scaling, metric, champion.twins, held, forward) if held.size else np.empty((1, 0))
    held_blocks = block_of(windows, folds, held, season)
    can = min(len(np.unique(blocks)), len(np.unique(held_blocks))) > 1
    return Ageing(
        windows=len(new),
        blocks=len(np.unique(blocks)),
        now=float(now.mean()) if new.size else None,
        before=float(before.mean()) if held.size else None,
        worse=grown(now, blocks, before, held_blocks, margin) if can else None,
    )
