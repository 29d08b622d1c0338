"""How the champion does on sequences that are new to it, against what its twins did on the holdout of its day."""

from cellsize.evaluation.rivals import Champion
from cellsize.evaluation.sequence_comparison import learned
from cellsize.lifecycle import sequence_arrival, unpaired
from cellsize.lifecycle.ageing import Ageing
from cellsize.lifecycle.sequence_arrival import SequenceArrival
from cellsize.lifecycle.sequence_losses import frequencies, measure
from cellsize.lifecycle.sequence_reference import SequenceReference
from cellsize.lifecycle.sequence_verdict import FEWEST_GROUPS
from cellsize.models.classifier import Classifier
from cellsize.models.prediction import Forward, plain_forward


def incomparable(arrived: SequenceArrival, champion: Classifier) -> str | None:
    """Why the champion cannot label these sequences; None if it can."""
    unseen = sorted(set(arrived.schema.classes) - set(champion.schema.classes))
    if unseen:
        return f"has never seen the label {unseen[0]!r}" + (f", nor {len(unseen) - 1} more" if unseen[1:] else "")
    if arrived.schema != champion.schema:
        return "reads other columns, or knows labels that are not there"
    return None


def ageing(
    arrived: SequenceArrival,
    champion: Champion[Classifier],
    reference: SequenceReference | None,
    margin: float,
    forward: Forward = plain_forward,
) -> Ageing:
    """Measures the champion on new sequences; what its twins lost on their holdout is kept with it.

    All new sequences count, whether a refit would hold them out or not: the champion has learned from none of them.
    How many groups of them would be held out says whether a new model can be compared with it. As with forecasts, other
    sequences are on both sides, and nothing is paired.

    Args:
        arrived: The table as it is now, with the holdout of a refit.
        champion: The champion; it knows these labels.
        reference: What its version keeps; None: nothing.
        margin: What counts as worse, in percent of the error before.
        forward: Runs the networks; see `prediction.forecast`.
    """
    sequences = arrived.samples
    new, held_out = sequence_arrival.new_in(arrived, learned(sequences, champion.model))
    now = None
    if new.size:
        of_classes = frequencies(sequences, arrived.folds)
        now = measure(sequences, new, [champion.model], champion.model, of_classes, forward)
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
