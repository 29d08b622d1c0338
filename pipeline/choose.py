"""choose: trials → the smallest adequate size, and the reason in words."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("choose")
