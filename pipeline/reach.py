"""Whether the machines of `search.compute` have what it asks for, before anything is trained. No stage of dvc.yaml."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("reach")
