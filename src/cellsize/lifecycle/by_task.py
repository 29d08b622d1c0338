"""What a model's life asks of its task: what a table would be, what is new in it, what is kept, how it is checked.

The unit is a block of time in forecasts, and a group of sequences where there are such.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellsize import params_file
from cellsize.data import history as of_series
from cellsize.data import sequence_history
from cellsize.data.history import History
from cellsize.data.sequence_history import SequenceHistory
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.evaluation import comparison
from cellsize.evaluation.by_task import AnyChampion
from cellsize.lifecycle import (
    ageing,
    arrival,
    check,
    check_page,
    check_verdict,
    new_rows,
    reference,
    sequence_ageing,
    sequence_arrival,
    sequence_check,
    sequence_page,
    sequence_reference,
    sequence_verdict,
)
from cellsize.lifecycle.ageing import Ageing
from cellsize.lifecycle.arrival import Arrival
from cellsize.lifecycle.check_verdict import Verdict
from cellsize.lifecycle.reference import Reference
from cellsize.lifecycle.sequence_arrival import SequenceArrival
from cellsize.lifecycle.sequence_reference import SequenceReference
from cellsize.models import stacked
from cellsize.models.answers import Model
from cellsize.models.classifier import Classifier
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.params import Params
from cellsize.params_data import Csv
from cellsize.registry import provenance
from cellsize.registry.by_task import AnyHistory, read_history
from cellsize.registry.fetched import kept
from cellsize.registry.logged import PROJECT, REFERENCE
from cellsize.training.records import Work

Arrived = Arrival | SequenceArrival
ANOTHER_TASK = "is a model of another task"
NO_NUMBERS = "gives numbers to sequences (task: regress), of which new ones are not compared with old ones yet"


@dataclass(frozen=True)
class Checked:
    """A check, whatever it was of.

    Attributes:
        verdict: What it comes to.
        lines: What the command prints.
        content: What was measured, for a program.
        page: Makes the page.
    """

    verdict: Verdict
    lines: list[str]
    content: dict[str, Any]
    page: Callable[[], str]


def writer(work: Work, twins: Path, served: Path, seasons: tuple[int, ...], csv: Csv) -> Callable[[Path], None] | None:
    """What writes the reference of a model into a folder, if it is registered; None of numbers.

    Args:
        work: Samples, folds and metric.
        twins: Their folder.
        served: Folder of the model that is served.
        seasons: Steps in each season; the first one counts.
        csv: How the table is written.
    """
    if isinstance(work.samples, Sequences):
        if not work.samples.classes:
            return None
        return sequence_reference.writer(work.samples, work.folds, twins, served)
    return reference.writer(work, twins, served, seasons[0], csv)


def read(params: Params) -> Arrived:
    """Reads the table that `prepare.table` names, as the first stages do.

    Raises:
        InputError: One of these stages would refuse it.
    """
    return arrival.read(params) if params.task == "forecast" else sequence_arrival.read(params)


def differs(before: AnyHistory, arrived: Arrived) -> str | None:
    """In which way a table is not what a model has learned from, and more; None if it is."""
    if isinstance(arrived, SequenceArrival) and isinstance(before, SequenceHistory):
        return sequence_history.differs(before, arrived.frame, arrived.schema)
    if isinstance(arrived, Arrival) and isinstance(before, History):
        return of_series.differs(before, arrived.frame, arrived.schema)
    return None  # of another task: the parameters say so


def as_refitted(arrived: Arrived, before: AnyHistory, params: Params) -> Arrived:
    """A table with the holdout that a refit would have."""
    if isinstance(arrived, SequenceArrival) and isinstance(before, SequenceHistory):
        return sequence_arrival.kept(arrived, before, params)
    return arrived


def until(arrived: Arrived, before: AnyHistory, params: Params) -> Arrived:
    """What of a table the champion's size was searched on.

    Raises:
        InputError: There is too little of it.
    """
    if isinstance(arrived, SequenceArrival):
        return sequence_arrival.until(arrived, before.searched_until, params)
    return arrival.until(arrived, before.searched_until, params)


def holds_searched(arrived: Arrived, searched: Arrived, before: AnyHistory) -> bool:
    """Whether the holdout has something that the champion's size was searched on."""
    if isinstance(arrived, Arrival) and isinstance(searched, Arrival):
        return arrival.holds_searched(arrived, searched)
    assert isinstance(arrived, SequenceArrival)
    return not isinstance(before, SequenceHistory) or sequence_arrival.holds_searched(arrived, before)


