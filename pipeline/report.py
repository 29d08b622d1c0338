"""report: all results → one page a person reads, and a summary for a pull request."""

from pathlib import Path

from cellsize import stage
from cellsize.params import Params
from cellsize.report import page


def main(params: Params, build: Path, reports: Path) -> None:
    """Reads the folders of results; writes the page and the summary."""
    inputs = page.read_folders(build, reports)
    page.write(inputs, params.report, reports / "index.html", reports / "summary.md")
    print(f"report: {reports / 'index.html'}")


if __name__ == "__main__":
    stage.run(main)
