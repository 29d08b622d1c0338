"""A registered model as callers see it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.data.sequences import Sequences
from cellsize.models.forecaster import Forecaster
from cellsize.models.regressor import Regressor
from cellsize.registry.callers import of_regressor, reads, typed

PAGE = (Path(__file__).parents[2] / "docs/consumers.md").read_text(encoding="utf-8")


def test_columns_of_an_answer_are_text_numbers_whole_numbers_and_truth_values() -> None:
    answer = pd.DataFrame({"name": ["a"], "∑ of 1": [0.5], "label": [3], "is": [True]})
    assert [(column.name, column.type.name) for column in typed(answer)] == [
        ("name", "string"), ("∑ of 1", "double"), ("label", "long"), ("is", "boolean"),
    ]  # fmt: skip


def test_a_version_that_gives_numbers_says_what_it_reads_and_takes_levels(
    make_regressor: Callable[..., tuple[Regressor, Sequences]], rows_of: Callable[[Sequences], pd.DataFrame]
) -> None:
    model, sequences = make_regressor()
    shown = of_regressor(model, rows_of(sequences).head(9))
    assert [(column.name, column.type.name) for column in shown.columns] == [("name", "string"), ("y", "double")]
    assert [each.name for each in shown.params] == ["levels"]
    assert shown.reads == {
        "task": "regress", "reads": ["name", "step", "x", "z"], "sequence": "name", "step": "step",
        "features": ["x", "z"], "reads_steps": 6, "label": "y", "may_be_missing": [],
    }  # fmt: skip


def test_the_page_for_consumers_says_every_key_of_the_metadata(
    make_model: Callable[..., Forecaster],
    make_table: Callable[..., pd.DataFrame],
    make_regressor: Callable[..., tuple[Regressor, Sequences]],
    rows_of: Callable[[Sequences], pd.DataFrame],
) -> None:
    forecasts, _, sequences = PAGE.partition("\n## Labelled sequences\n")
    assert sequences
    for key in reads(make_model(make_table())):
        assert f"`{key}`" in forecasts, key
    model, some = make_regressor()
    for key in of_regressor(model, rows_of(some).head(9)).reads:
        assert f"`{key}`" in sequences or key == "task", key
