"""What is new for the champion, before anything is trained: `cellsize retrain`. No stage of dvc.yaml."""

from pathlib import Path

from cellsize.lifecycle.facts import gather
from cellsize.params import Params


def main(params: Params, facts: Path) -> None:
    """Reads the table and the registry; writes what is new."""
    gather(params).write(facts)
