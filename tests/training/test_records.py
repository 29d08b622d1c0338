"""What a trial gives back, written and read."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import folds
from cellsize.params import Search
from cellsize.sizing.sizes import Size
from cellsize.training.records import Check, Result, Row, Work, frame, load_work

OK = Row(
    layers=2, units=16, fold=1, seed=0, learning_rate=3e-3, dropout=0.2, weight_decay=0.0, skip="joint", head="mixed",
    penalty=100.0, status="ok", steps=70, trained=90, early_stopping_score=0.1 + 0.2, train_score=1 / 3,
    score=0.30000000000000004, n_train=41, n_validation=62, parameters=5000, recurrent=3000,
)  # fmt: skip
DROPPED = Row(**{**asdict(OK), "learning_rate": 1e-3, "status": "dropped", "score": None, "train_score": None})
FAILED = Row(**{**asdict(DROPPED), "learning_rate": 1e3, "status": "failed", "early_stopping_score": None})
CHECK = Check(
    layers=2, units=16, fold=1, seed=0, learning_rate=3e-3, dropout=0.2, weight_decay=0.0, skip="joint", head="mixed",
    step=10, train_loss=1 / 7, early_stopping_score=1e-17,
)  # fmt: skip


def result(rows: tuple[Row, ...] = (OK, DROPPED, FAILED), checks: tuple[Check, ...] = (CHECK,)) -> Result:
    return Result(
        rows=rows,
        checks=checks,
        residuals=np.random.default_rng(0).standard_normal((3, 2, 1)).astype(np.float32),
        residual_windows=np.array([4, 5, 9]),
        residual_skips=np.array([True, True, False]),
        seconds=1.5,
        milliseconds=0.25,
    )


@pytest.mark.parametrize("checks", [(CHECK,), ()])
def test_a_result_is_read_as_it_was_written(tmp_path: Path, checks: tuple[Check, ...]) -> None:
    written = result(checks=checks)
    written.save(tmp_path / "2x16.npz")
    read = Result.load(tmp_path / "2x16.npz")
    assert (read.rows, read.checks) == (written.rows, written.checks)
    assert (read.seconds, read.milliseconds) == (1.5, 0.25)
    for name in ("residuals", "residual_windows", "residual_skips"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
        assert getattr(read, name).dtype == getattr(written, name).dtype
    assert read.size == Size(2, 16)
    assert [type(value) for value in asdict(read.rows[0]).values()] == [type(value) for value in asdict(OK).values()]


def test_a_result_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "2x16.npz"
    result().save(path)
    before = path.read_bytes()
    broken = Result(**{**vars(result()), "rows": (OK, object())})
    with pytest.raises(TypeError):
        broken.save(path)
    assert path.read_bytes() == before
    result(rows=(OK,)).save(path)
    assert len(Result.load(path).rows) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["2x16.npz"]


def test_no_pickle_is_needed_to_read_a_result(tmp_path: Path) -> None:
    result().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as content:
        assert all(content[key].dtype != object for key in content)


def test_a_table_has_a_line_for_each_row_and_nan_where_there_is_no_score() -> None:
    table = frame((OK, DROPPED, FAILED), Row)
    assert list(table) == list(asdict(OK))
    assert table["status"].tolist() == ["ok", "dropped", "failed"]
    assert np.isnan(table["score"]).tolist() == [False, True, True]
    assert np.isnan(table["early_stopping_score"]).tolist() == [False, False, True]
    assert table.loc[0, "score"] == OK.score


@pytest.mark.parametrize("kind", [Row, Check])
def test_a_table_of_nothing_has_the_columns_all_the_same(kind: type[Row] | type[Check]) -> None:
    table = frame((), kind)
    assert len(table) == 0
    assert "early_stopping_score" in table
    assert table["early_stopping_score"].dtype == np.float64


def test_a_table_of_failed_rows_alone_has_numbers_for_scores(tmp_path: Path) -> None:
    # A column of None alone was once one of objects, and a CSV of it read back as text.
    table = frame((FAILED, FAILED), Row)
    assert table["score"].dtype == np.float64
    table.to_csv(tmp_path / "trials.csv", index=False)
    assert pd.read_csv(tmp_path / "trials.csv")["score"].isna().all()


def test_the_work_is_read_from_what_the_stages_wrote(
    tmp_path: Path, make_work: Callable[..., Work], params_content: Callable[[], dict[str, Any]]
) -> None:
    work = make_work()
    work.windows.save(tmp_path / "windows.npz")
    pd.DataFrame(folds.save_labels(work.folds)).to_parquet(tmp_path / "folds.parquet")
    search = Search.model_validate(params_content()["search"] | {"seed": 7})
    loaded = load_work(tmp_path / "windows.npz", tmp_path / "folds.parquet", work.network, search, (3.0,), "mae")
    np.testing.assert_array_equal(loaded.windows.first, work.windows.first)
    np.testing.assert_array_equal(loaded.folds.labels, work.folds.labels)
    assert (loaded.network, loaded.training, loaded.penalties, loaded.seed) == (
        work.network,
        search.training,
        (3.0,),
        7,
    )
    other = load_work(tmp_path / "windows.npz", tmp_path / "folds.parquet", work.network, search, (3.0,), "mse", 0)
    assert (loaded.metric, other.metric, other.seed) == ("mae", "mse", 0)
