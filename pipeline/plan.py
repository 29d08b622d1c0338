"""What the search will cost, before it begins: `make plan`. No stage of dvc.yaml."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("plan")
