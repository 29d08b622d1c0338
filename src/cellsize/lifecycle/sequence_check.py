"""`cellsize check` of a model of sequences: what is measured, and what is compared."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from cellsize.data.names import score_name
from cellsize.data.sequence_history import SequenceHistory
from cellsize.lifecycle import check, permuted, sequence_quality, sequence_verdict, sketch, unpaired
from cellsize.lifecycle.check_verdict import STATUS
from cellsize.lifecycle.new_sequences import NewSequences, read
from cellsize.lifecycle.sequence_losses import M, Measure, SequenceLosses
from cellsize.lifecycle.sequence_quality import FEWEST_GROUPS
from cellsize.lifecycle.sequence_reference import SequenceReference, summarised, unlike
from cellsize.lifecycle.sequence_verdict import SequenceCheck
from cellsize.lifecycle.shift import Shift
from cellsize.models.classifier import Classifier
from cellsize.models.prediction import plain_forward
from cellsize.models.regressor import Regressor
from cellsize.params_data import Prepare


def measured(
    name: str,
    version: str,
    data: Path,
    model: M,
    prepare: Prepare,
    reference: SequenceReference | None,
    history: SequenceHistory | None,
    measure: Measure[M],
) -> SequenceCheck:
    """Measures a model on new sequences, and compares what there is to compare.

    Args:
        name: Of the registered model.
        version: Its version.
        data: The file with the new sequences.
        model: What is served.
        prepare: How its own table was read.
        reference: What the version keeps; None: nothing.
        history: What it has learned from; None: the version does not say.
        measure: Measures such models.
    """
    found = read(data, model, prepare, history)
    judged, new = found.new[found.has_label], None
    if reference is not None:
        judged = unlike(reference, found.sequences, judged)
        if judged.size:
            new = measure(found.sequences, judged, [model], model, reference.constant, plain_forward)
    shifts, why = inputs(found, model, reference)
    holdout = None if reference is None else reference.holdout
    compared = None
    if new is not None and holdout is not None:
        compared = unpaired.compare(new, holdout, fewest=FEWEST_GROUPS)
    return SequenceCheck(
        name=name,
        version=version,
        data=str(data),
        found=found,
        metric=None if reference is None else reference.metric,
        equal=int(found.has_label.sum()) - len(judged),
        new=new,
        holdout=holdout,
        compared=compared,
        shifts=shifts,
        no_inputs=why,
    )


def inputs(
    found: NewSequences, model: Classifier | Regressor, reference: SequenceReference | None
) -> tuple[tuple[Shift, ...], str]:
    """How far the inputs of new sequences have shifted; or why nobody knows."""
    if reference is None:
        return (), "the version does not keep what they were"
    codes = sketch.codes(summarised(found.sequences, found.new, model, reference.characters), reference.borders)
    shifts = permuted.shifts(
        reference.columns, reference.codes, codes, reference.group, found.sequences.group[found.new]
    )
    return shifts, "" if shifts else f"that takes {permuted.FEWEST_GROUPS} groups of sequences on each side"


def content(result: SequenceCheck) -> dict[str, Any]:
    """What was measured, for a program: the keys are on docs/drift.md."""
    sides = {key: side for key, side in (("new", result.new), ("holdout", result.holdout)) if side is not None}
    best = "" if result.metric is None else sequence_quality.constant_word(result.metric).replace(" ", "_")
    return {
        "verdict": result.verdict,
        "status": STATUS[result.verdict],
        "words": sequence_verdict.lines(result),
        "model": result.name,
        "version": result.version,
        "data": result.data,
        "sequences": len(result.found.new),
        "known": result.found.known,
        "equal": result.equal,
        "labelled": result.found.is_labelled,
        "new_labels": result.found.unknown_labels,
        "error": {
            "metric": None if result.metric is None else score_name(result.metric),
            **{key: side.error for key, side in sides.items()},
            **{f"{best}_{key}": side.constant_error for key, side in sides.items()},
            **({} if result.compared is None else asdict(result.compared)),
        },
        **_quality(result, sides),
        "inputs": {
            "not_compared": result.no_inputs or None,
            "columns": {
                each.column: {
                    "ks": each.ks, "usual_ks": each.usual_ks, "psi": each.psi, "usual_psi": each.usual_psi,
                    "p": each.p, "adjusted_p": each.adjusted, "shifted": each.is_shifted,
                }
                for each in result.shifts
            },
        },
    }  # fmt: skip


def _quality(result: SequenceCheck, sides: dict[str, SequenceLosses]) -> dict[str, Any]:
    """Of numbers how often their intervals hold; of labels how many are right, and how sure they are."""
    new, interval = result.new, sequence_quality.interval
    if any(not side.right.size for side in sides.values()):
        return {"coverage": {} if new is None else check.coverage(new, result.holdout, FEWEST_GROUPS)}
    return {
        "accuracy": {
            **{key: side.accuracy for key, side in sides.items()},
            "interval": None if new is None else interval(new, new.right),
        },
        "calibration": {
            **{key: side.sureness - side.accuracy for key, side in sides.items()},
            "interval": None if new is None else interval(new, new.sure - new.right),
        },
    }
