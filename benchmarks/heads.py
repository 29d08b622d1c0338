"""Direct heads and an encoder-decoder on parts of two shipped tables: scores on the validation blocks of three folds.

The holdout of each table is not read: of either only the first rows are. Each head is trained alone, with one learning
rate, no dropout, no linear skip connection and one seed, to as many steps at most: what is compared is the form of the
head, and not what a race would make of it.
"""

import argparse
from statistics import fmean, stdev
from typing import Any

from benchmarks import data
from cellsize.data import folds
from cellsize.params import Head
from cellsize.sizing.sizes import Size
from cellsize.training import train
from cellsize.training.records import Work

ROWS = {"santa-fe-laser": 4000, "new-york-weather": 3000}
HEADS: tuple[Head, ...] = ("plain", "mixed", "encoder_decoder")
SIZES = (Size(1, 4), Size(1, 8), Size(1, 16))
TRAINING: dict[str, Any] = {
    "learning_rates": (0.01,), "dropouts": (0.0,), "weight_decays": (0.0,), "rungs": (), "seeds": 1, "check_every": 60,
    "steps": 900, "maximum_steps": 900, "patience": 300,
}  # fmt: skip
# As fast as a smoke test has to be, and still one setting: two would count as folds.
SMOKE: dict[str, Any] = {"check_every": 10, "steps": 20, "maximum_steps": 20, "patience": 20}


def works(name: str, smoke: bool) -> dict[Head, Work]:
    """One table's first rows in three folds, for each head alone."""
    example = data.load(name, ROWS[name])
    divided = folds.split(example.windows, data.changed(example.params.split, folds=3))
    training = data.changed(example.params.search.training, **(TRAINING | (SMOKE if smoke else {})))
    base = data.Data(example.params, example.schema, example.windows, divided)
    network = example.params.propose.network
    return {head: base.work(training, data.changed(network, skip=("none",), head=(head,))) for head in HEADS}


def main() -> None:
    """Trains every head of every size on both tables; prints and writes the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="20 steps")
    smoke, found = parser.parse_args().smoke, list[dict[str, Any]]()
    for name in ROWS:
        of_heads = works(name, smoke)
        for size in SIZES:
            for head, work in of_heads.items():
                result = train.train(work, size)
                scores = [row.score for row in result.rows if row.score is not None]
                found.append({
                    "data": name, "size": str(size), "head": head, "recurrent": result.rows[0].recurrent,
                    "parameters": result.rows[0].parameters, "score": fmean(scores),
                    "standard_error": stdev(scores) / len(scores) ** 0.5, "folds": scores,
                })  # fmt: skip
                last = found[-1]
                print(f"{name} {size} {head}: {last['score']:.4f} ± {last['standard_error']:.4f}, "
                      f"{last['recurrent']:,} recurrent, {last['parameters']:,} parameters", flush=True)  # fmt: skip
    data.write("heads", found, smoke)


if __name__ == "__main__":
    main()
