"""New sequences of a file: which are new, and what is said of the others."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.lifecycle.new_sequences import NewSequences, read
from tests.lifecycle.known_classifier import LEARNED, KnownClassifier, sequences_table


def of(known: KnownClassifier, table: pd.DataFrame, folder: Path, with_history: bool = True) -> NewSequences:
    path = folder / "new.csv"
    table.to_csv(path, index=False)
    return read(path, known.model, known.prepare, known.history if with_history else None)


def test_a_new_name_is_a_new_sequence_and_old_ones_do_no_harm(labels: KnownClassifier, tmp_path: Path) -> None:
    found = of(labels, sequences_table(LEARNED - 10, LEARNED + 5), tmp_path)
    assert (found.new.tolist(), found.known) == ([10, 11, 12, 13, 14], 10)
    assert (found.is_labelled, found.unknown_labels, found.taken_as_new) == (True, {}, False)
    assert found.has_label.all()


def test_without_what_the_version_has_learned_from_all_count_as_new(labels: KnownClassifier, tmp_path: Path) -> None:
    found = of(labels, sequences_table(LEARNED - 10, LEARNED + 5), tmp_path, with_history=False)
    assert (len(found.new), found.taken_as_new) == (15, True)


def test_another_sequence_of_a_known_person_is_not_new(
    make_known_classifier: Callable[..., KnownClassifier], tmp_path: Path
) -> None:
    table = sequences_table(LEARNED, LEARNED + 10, people=5)
    table.loc[table["name"] == f"s{LEARNED}", "who"] = "p0"
    assert of(make_known_classifier(people=5), table, tmp_path).new.tolist() == list(range(1, 10))


@pytest.mark.parametrize("labelled", ["no column", "empty"])
def test_a_file_without_labels_is_read(labels: KnownClassifier, tmp_path: Path, labelled: str) -> None:
    table = sequences_table(LEARNED, LEARNED + 5)
    table = table.drop(columns="kind") if labelled == "no column" else table.assign(kind="")
    found = of(labels, table, tmp_path)
    assert (found.is_labelled, found.has_label.any(), len(found.new)) == (False, False, 5)


def test_a_label_that_the_model_has_never_seen_is_counted_and_one_class_is_enough(
    labels: KnownClassifier, tmp_path: Path
) -> None:
    table = sequences_table(LEARNED, LEARNED + 6).assign(kind="b")
    table.loc[table["name"].isin([f"s{LEARNED}", f"s{LEARNED + 3}"]), "kind"] = "zebra"
    found = of(labels, table, tmp_path)
    assert found.unknown_labels == {"zebra": 2}
    assert found.has_label.tolist() == [False, True, True, False, True, True]
    assert found.sequences.target[found.new[found.has_label]].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="z"), "new.csv: no column 'z'"),
        (lambda table: table.assign(x="many"), "new.csv, line 2, column 'x'"),
        (
            lambda table: table[table["name"] == f"s{LEARNED - 1}"],
            "no sequence is new: the model has learned from all 1",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(
    labels: KnownClassifier, tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InputError) as raised:
        of(labels, change(sequences_table(LEARNED - 1, LEARNED + 5)), tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_one_line(labels: KnownClassifier) -> None:
    with pytest.raises(InputError, match=r"^gone\.csv: no such file; name another one with --data$"):
        read(Path("gone.csv"), labels.model, labels.prepare, labels.history)
