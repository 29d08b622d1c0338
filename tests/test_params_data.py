"""The schema of what is said about the data."""

from typing import Any

import pytest
from pydantic import ValidationError

from cellsize.params_data import Csv

PLAIN: dict[str, Any] = {
    "separator": ";", "decimal": ",", "thousands": ".", "comment": "#", "encoding": "utf-8", "units_row": False,
    "total_row": False,
}  # fmt: skip


def test_a_text_file_may_be_written_with_other_signs() -> None:
    assert Csv.model_validate(PLAIN).decimal == ","


@pytest.mark.parametrize("changes", [{"thousands": ","}, {"comment": ";"}, {"comment": ","}, {"comment": "."}])
def test_a_sign_has_one_meaning(changes: dict[str, str]) -> None:
    (sign,) = changes.values()
    with pytest.raises(ValidationError, match=f"'{sign}' is named twice: give each sign one meaning"):
        Csv.model_validate(PLAIN | changes)


@pytest.mark.parametrize("key", ["decimal", "thousands"])
def test_numbers_may_have_the_separator_in_them_since_their_values_are_quoted(key: str) -> None:
    assert getattr(Csv.model_validate(PLAIN | {key: ";"}), key) == ";"


def test_a_sign_is_one_character() -> None:
    with pytest.raises(ValidationError):
        Csv.model_validate(PLAIN | {"separator": "||"})
