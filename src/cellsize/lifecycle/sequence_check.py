"""`cellsize check` of a model of sequences: what is measured, and what is compared."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from cellsize.data.sequence_history import SequenceHistory
from cellsize.lifecycle import permuted, sequence_verdict, sketch, unpaired
from cellsize.lifecycle.check_verdict import STATUS
from cellsize.lifecycle.new_sequences import NewSequences, read
from cellsize.lifecycle.sequence_losses import measure
from cellsize.lifecycle.sequence_reference import SequenceReference, summarised
from cellsize.lifecycle.sequence_verdict import FEWEST_GROUPS, SequenceCheck
from cellsize.lifecycle.shift import Shift
from cellsize.models.classifier import Classifier
from cellsize.params_data import Prepare


def measured(
    name: str,
    version: str,
    data: Path,
    model: Classifier,
    prepare: Prepare,
    reference: SequenceReference | None,
    history: SequenceHistory | None,
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
    """
    found = read(data, model, prepare, history)
    labelled, new = found.new[found.has_label], None
    if reference is not None and labelled.size:
        new = measure(found.sequences, labelled, [model], model, reference.frequencies)
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
        new=new,
        holdout=holdout,
        compared=compared,
        shifts=shifts,
        no_inputs=why,
    )


def inputs(
    found: NewSequences, model: Classifier, reference: SequenceReference | None
) -> tuple[tuple[Shift, ...], str]:
    """How far the inputs of new sequences have shifted; or why nobody knows."""
    if reference is None:
        return (), "the version does not keep what they were"
    codes = sketch.codes(summarised(found.sequences, found.new, model), reference.borders)
    shifts = permuted.shifts(
        reference.columns, reference.codes, codes, reference.group, found.sequences.group[found.new]
    )
    return shifts, "" if shifts else f"that takes {permuted.FEWEST_GROUPS} groups of sequences on each side"


def content(result: SequenceCheck) -> dict[str, Any]:
    """What was measured, for a program: the keys are on docs/drift.md."""
    sides = {key: side for key, side in (("new", result.new), ("holdout", result.holdout)) if side is not None}
    return {
        "verdict": result.verdict,
        "status": STATUS[result.verdict],
        "words": sequence_verdict.lines(result),
        "model": result.name,
        "version": result.version,
        "data": result.data,
        "sequences": len(result.found.new),
        "known": result.found.known,
        "labelled": result.found.is_labelled,
        "new_labels": result.found.unknown_labels,
        "error": {
            "metric": sequence_verdict.METRIC,
            **{key: side.error for key, side in sides.items()},
            **{f"class_frequencies_{key}": side.constant_error for key, side in sides.items()},
            **({} if result.compared is None else asdict(result.compared)),
        },
        "accuracy": {
            **{key: side.accuracy for key, side in sides.items()},
            "interval": None if result.new is None else sequence_verdict.interval(result.new, result.new.right),
        },
        "calibration": {
            **{key: side.sureness - side.accuracy for key, side in sides.items()},
            "interval": None
            if result.new is None
            else sequence_verdict.interval(result.new, result.new.sure - result.new.right),
        },
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
