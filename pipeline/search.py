"""search: candidates, folds → one row for each training; Ray Tune runs them, MLflow keeps a run for each size."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("search")
