"""code: this program → a hash of each stage's code, which the stage depends on."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("code")
