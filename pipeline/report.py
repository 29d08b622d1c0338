"""report: all results → one page a person reads, a summary for a pull request, numbers for dvc metrics and plots."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("report")
