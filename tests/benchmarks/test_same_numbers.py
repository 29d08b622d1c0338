"""Two runs compared, number by number."""

import json
from pathlib import Path

from benchmarks import same_numbers


def test_another_name_or_place_of_a_key_is_no_difference(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({"odds": {"units": 8, "p": 0.1}, "list": [1, 2.5], "ok": True, "text": "3"}))
    new.write_text(json.dumps({"list": [1.0, 2.5], "larger": {"probability": 0.1, "units": 8}, "text": "4"}))
    assert same_numbers.different_records(old, new) == []


def test_another_last_digit_is_a_difference(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps([0.1, 0.1]))
    new.write_text(json.dumps([0.1, 0.1000000000000001]))
    assert same_numbers.different_records(old, new) == [
        f"only in {old}: 0.1 (1 times)",
        f"only in {new}: 0.1000000000000001 (1 times)",
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
