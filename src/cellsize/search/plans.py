"""From the procedure named in params.yaml to a plan for the search, and from its results to tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellsize import files
from cellsize.params import Search
from cellsize.sizing import procedures
from cellsize.sizing.candidates import guesses, on_grid, sizes
from cellsize.sizing.procedures import Plan, Walk
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import Size
from cellsize.training.records import Epoch, Result, Row, frame

# A climb knows at most so many sizes that may come next; each one more doubles the cases to be thought through.
AHEAD = 8


def plan(candidates: dict[str, Any], search: Search) -> Plan:
    """The walk over the candidates that `search.procedure` names."""
    grid, guessed, ladder = on_grid(candidates), guesses(candidates), sizes(candidates, "alpha_ladder")
    costs = {Size(one["layers"], one["units"]): float(one["multiply_adds"]) for one in candidates["candidates"]}
    allowed = procedures.within_cost_limit(costs, search.cost_limit)

    def walk(known: dict[Size, Scores]) -> Walk:
        match search.procedure:
            case "climb":
                found = procedures.climb(grid, known, search.patience, search.minimum_units, AHEAD, allowed)
            case "grid":
                found = procedures.grid(grid, known, costs)
            case "random":
                found = procedures.grid(procedures.sample(grid, search.sample, search.seed), known, costs)
            case "alpha":
                found = procedures.alpha(ladder, known)
        # What guessing would have cost is measured last, whatever was chosen.
        return found if found.wanted else procedures.after(found, guessed, known, costs)

    return walk


def write(found: list[Result], trials: Path, curves: Path, timings: Path, residuals: Path) -> None:
    """Writes the tables of a search, sizes in grid order, so that the order of training leaves no trace."""
    ordered = sorted(found, key=lambda result: result.size)
    files.write_csv(trials, pd.concat([frame(result.rows, Row) for result in ordered], ignore_index=True))
    epochs = [frame(result.epochs, Epoch) for result in ordered if result.epochs]
    empty = frame((), Epoch)
    files.write_csv(curves, pd.concat(epochs, ignore_index=True) if epochs else empty)
    times = [
        {
            "layers": result.size.layers,
            "units": result.size.units,
            "seconds": result.seconds,
            "milliseconds": result.milliseconds,
        }
        for result in ordered
    ]
    files.write_csv(timings, pd.DataFrame(times))
    kept = {str(result.size): result.residuals for result in ordered}
    positions = {f"{result.size}.windows": result.residual_windows for result in ordered}

    def save(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **kept, **positions)

    files.write(residuals, save)
