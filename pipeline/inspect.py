"""inspect: training parts → what a window should show, measured in seconds by ridge; advice, nothing is changed."""

from cellsize import stage

if __name__ == "__main__":
    stage.run("inspect")
