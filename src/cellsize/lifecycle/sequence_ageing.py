"""How the champion does on sequences that are new to it, against what its twins did on the holdout of its day."""

from cellsize.data.windows import Floats
from cellsize.evaluation.rivals import Champion
from cellsize.evaluation.sequence_comparison import learned
from cellsize.lifecycle import sequence_arrival, unpaired
from cellsize.lifecycle.ageing import Ageing
from cellsize.lifecycle.sequence_arrival import SequenceArrival
from cellsize.lifecycle.sequence_losses import M, Measure
from cellsize.lifecycle.sequence_quality import FEWEST_GROUPS
from cellsize.lifecycle.sequence_reference import SequenceReference, unlike
from cellsize.models.classifier import Classifier
from cellsize.models.prediction import Forward, plain_forward
from cellsize.models.regressor import Regressor
from cellsize.params_data import Window


def incomparable(arrived: SequenceArrival, champion: Classifier | Regressor, window: Window) -> str | None:
    """Why the champion cannot label these sequences; None if it can."""
    unseen = sorted(set(arrived.schema.classes) - set(champion.schema.classes))
    if unseen:
        return f"has never seen the label {unseen[0]!r}" + (f", nor {len(unseen) - 1} more" if unseen[1:] else "")
    if arrived.schema != champion.schema:
        return "reads other columns, or knows labels that are not there"
    if window.transform != champion.window.transform:
        return f"has learned from numbers that were transformed otherwise ({champion.window.transform})"
    return None


def ageing(
    arrived: SequenceArrival,
    champion: Champion[M],
    reference: SequenceReference | None,
    margin: float,
    measure: Measure[M],
    constant: Floats,
    forward: Forward = plain_forward,
) -> Ageing:
    """Measures the champion on new sequences; what its twins lost on their holdout is kept with it.

    All new sequences count, whether a refit would hold them out or not: the champion has learned from none of them.
    How many groups of them would be held out says whether a new model can be compared with it. As with forecasts, other
    sequences are on both sides, and nothing is paired. A new text that equals an old one says nothing of the error.

    Args:
        arrived: The table as it is now, with the holdout of a refit.
        champion: The champion; it knows these labels.
        reference: What its version keeps; None: nothing.
        margin: What counts as worse, in percent of the error before.
        measure: Measures such models.
        constant: The best constant before the holdout.
        forward: Runs the networks; see `prediction.forecast`.
    """
    sequences = arrived.samples
    new, held_out = sequence_arrival.new_in(arrived, learned(sequences, champion.model))
    judged = new if reference is None else unlike(reference, sequences, new)
    now = None
    if judged.size:
        now = measure(sequences, judged, [champion.model], champion.model, constant, forward)
    before = None if reference is None else reference.holdout
    compared = None
    if now is not None and before is not None:
        compared = unpaired.compare(now, before, margin, FEWEST_GROUPS)
    return Ageing(
        windows=len(new),
        blocks=held_out,
        now=None if now is None else now.error,
        before=None if before is None else before.error,
        worse=None if compared is None else compared.worse,
    )
