"""report: all results → one page a person reads, a summary for a pull request, numbers for dvc metrics and plots."""

from pathlib import Path

from cellsize.params import Params
from cellsize.progress import lines
from cellsize.report import by_task


def main(params: Params, build: Path, reports: Path) -> None:
    """Reads the folders of results; writes the page, the summary, metrics and tables for plots."""
    with lines("report"):
        by_task.write(build, params.report, reports)
    print(f"report: {reports / 'index.html'}")
