"""The report, by the task of the results."""

from pathlib import Path

from cellsize.params import Report
from cellsize.report import classes, page
from cellsize.report.answered import is_of_classes


def write(build: Path, report: Report, reports: Path) -> None:
    """Writes the report; see `page.write` and `classes.write`."""
    if is_of_classes(reports):
        classes.write(build, report, reports)
    else:
        page.write(page.read_folders(build, reports), report, reports)