def aged(params: Params, arrived: Arrived, champion: AnyChampion, there: Path | None) -> Ageing | str:
    """How the champion does on what is new, or why it cannot be asked.

    Args:
        params: Of the project.
        arrived: The table, with the holdout of a refit.
        champion: The champion.
        there: Folder of its reference, if its version keeps one.
    """
    forward = functools.partial(stacked.forward, engine=params.search.training.engine)
    margin = params.register_.margin
    assert champion is not None
    model = champion.model
    if isinstance(model, Regressor):
        return NO_NUMBERS
    if isinstance(arrived, SequenceArrival):
        if not isinstance(model, Classifier):
            return ANOTHER_TASK
        kept_ones = None if there is None else SequenceReference.load(there)
        why = sequence_ageing.incomparable(arrived, model)
        return why or sequence_ageing.ageing(arrived, champion, kept_ones, margin, forward)  # type: ignore[arg-type]
    if not isinstance(model, Forecaster):
        return ANOTHER_TASK
    windows, folds = arrived.windows, arrived.folds
    why = comparison.incomparable(windows, np.flatnonzero(folds.holdout), model, arrived.schema, params.window)
    season, metric = params.baseline.seasons[0], params.choose.metric
    return why or ageing.ageing(windows, folds, champion, season, metric, margin, forward)  # type: ignore[arg-type]


def words(arrived: Arrived) -> dict[str, str]:
    """What a sample and a unit are called in a verdict."""
    if isinstance(arrived, SequenceArrival):
        return {"sample": "sequence", "unit": "group", "units_are": "groups of them that a refit holds out"}
    return {"sample": "window", "unit": "block", "units_are": "blocks"}


def checked(client: Any, name: str, version: str, data: Path, model: Model, folder: Path) -> Checked:
    """Checks a version against new rows.

    Args:
        client: Of the registry.
        name: Of the registered model.
        version: Its number.
        data: The file with the new rows.
        model: What is served.
        folder: Where what the version keeps is put.

    Raises:
        InputError: The rows cannot be used, or the model is one of numbers.
    """
    if isinstance(model, Regressor):
        raise InputError(f"model {name!r}, version {version}: {NO_NUMBERS}; look at its errors on the holdout instead")
    there = kept(client, name, version, REFERENCE, folder)
    if isinstance(model, Classifier):
        if model.schema.text is not None:
            raise InputError(
                f"model {name!r}, version {version}: it reads texts, and cellsize compares no texts yet; cellsize "
                "retrain compares its errors when rows were added to the table of its project"
            )
        project = kept(client, name, version, PROJECT, folder)
        before, params = _history(project), _params(project, name, version)
        of_sequences = sequence_check.measured(
            name, version, data, model, params.prepare,
            None if there is None else SequenceReference.load(there),
            before if isinstance(before, SequenceHistory) else None,
        )  # fmt: skip
        return Checked(
            of_sequences.verdict, sequence_verdict.lines(of_sequences), sequence_check.content(of_sequences),
            functools.partial(sequence_page.render, of_sequences),
        )  # fmt: skip
    before = _history(kept(client, name, version, PROJECT, folder)) if new_rows.is_counted(model) else None
    known = None if there is None else Reference.load(there)
    result = check.measured(name, version, data, model, known, before if isinstance(before, History) else None)
    return Checked(
        result.verdict, check_verdict.lines(result), check.content(result), functools.partial(check_page.render, result)
    )


def _params(project: Path | None, name: str, version: str) -> Params:
    """The parameters of a version.

    Raises:
        InputError: It does not keep them.
    """
    if project is None:
        raise InputError(
            f"model {name!r}, version {version}: how its table is written is not kept with it; run its project again "
            "with this cellsize (cellsize run): the version then gets it"
        )
    return params_file.load(project / "params.yaml")


def _history(project: Path | None) -> AnyHistory | None:
    """What a version has learned from; None of one from before it was kept."""
    file = None if project is None else project / provenance.ROWS
    return read_history(file.read_text(encoding="utf-8")) if file is not None and file.is_file() else None
