"""baseline: folds → scores of the models without memory cells."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("baseline")
