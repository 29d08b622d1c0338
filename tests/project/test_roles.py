"""Roles: what is forecast, what is a covariate, what is left out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from tests.project.conftest import params

Hourly = Callable[..., Path]


def test_several_columns_of_numbers_are_asked_about_and_never_guessed(hourly: Hourly) -> None:
    path = hourly(price=np.cos(np.arange(600)).round(3))
    with pytest.raises(InputError, match="2 columns hold numbers; name the one to forecast: --target load"):
        examine(Asked(path))
    asked = list[tuple[str, ...]]()

    def ask(numeric: tuple[str, ...]) -> tuple[str, ...]:
        asked.append(numeric)
        return ("price",)

    made = params(examine(Asked(path), ask))
    assert asked == [("load", "price")]
    assert (made.prepare.targets, made.prepare.past_covariates) == (("price",), ("load",))


def test_covariates_are_found_and_what_is_left_out_has_a_reason(hourly: Hourly) -> None:
    rows = np.arange(600)
    path = hourly(
        wind=np.where(rows % 3 == 0, "N", "S"), hour=rows % 24, row=rows, flat=1.0, rain=np.sin(rows).round(2),
        note=[f"n{row}" for row in rows],
    )  # fmt: skip
    found = examine(Asked(path, targets=("load",)))
    made = params(found)
    assert made.prepare.past_covariates == ("rain",)
    assert made.prepare.categorical_covariates == ("wind",)
    assert "left out: hour (says what the time says; see prepare.calendar)" in found.findings
    assert "left out: row (counts the rows)" in found.findings
    assert "left out: flat (never changes before the holdout)" in found.findings
    assert any(line.startswith("left out: note (text with 480 levels") for line in found.findings)
