"""The stage `split` by task: samples → the holdout and the folds."""

from cellsize.data import collection, constant_targets, remedies, sequence_remedies
from cellsize.data.folds import Folds
from cellsize.data.sequences import Sequences
from cellsize.params_data import Split, Window
from cellsize.tasks.samples import Samples


def split(samples: Samples, params: Split, window: Window) -> tuple[Folds, list[str]]:
    """The holdout and the folds, and lines to say.

    Args:
        samples: What `window` wrote.
        params: Holdout and folds.
        window: Of a forecast, what the windows were made with.
    """
    if isinstance(samples, Sequences):
        parts = sequence_remedies.split(samples, params)
        left_out = int((~parts.holdout & ~parts.development).sum())
        said = [f"{left_out:,} sequences are equal to one of the holdout, and in no fold"] if left_out else []
        return parts, [*said, _counts(parts, "sequences")]
    parts = remedies.split(samples, params, window)
    constant_targets.refuse(samples, parts, params)
    said, out = list[str](), collection.left_out(samples, parts)
    if len(out) > len(collection.left_out(samples)):
        said.append(collection.sentence(out, len(out), len(samples.names)))
    unscored = collection.unscored(samples, parts)
    if unscored:
        said.append(collection.unscored_sentence(unscored))
    return parts, [*said, _counts(parts, "windows")]


def _counts(parts: Folds, samples: str) -> str:
    return f"{parts.development.sum():,} {samples} in {len(parts.labels)} folds, {parts.holdout.sum():,} held out"
