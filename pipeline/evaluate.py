"""evaluate: the model's twins → errors on the untouched holdout, compared with the baselines' and the champion's."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("evaluate")
