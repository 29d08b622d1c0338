"""The shipped tables of sequences are what their page says: one label or number each, and the official parts."""

from pathlib import Path

import pandas as pd

RAW = Path(__file__).parents[2] / "data/raw"


def test_each_vowel_counts_its_steps_and_has_one_speaker_in_one_part() -> None:
    table = pd.read_parquet(RAW / "japanese-vowels.parquet")
    of_each = table.groupby("utterance")
    assert (of_each[["speaker", "part"]].nunique() == 1).all(axis=None)
    assert of_each["part"].first().value_counts().to_dict() == {"train": 270, "test": 370}
    assert (of_each["step"].min() == 1).all()
    assert (of_each["step"].max() == of_each.size()).all()
    assert (of_each.size().min(), of_each.size().max(), len(table)) == (7, 29, 9961)
    assert not table.isna().any(axis=None)


def test_each_day_of_an_airport_has_24_hours_of_weather_one_week_and_one_fraction_of_late_flights() -> None:
    table = pd.read_parquet(RAW / "late-flights.parquet")
    of_each = table.groupby("day")
    assert (of_each[["late", "week"]].nunique() == 1).all(axis=None)
    assert table["hour"].tolist() == list(range(24)) * 1040
    assert (of_each.size() == 24).all()
    assert table["late"].between(0, 1).all()
    # Weeks are counted from the first of January.
    days = pd.to_datetime(of_each["week"].first().index.str.split().str[1])
    assert (of_each["week"].first().to_numpy() == (days.day_of_year - 1) // 7 + 1).all()
