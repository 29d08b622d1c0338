"""Whether the machines of `search.compute` have what it asks for, before anything is trained. No stage of dvc.yaml."""

from pathlib import Path

from cellsize.params import Params
from cellsize.search import storage, tune


def main(params: Params) -> None:
    """Asks them; refuses in a line."""
    compute = params.search.compute
    tune.reach(compute, storage.opened(compute.storage, Path(".cache/search")))
