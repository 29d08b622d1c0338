"""Challenger and champion on the same windows: which windows are fair to both, and what is compared on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cellsize.data.folds import Folds, of_each_series
from cellsize.data.schema import Schema
from cellsize.data.windows import Floats, Ints, Windows
from cellsize.evaluation.blocks import block_length, block_of, by_time
from cellsize.evaluation.paired import paired
from cellsize.evaluation.rivals import Rivals
from cellsize.models.classifier import Classifier
from cellsize.models.extent import extent
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.params_data import Window
from cellsize.sizing.evaluation_records import Comparison
from cellsize.sizing.sizes import ZERO


@dataclass(frozen=True)
class Fair:
    """What the challenger's twins are compared with.

    Attributes:
        windows: Positions in `Windows.first`, shape (n,).
        models: The champion as it is served, or twins by its recipe on the challenger's cut.
        is_served: Which of the two.
    """

    windows: Ints
    models: tuple[Forecaster, ...]
    is_served: bool


Losses = Callable[[Sequence[Forecaster], Ints], Floats]  # models, windows → shape (models, n)


def fair(windows: Windows, folds: Folds, rivals: Rivals[Forecaster], season: int) -> Fair | str:
    """The windows that neither has learned from, and what is compared there.

    The champion that is served has seen everything of its day. Where enough of the holdout is newer, it is measured as
    it is. Elsewhere its recipe is, trained on the challenger's cut: twins that the registry has of that cut serve too.

    Args:
        windows: Base arrays and index.
        folds: Which windows are the holdout.
        rivals: Who is compared; the challenger's twins have not learned from the holdout.
        season: Steps in a season.

    Returns:
        What to compare, or why nothing can be.
    """
    champion, challenger, fewest = rivals.champion, rivals.challenger, rivals.gate.blocks
    holdout = np.flatnonzero(folds.holdout)
    why = incomparable(windows, holdout, champion.model, challenger.twins[0].schema, challenger.twins[0].window)
    if why is not None:
        return why
    new = holdout[newer(windows, folds, holdout, champion.model)]
    blocks = [len(np.unique(block_of(windows, folds, chosen, season))) for chosen in (new, holdout)]
    if blocks[0] >= fewest:
        return Fair(new, (champion.model,), True)
    if blocks[1] < fewest:
        return (
            f"the holdout holds {blocks[1]} blocks of {block_length(season, windows.horizon)} steps, but a comparison "
            f"needs {fewest} (register.blocks)"
        )
    if champion.cut == challenger.cut and champion.twins:
        return Fair(holdout, champion.twins, False)
    if champion.recipe is None:
        return (
            f"has learned from rows of this holdout (until {champion.model.learned_until}), and the registry does not "
            "have its recipe"
        )
    return Fair(holdout, tuple(rivals.train(champion.recipe, champion.model)), False)


def compare(
    windows: Windows, folds: Folds, rivals: Rivals[Forecaster], chosen: Fair, season: int, losses: Losses
) -> Comparison:
    """Compares both on the windows that are fair.

    Args:
        windows: Base arrays and index.
        folds: Which windows are the holdout.
        rivals: Who is compared.
        chosen: What `fair` returned.
        season: Steps in a season.
        losses: Losses of models on windows.
    """
    challenger, champion, margin = rivals.challenger, rivals.champion, rivals.gate.margin
    result = paired(
        losses(challenger.twins, chosen.windows), losses(chosen.models, chosen.windows),
        block_of(windows, folds, chosen.windows, season), margin,
    )  # fmt: skip
    first = windows.first[chosen.windows]
    ours, theirs = challenger.twins[0], champion.model
    same_network = network_of(ours) == network_of(theirs)
    same_recipe = champion.recipe is not None and champion.recipe.trains_as(challenger.recipe)
    return Comparison(
        version=champion.version,
        how="served" if chosen.is_served else "same_cut",
        windows=len(chosen.windows),
        rows_from=windows.said((first + windows.lookback)[np.argmin(windows.stamp[first + windows.lookback])]),
        rows_until=windows.said((first + windows.span - 1)[np.argmax(windows.stamp[first + windows.span - 1])]),
        blocks=result.blocks,
        challenger=result.challenger,
        champion=result.champion,
        margin=margin,
        better=result.better,
        not_worse=result.not_worse,
        smaller=extent(ours) < extent(theirs),
        same_network=same_network,
        newer_rows=_has_newer_rows(windows, theirs),
        rerun=same_network and same_recipe and champion.cut == challenger.cut,
    )


def network_of(model: Forecaster | Classifier | Regressor) -> tuple[object, ...]:
    """What is the same network: size, cells and architecture; what it was trained by may differ."""
    if model.size == ZERO or model.net is None:
        return (model.size,)
    return model.size, model.network.model_copy(update={"skip": (), "head": ()}), model.net.architecture


def incomparable(windows: Windows, holdout: Ints, champion: Forecaster, schema: Schema, window: Window) -> str | None:
    """Why the champion cannot forecast these windows, which are of this schema and window; None if it can."""
    if replace(champion.schema, gap=0) != replace(schema, gap=0) or champion.window != window:
        return "reads other columns, or has another window"  # and so other base arrays
    if champion.quantiles != windows.quantiles:
        return f"forecasts {_levels(champion.quantiles)}, and this project {_levels(windows.quantiles)}"
    if windows.n_own:
        codes = windows.series[windows.first[holdout]]
        unknown = sorted({windows.names[code] for code in codes} - set(champion.fitted.scaling.names))
        if unknown:
            return f"has no scale for series {unknown[0]!r}"
    return None


def _levels(quantiles: tuple[float, ...]) -> str:
    """What is forecast of each target, in words."""
    return f"the quantiles {', '.join(f'{level:g}' for level in quantiles)}" if quantiles else "values alone"


def newer(windows: Windows, folds: Folds, holdout: Ints, champion: Forecaster) -> npt.NDArray[np.bool_]:
    """Which windows predict nothing that the champion has learned from: a mask of shape (n,).

    What a window sees may have been a target once; it is no truth here. A series that is new to the champion counts
    where series have holdouts of their own or are independent; elsewhere its time was seen in the others.
    """
    first = windows.first[holdout]
    begins = windows.stamp[first + windows.lookback]
    if by_time(windows, folds):
        return np.asarray(begins > windows.stamp_of(champion.learned_until))
    divided = of_each_series(windows, folds)
    mask = np.ones(len(holdout), np.bool_)
    for code in np.unique(windows.series[first]):
        learned = champion.learned_of.get(windows.names[code])
        of_it = windows.series[first] == code
        if learned is not None:
            mask[of_it] = begins[of_it] > windows.stamp_of(learned) if divided else False
    return mask


def _has_newer_rows(windows: Windows, champion: Forecaster) -> bool:
    """Whether a model of all these windows has learned from later rows, or from another series."""
    last = windows.first + windows.span - 1
    for code in np.unique(windows.series[last]):
        learned = champion.learned_of.get(windows.names[code])
        if learned is None or windows.stamp[last[windows.series[last] == code]].max() > windows.stamp_of(learned):
            return True
    return False
