"""The shipped tables of sequences are what their page says: one label or number each, and the official parts."""

from pathlib import Path

import pandas as pd
import pytest

RAW = Path(__file__).parents[2] / "data/raw"


@pytest.mark.parametrize(
    ("name", "sequence", "label", "parts", "steps", "rows"),
    [
        ("japanese-vowels", "utterance", "speaker", {"train": 270, "test": 370}, (7, 29), 9961),
        ("covid-deaths", "country", "death_rate", {"train": 140, "test": 61}, (84, 84), 16884),
    ],
)
def test_each_sequence_counts_its_steps_and_has_one_label_in_one_part(
    name: str, sequence: str, label: str, parts: dict[str, int], steps: tuple[int, int], rows: int
) -> None:
    table = pd.read_parquet(RAW / f"{name}.parquet")
    of_each = table.groupby(sequence)
    assert (of_each[[label, "part"]].nunique() == 1).all(axis=None)
    assert of_each["part"].first().value_counts().to_dict() == parts
    assert (of_each["step"].min() == 1).all()
    assert (of_each["step"].max() == of_each.size()).all()
    assert (of_each.size().min(), of_each.size().max(), len(table)) == (*steps, rows)
    assert not table.isna().any(axis=None)
