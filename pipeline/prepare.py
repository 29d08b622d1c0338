"""prepare: raw table → clean series on a regular clock, and what its columns mean."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("prepare")
