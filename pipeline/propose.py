"""propose: shapes and fold sizes → the bounds and the grid of sizes."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("propose")
