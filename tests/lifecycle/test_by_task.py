"""What a model's life asks of its task is answered by that of the table or the model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cellsize.data.history import History
from cellsize.data.sequence_history import SequenceHistory
from cellsize.data.sequences import Sequences
from cellsize.evaluation.rivals import Champion
from cellsize.lifecycle import by_task
from cellsize.lifecycle.ageing import Ageing
from cellsize.lifecycle.arrival import Arrival
from cellsize.lifecycle.sequence_arrival import SequenceArrival
from cellsize.lifecycle.sequence_reference import SequenceReference
from cellsize.models import twins
from cellsize.models.regressor import Regressor
from cellsize.params import Params
from cellsize.params_data import Csv
from cellsize.training.records import Work
from tests.lifecycle.known_classifier import KnownClassifier

SERIES = History("3", {})


def arrival_of(known: KnownClassifier) -> SequenceArrival:
    return SequenceArrival(known.frame, known.schema, known.sequences, known.folds)


def test_of_sequences_what_new_ones_are_compared_with_is_kept(
    labels: KnownClassifier, make_class_work: Callable[..., Work], make_csv: Callable[..., Csv], tmp_path: Path
) -> None:
    twins.save([labels.model], tmp_path / "twins")
    labels.model.save(tmp_path / "model")
    work = make_class_work(labels.sequences)
    write = by_task.writer(work, tmp_path / "twins", tmp_path / "model", (1,), make_csv())
    write(tmp_path / "kept")
    assert SequenceReference.load(tmp_path / "kept") is not None


def test_each_table_is_read_as_that_of_its_task(here: Callable[..., Params]) -> None:
    params = here(400)
    assert isinstance(by_task.read(params), Arrival)


def test_history_of_one_task_says_nothing_of_a_table_of_another(
    labels: KnownClassifier, here: Callable[..., Params]
) -> None:
    sequences, series = arrival_of(labels), by_task.read(here(400))
    assert by_task.differs(labels.history, sequences) is None
    assert by_task.differs(SERIES, sequences) is None
    assert by_task.differs(labels.history, series) is None
    assert by_task.differs(SERIES, series) is None
    changed = SequenceHistory(**vars(labels.history) | {"sequences": {"gone": "0"}})
    assert by_task.differs(changed, sequences) == "sequence 'gone': gone"


def test_a_champion_of_another_task_is_not_asked(labels: KnownClassifier, here: Callable[..., Params]) -> None:
    params = here(400)
    of_sequences = Champion("4", labels.model, None, (), None)
    assert by_task.aged(params, by_task.read(params), of_sequences, None) == by_task.ANOTHER_TASK
    found = by_task.aged(params, arrival_of(labels), of_sequences, None)
    assert isinstance(found, Ageing)
    assert found.windows == 0


def test_a_unit_has_the_name_that_it_has_in_the_task(labels: KnownClassifier, here: Callable[..., Params]) -> None:
    assert by_task.words(arrival_of(labels))["sample"] == "sequence"
    assert by_task.words(by_task.read(here(400)))["sample"] == "window"


def test_of_sequences_the_first_ones_were_searched_on(labels: KnownClassifier) -> None:
    table = arrival_of(labels)
    assert not by_task.holds_searched(table, table, labels.history)
    assert by_task.holds_searched(table, table, SERIES)


def test_a_champion_that_gives_numbers_is_not_asked_for_labels(
    make_regressor: Callable[..., tuple[Regressor, Sequences]], labels: KnownClassifier, here: Callable[..., Params]
) -> None:
    champion = Champion("4", make_regressor()[0], None, (), None)
    assert by_task.aged(here(400), arrival_of(labels), champion, None) == by_task.ANOTHER_TASK


def test_of_numbers_the_losses_of_the_twins_are_kept(
    make_number_work: Callable[..., Work], make_regressor: Callable[..., tuple[Regressor, Sequences]],
    make_csv: Callable[..., Csv], tmp_path: Path,
) -> None:  # fmt: skip
    model, work = make_regressor()[0], make_number_work()
    twins.save([model], tmp_path / "twins")
    model.save(tmp_path / "model")
    by_task.writer(work, tmp_path / "twins", tmp_path / "model", (1,), make_csv())(tmp_path / "kept")
    read = SequenceReference.load(tmp_path / "kept")
    assert read is not None
    assert read.holdout is not None
    assert (read.metric, read.holdout.inside.shape, read.holdout.right.size) == (
        "mse",
        (3, int(work.folds.holdout.sum())),
        0,
    )
    assert read.holdout.constant_error == pytest.approx(1, abs=0.3)
