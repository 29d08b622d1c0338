"""A check of sequences as a whole, without a registry."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cellsize.lifecycle import sequence_check, sequence_quality, sequence_verdict
from cellsize.lifecycle.sequence_losses import measure
from cellsize.lifecycle.sequence_verdict import SequenceCheck
from tests.lifecycle.known_classifier import LEARNED, KnownClassifier, sequences_table


def checked(known: KnownClassifier, table: pd.DataFrame, folder: Path) -> SequenceCheck:
    path = folder / "new.parquet"
    table.to_parquet(path, index=False)
    return sequence_check.measured(
        "toy", "1", path, known.model, known.prepare, known.reference, known.history, measure
    )


def test_sequences_like_those_before_are_as_before(labels: KnownClassifier, tmp_path: Path) -> None:
    result = checked(labels, sequences_table(LEARNED - 20, LEARNED + 100), tmp_path)
    assert (result.verdict, result.shifted, result.found.known) == ("as before", (), 20)
    assert len(result.shifts) == 13
    assert any("20 sequences that the model has learned from" in line for line in sequence_verdict.lines(result))


def test_a_feature_that_has_moved_is_named_and_does_no_harm_where_it_tells_nothing(
    labels: KnownClassifier, tmp_path: Path
) -> None:
    result = checked(labels, sequences_table(LEARNED, LEARNED + 100, level=2.0), tmp_path)
    assert "mean of z" in {each.column for each in result.shifted}
    assert not any(each.column.endswith("of x") for each in result.shifted)
    assert result.verdict == "inputs shifted"


def test_labels_that_cannot_be_told_any_more_are_worse(labels: KnownClassifier, tmp_path: Path) -> None:
    table = sequences_table(LEARNED, LEARNED + 100)
    table["kind"] = table["kind"].map({"a": "b", "b": "a"})
    result = checked(labels, table, tmp_path)
    assert (result.verdict, result.shifted) == ("worse", ())
    assert sequence_quality.is_too_sure(result.new, result.holdout)


def test_a_label_that_was_never_seen_is_worse_and_named(labels: KnownClassifier, tmp_path: Path) -> None:
    table = sequences_table(LEARNED, LEARNED + 60)
    table.loc[table["name"] == f"s{LEARNED}", "kind"] = "zebra"
    result = checked(labels, table, tmp_path)
    assert result.verdict == "worse"
    assert (
        sequence_verdict.headline(result) == "Worse: 1 new sequence has a label that the model has never seen: zebra."
    )


def test_without_labels_the_inputs_alone_are_compared(labels: KnownClassifier, tmp_path: Path) -> None:
    same = checked(labels, sequences_table(LEARNED, LEARNED + 60).drop(columns="kind"), tmp_path)
    assert (same.verdict, same.new) == ("as before", None)
    moved = checked(labels, sequences_table(LEARNED, LEARNED + 60, level=2.0).drop(columns="kind"), tmp_path)
    assert moved.verdict == "inputs shifted"
    few = checked(labels, sequences_table(LEARNED, LEARNED + 5).drop(columns="kind"), tmp_path)
    assert few.verdict == "cannot tell"


def test_too_few_sequences_or_nothing_kept_cannot_tell(labels: KnownClassifier, tmp_path: Path) -> None:
    few = checked(labels, sequences_table(LEARNED, LEARNED + 6), tmp_path)
    assert few.verdict == "cannot tell"
    assert "6 of at least 20 groups" in sequence_verdict.headline(few)
    path = tmp_path / "new.parquet"
    nothing = sequence_check.measured("toy", "1", path, labels.model, labels.prepare, None, None, measure)
    assert nothing.verdict == "cannot tell"
    assert "was registered before cellsize kept" in sequence_verdict.headline(nothing)


@pytest.mark.parametrize("labelled", [True, False])
def test_what_was_measured_is_json(labels: KnownClassifier, tmp_path: Path, labelled: bool) -> None:
    table = sequences_table(LEARNED, LEARNED + 60)
    result = checked(labels, table if labelled else table.drop(columns="kind"), tmp_path)
    content = json.loads(json.dumps(sequence_check.content(result), allow_nan=False))
    assert (content["verdict"], content["sequences"], content["labelled"]) == ("as before", 60, labelled)
    assert len(content["inputs"]["columns"]) == 13
    assert ("new" in content["accuracy"]) == labelled


def test_a_model_that_is_as_sure_as_it_is_right_is_not_too_sure(labels: KnownClassifier, tmp_path: Path) -> None:
    result = checked(labels, sequences_table(LEARNED, LEARNED + 100), tmp_path)
    assert not sequence_quality.is_too_sure(result.new, result.holdout)
    assert result.new is not None
    sure = replace(
        result, new=replace(result.new, sure=result.new.sequences.astype(float), right=result.new.right * 0.5)
    )
    assert sequence_quality.is_too_sure(sure.new, sure.holdout)
