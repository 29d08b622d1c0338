"""Runs: one parent for a search, one child for each size, written once each by the driver."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from cellsize.errors import is_disk_full
from cellsize.params import Mlflow, Search
from cellsize.registry.store import CLONE, clone, connect, end_abandoned, is_out_of_reach, out_of_reach, reached
from cellsize.sizing.scores import marked
from cellsize.training.records import Check, Result, Row, frame

PARENT, FINGERPRINT, SIZE = "mlflow.parentRunId", "cellsize.fingerprint", "cellsize.size"
METRICS_AT_ONCE = 900  # a server accepts 1,000
DVC = ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV", "DVC_STAGE")


@contextmanager
def recorder(
    settings: Mlflow,
    fingerprint: str,
    search: Search,
    tags: Mapping[str, str],
    say: Callable[[str], None] = print,
) -> Iterator[Callable[[Result], None]]:
    """Opens the parent run, or the one of an interrupted search, for as long as the search runs.

    It ends as finished, as failed or, if the search was interrupted, as killed.

    Args:
        settings: Where runs are kept.
        fingerprint: Names the search's data, parameters and code.
        search: Parameters of the search, for the parent run; another procedure has another parent.
        tags: More tags of the parent run, such as the versions of what trains.
        say: Prints a line.

    Yields:
        A function that writes a child run for a finished size: parameters, early-stopping scores of
        each fold, fold scores, seconds. A size that has a run already gets no second one; the scores
        of seeds added to it are written there. Where the store is out of reach, that is said once, and
        the sizes are written with the next one, or in the end.

    Raises:
        InputError: The store is out of reach at the beginning, or still in the end.
    """
    client, experiment = connect(settings)
    with reached(settings):
        end_abandoned(client, experiment)
        parent = _parent(client, experiment, fingerprint, search, tags)
    waiting = dict[str, Result]()  # sizes whose results MLflow has not got yet

    def record(result: Result) -> None:
        """Writes a size, and those before it that a server could not be given; none of them costs a training."""
        waiting[str(result.size)] = result
        try:
            _write(client, experiment, parent, waiting)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            if is_disk_full(error) or not is_out_of_reach(error):
                raise
            if len(waiting) == 1:  # said once
                say(f"search: {str(out_of_reach(settings, error)).partition('; ')[0]}; training continues meanwhile")

    ended = "FAILED"
    try:
        yield record
        if waiting:
            with reached(settings):
                _write(client, experiment, parent, waiting)
        ended = "FINISHED"
    except KeyboardInterrupt:
        ended = "KILLED"
        raise
    finally:
        try:
            client.set_terminated(parent, ended)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            # The next run ends it. What else went wrong is worth more to be said.
            if ended == "FINISHED":
                raise out_of_reach(settings, error) from None


def _parent(client: MlflowClient, experiment: str, fingerprint: str, search: Search, tags: Mapping[str, str]) -> str:
    """The run of this search in this folder: a new one, or the one of an interrupted search."""
    query = (
        f"tags.`{FINGERPRINT}` = '{fingerprint}' and tags.`{SIZE}` = 'all' and tags.`{CLONE}` = '{clone()}' "
        f"and params.`procedure` = '{search.procedure}'"
    )
    interrupted = client.search_runs([experiment], query)
    if interrupted:
        parent = str(interrupted[0].info.run_id)
        client.update_run(parent, status="RUNNING")
        return parent
    dvc = {f"dvc.{key}": os.environ[key] for key in DVC if key in os.environ}
    named = {**tags, **dvc, FINGERPRINT: fingerprint, SIZE: "all", CLONE: clone()}
    parent = str(client.create_run(experiment, run_name=f"search-{fingerprint[:8]}", tags=named).info.run_id)
    client.log_batch(parent, params=[Param(key, str(value)[:6000]) for key, value in search.model_dump().items()])
    return parent


def _write(client: MlflowClient, experiment: str, parent: str, waiting: dict[str, Result]) -> None:
    """Writes the sizes that wait, and takes each away as it is written."""
    for name, result in list(waiting.items()):
        query = f"tags.`{PARENT}` = '{parent}' and tags.`{SIZE}` = '{name}' and attributes.status = 'FINISHED'"
        recorded = client.search_runs([experiment], query)
        if not recorded:
            _record(client, experiment, parent, name, result)
        else:
            _add_seeds(client, recorded[0], result)
        del waiting[name]


def _record(client: MlflowClient, experiment: str, parent: str, name: str, result: Result) -> None:
    run = client.create_run(experiment, run_name=name, tags={PARENT: parent, SIZE: name, CLONE: clone()}).info.run_id
    trained = {_training(row) for row, _ in _scored(result)}
    now, first = int(time.time() * 1000), result.rows[0]
    scored = _scored(result)
    metrics = [Metric(_name(row), score, now, 0) for row, score in scored]
    metrics += [
        Metric(f"fold_{check.fold}_early_stopping_score_seed_{check.seed}", check.early_stopping_score, now, check.step)
        for check in result.checks
        if _training(check) in trained
    ]
    metrics += [Metric("seconds", result.seconds, now, 0), Metric("milliseconds", result.milliseconds, now, 0)]
    if scored:
        metrics.append(Metric("score", sum(score for _, score in scored) / len(scored), now, 0))
    params = [Param(key, str(getattr(first, key))) for key in ("layers", "units", "parameters", "n_train")]
    params.append(Param("learning_rates_chosen", " ".join(map(str, sorted({row.learning_rate for row, _ in scored})))))
    client.log_batch(run, params=params)
    for begin in range(0, len(metrics), METRICS_AT_ONCE):
        client.log_batch(run, metrics=metrics[begin : begin + METRICS_AT_ONCE])
    client.set_terminated(run, "FINISHED")


def _add_seeds(client: MlflowClient, run: Run, result: Result) -> None:
    """Adds the scores of seeds that were trained since the run was written."""
    scored, now = _scored(result), int(time.time() * 1000)
    added = [Metric(_name(row), score, now, 0) for row, score in scored if _name(row) not in run.data.metrics]
    if added:
        mean = Metric("score", sum(score for _, score in scored) / len(scored), now, len(scored))
        client.log_batch(run.info.run_id, metrics=[*added, mean])


def _scored(result: Result) -> list[tuple[Row, float]]:
    """The trainings that count, with their scores."""
    statuses = marked(frame(result.rows, Row))["status"]
    rows = zip(result.rows, statuses, strict=True)
    return [(row, row.score) for row, status in rows if row.score is not None and status == "ok"]


def _name(row: Row) -> str:
    return f"fold_{row.fold}_score_seed_{row.seed}"


def _training(record: Row | Check) -> tuple[int, int, float, float, float, str, str]:
    """Which training it was."""
    setting = (record.learning_rate, record.dropout, record.weight_decay, record.skip, record.head)
    return record.fold, record.seed, *setting
