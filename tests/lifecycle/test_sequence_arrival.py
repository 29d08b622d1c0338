"""A table of sequences before any stage runs: what the stages would make of it, and what a refit would hold out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize import params_file
from cellsize.data import sequence_history
from cellsize.errors import InputError
from cellsize.lifecycle import sequence_arrival
from cellsize.params import Params
from cellsize.project import template
from tests.lifecycle.known_classifier import sequences_table


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Params]:
    """Makes this folder a project with a table of sequences; returns its parameters."""
    monkeypatch.chdir(tmp_path)

    def make(table: pd.DataFrame, **changes: template.Value) -> Params:
        table.to_csv("table.csv", index=False)
        plain: dict[str, template.Value] = {
            "task": "classify", "prepare.table": "table.csv", "prepare.time": "step", "prepare.series": "name",
            "prepare.targets": ["kind"], "prepare.past_covariates": ["x", "z"], "prepare.frequency": "step",
            "prepare.calendar": [], "prepare.linear_calendar": [], "window.lookback": 10,
            "window.linear_lookback": None, "window.horizon": 1, "window.normalise": "none", "split.folds": 2,
            "split.scheme": "stratified", "baseline.classical": "none", "choose.metric": "log_loss",
            "register.beat": [], "register.name": "toy", "mlflow.experiment": "toy",
        }  # fmt: skip
        Path("params.yaml").write_text(template.params(plain | changes), encoding="utf-8")
        return params_file.load(Path("params.yaml"))

    return make


def test_a_refit_holds_out_what_was_held_out_and_a_part_of_what_is_new(project: Callable[..., Params]) -> None:
    params = project(sequences_table(0, 60))
    before = sequence_arrival.read(params)
    history = sequence_history.history_of(before.frame, before.schema, None)
    longer = sequence_arrival.read(project(sequences_table(0, 100)))
    refitted = sequence_arrival.kept(longer, history, params)
    np.testing.assert_array_equal(refitted.folds.holdout[:60], before.folds.holdout)
    assert refitted.folds.holdout[60:].sum() == 8
    new, groups = sequence_arrival.new_in(refitted, np.arange(60))
    assert (new.tolist(), groups) == (list(range(60, 100)), 8)


def test_what_was_searched_on_is_the_same_bytes_again(project: Callable[..., Params]) -> None:
    before = sequence_arrival.read(project(sequences_table(0, 60)))
    params = project(sequences_table(0, 100))
    again = sequence_arrival.until(sequence_arrival.read(params), "60", params)
    before.samples.save(Path("before.npz"))
    again.samples.save(Path("again.npz"))
    assert Path("before.npz").read_bytes() == Path("again.npz").read_bytes()
    np.testing.assert_array_equal(again.folds.labels, before.folds.labels)


def test_new_ones_before_old_ones_would_move_the_holdout(project: Callable[..., Params]) -> None:
    before = sequence_arrival.read(project(sequences_table(0, 60)))
    history = sequence_history.history_of(before.frame, before.schema, None)
    behind = sequence_arrival.read(project(sequences_table(0, 80)))
    assert not sequence_arrival.holds_searched(behind, history)
    ahead = sequence_arrival.read(project(pd.concat([sequences_table(60, 80), sequences_table(0, 60)])))
    assert sequence_arrival.holds_searched(ahead, history)


def test_a_shorter_table_keeps_the_holdout_of_the_stages_and_is_refused_as_the_stages_do(
    project: Callable[..., Params],
) -> None:
    before = sequence_arrival.read(project(sequences_table(0, 60)))
    history = sequence_history.history_of(before.frame, before.schema, None)
    params = project(sequences_table(0, 40))
    shorter = sequence_arrival.read(params)
    assert sequence_arrival.kept(shorter, history, params) is shorter
    with pytest.raises(InputError, match="60 sequences, but the table has 40"):
        sequence_arrival.read(project(sequences_table(0, 40), **{"split.searched_until": "60"}))
