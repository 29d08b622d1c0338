"""refit: choice → that size trained on everything but the holdout."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("refit")
