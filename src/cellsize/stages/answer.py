"""The last lines of `make run`: the answer, from what the stages wrote. No stage of dvc.yaml."""

from pathlib import Path

from cellsize.params import Params
from cellsize.report import answered


def main(params: Params, build: Path, reports: Path) -> None:
    """Reads the results; prints the answer."""
    print(answered.lines(params.report.title, build, reports))
