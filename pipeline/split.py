"""split: window index → the holdout, and folds that share no raw row."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("split")
