"""Two runs compared, value by value."""

import json
from pathlib import Path

from benchmarks import same_numbers


def written(folder: Path, old: object, new: object) -> tuple[Path, Path]:
    """Both contents as JSON files."""
    paths = (folder / "old.json", folder / "new.json")
    for path, content in zip(paths, (old, new), strict=True):
        path.write_text(json.dumps(content), encoding="utf-8")
    return paths


def test_a_renamed_key_another_order_and_other_words_are_no_difference(tmp_path: Path) -> None:
    old = {"odds": {"units": 8}, "list": [1, 2.5], "reason": "So."}
    new = {"list": [1, 2.5], "reason": "Because.", "larger": {"units": 8}}
    assert same_numbers.different_records(*written(tmp_path, old, new)) == []


def test_another_last_digit_a_swap_another_flag_and_a_lost_value_are_differences(tmp_path: Path) -> None:
    old = {"score": 0.1, "best": 0.2, "at_least": True, "errors": [1.0, 2.0], "rule": "best", "gone": None}
    new = {"score": 0.2, "best": 0.1, "at_least": False, "errors": [1.0, 2.0000000000000004], "rule": "budget"}
    paths = written(tmp_path, old, new)
    assert same_numbers.different_records(*paths) == [
        f"{paths[1]}: .score: 0.2, not 0.1",
        f"{paths[1]}: .best: 0.1, not 0.2",
        f"{paths[1]}: .at_least: False, not True",
        f"{paths[1]}: .errors[1]: 2.0000000000000004, not 2.0",
        f"{paths[1]}: .rule: budget, not best",
        f"{paths[1]}: .gone: nothing, not None",
    ]


def test_columns_are_compared_by_position_and_to_the_last_digit(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("stop_score,score\n0.1,\n0.2,3\n")
    new.write_text("early_stopping_score,score\n0.1,\n0.2,3\n")
    assert same_numbers.different_tables(old, new) == []
    new.write_text("early_stopping_score,score\n0.1,\n0.20,3\n")
    assert same_numbers.different_tables(old, new) == [f"{new}: column 'early_stopping_score' differs in 1 rows"]
    new.write_text("early_stopping_score\n0.1\n")
    assert same_numbers.different_tables(old, new) == [f"{new}: (1, 1) rows and columns, not (2, 2)"]
