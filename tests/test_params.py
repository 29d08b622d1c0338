"""The schema by itself: what a section accepts."""

from typing import Any

import pytest
from pydantic import ValidationError

from cellsize.params import Csv

PLAIN: dict[str, Any] = {
    "separator": ";", "decimal": ",", "thousands": ".", "comment": "#", "encoding": "utf-8", "units_row": False,
    "total_row": False,
}  # fmt: skip


def test_a_text_file_may_be_written_with_other_signs() -> None:
    assert Csv.model_validate(PLAIN).decimal == ","


@pytest.mark.parametrize("key", ["decimal", "thousands", "comment"])
def test_a_sign_has_one_meaning(key: str) -> None:
    with pytest.raises(ValidationError, match="';' is named twice: give each sign one meaning"):
        Csv.model_validate(PLAIN | {key: ";"})


def test_a_sign_is_one_character() -> None:
    with pytest.raises(ValidationError):
        Csv.model_validate(PLAIN | {"separator": "||"})
