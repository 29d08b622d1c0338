"""Which version is champion now, after a registration: `cellsize retrain`. No stage of dvc.yaml."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("champion")
