"""window: clean series → base arrays and the index of usable windows."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("window")
