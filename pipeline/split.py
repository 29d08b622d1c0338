"""split: window index → the holdout, and folds that share no raw row, of all rows and of those that are searched on."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("split")
