"""Twins as files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cellsize.models.forecaster import Forecaster
from cellsize.models.twins import load, save


def test_twins_come_back_in_their_order(
    tmp_path: Path, make_model: Callable[..., Forecaster], make_table: Callable[..., pd.DataFrame]
) -> None:
    model = make_model(make_table())
    twins = [replace(model, learned_until=f"2026-01-{day:02}") for day in range(1, 12)]  # 10 comes after 9
    save(twins, tmp_path / "twins")
    assert [twin.learned_until for twin in load(tmp_path / "twins")] == [twin.learned_until for twin in twins]
