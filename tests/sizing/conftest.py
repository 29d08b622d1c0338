"""Candidates that the tests of this floor share."""

from collections.abc import Iterable
from typing import Any

from cellsize.params import Network
from cellsize.sizing.artefacts import Candidate, Candidates
from cellsize.sizing.sizes import Size

NETWORK = Network(
    cell="lstm", projection=0, bidirectional=False, summary="last", skip=("none", "linear"), head=("plain",)
)


def candidate(size: Size, **changes: Any) -> Candidate:
    """A step of the grid within the bound."""
    plain = {
        "layers": size.layers, "units": size.units, "parameters": 15, "recurrent": 0, "textbook": 0, "head": 5,
        "linear": 10, "multiply_adds": 0, "bytes": 60, "past_bound": False, "at_bound": False, "on_grid": True,
        "guessed": False,
    }  # fmt: skip
    return Candidate.model_validate(plain | changes)


def candidates(listed: Iterable[Candidate], ladder: Iterable[Candidate] = (), **changes: Any) -> Candidates:
    """`candidates.json` with these sizes, and these of the α procedure; 800 windows are what counts."""
    plain = {
        "counted": "windows",
        "samples": {"targets": 9000, "windows": 800, "sequences": 1, "effective": 70},
        "counted_inputs": "step",
        "inputs": {"step": 3, "window": 40},
        "n_outputs": 2,
        "bound": {"kind": "neurons", "alpha": 2, "units": 8},
        "bounds": (),
        "network": NETWORK,
        "candidates": tuple(listed),
        "rules_of_thumb": (),
        "alpha_ladder": tuple(ladder),
    }
    return Candidates.model_validate(plain | changes)
