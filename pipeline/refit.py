"""refit: choice → twins of that size trained without the holdout, and the model to serve, trained on everything."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("refit")
