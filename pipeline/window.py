"""window: clean series → base arrays and the index of usable windows, of all rows and of those that are searched on."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("window")
