"""A loss that is no number: the size is scored without that training, and nothing else happens."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from benchmarks import faults
from benchmarks.faults import Disturbed
from cellsize import files

pytestmark = pytest.mark.slow

HUGE = 1e30  # a learning rate after whose first step every squared error is infinite


def trainings(project: Disturbed) -> pd.DataFrame:
    """The rows of the search that trained with the huge learning rate."""
    rows = pd.read_csv(project.folder / "build/trials.csv")
    return rows[rows["learning_rate"] == HUGE]


def test_diverged_trainings_are_failed_rows_and_the_run_ends_well(
    copied: Callable[..., Disturbed], undisturbed: Disturbed
) -> None:
    project = copied("search")
    project.edit({"search.training.learning_rates": [0.03, HUGE]})
    assert project.run() == 0, project.said()
    diverged = trainings(project)
    assert len(diverged) > 0
    assert set(diverged["status"]) == {"failed"}
    assert diverged["score"].isna().all()
    rows = pd.read_csv(project.folder / "build/trials.csv")
    counted = rows[rows["status"] == "ok"]
    assert np.isfinite(counted["score"]).all()
    assert set(counted[counted["units"] > 0]["learning_rate"]) == {0.03}
    files.read_json(project.folder / "reports/evaluation.json")  # which holds no NaN, or it would not be JSON
    assert "NaN" not in (project.folder / "reports/choice.json").read_text()
    assert "Traceback" not in project.said()
    assert faults.mess(project, undisturbed) == []
    before = project.answers()
    assert project.run() == 0
    assert "Nothing changed since the last run" in project.said()
    assert project.answers() == before


def test_where_all_diverged_one_line_says_so_and_a_smaller_learning_rate_gives_the_answer(
    copied: Callable[..., Disturbed], holds: Callable[..., None]
) -> None:
    project = copied("search")
    project.edit({"search.training.learning_rates": [HUGE]})
    assert project.run() == 1
    errors = [line for line in project.said().splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "since every training of it diverged there" in errors[0]
    assert "Traceback" not in project.said()
    project.edit({"search.training.learning_rates": faults.SMALL["search.training.learning_rates"]})
    assert project.run() == 0, project.said()
    holds(project, {})
