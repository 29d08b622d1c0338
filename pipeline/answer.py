"""The last lines of `make run`: the answer, from what the stages wrote. Not a stage."""

from pathlib import Path

from cellsize import stage
from cellsize.params import Params
from cellsize.report import answer


def main(params: Params, reports: Path) -> None:
    """Reads the results; prints the answer."""
    print(answer.lines(params.report.title, reports))


if __name__ == "__main__":
    stage.run(main)
