"""The report, by the task of the results."""

from pathlib import Path

from cellsize.params import Report
from cellsize.report import classes, numbers, page
from cellsize.report.answered import task_of


def write(build: Path, report: Report, reports: Path) -> None:
    """Writes the report; see `page.write`, `classes.write` and `numbers.write`."""
    task = task_of(reports)
    if task == "regress":
        numbers.write(build, report, reports)
    elif task == "classify":
        classes.write(build, report, reports)
    else:
        page.write(page.read_folders(build, reports), report, reports)
