"""A registered model as callers see it."""

import pandas as pd

from cellsize.registry.callers import typed


def test_columns_of_an_answer_are_text_numbers_whole_numbers_and_truth_values() -> None:
    answer = pd.DataFrame({"name": ["a"], "∑ of 1": [0.5], "label": [3], "is": [True]})
    assert [(column.name, column.type.name) for column in typed(answer)] == [
        ("name", "string"), ("∑ of 1", "double"), ("label", "long"), ("is", "boolean"),
    ]  # fmt: skip
