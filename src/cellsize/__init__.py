"""cellsize: how many layers and how many memory cells an LSTM needs, measured."""

__version__ = "0.1.0"
