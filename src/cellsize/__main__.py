"""`python -m cellsize` is the command `cellsize`."""

from cellsize.cli import app

if __name__ == "__main__":
    app(prog_name="cellsize")
