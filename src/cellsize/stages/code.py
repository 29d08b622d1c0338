"""code: this program → a hash of each stage's code, which the stage depends on."""

from pathlib import Path

from cellsize import files, stage
from cellsize.params import Params


def main(params: Params, folder: Path) -> None:
    """Writes one file a stage; DVC runs a stage again if its file has changed."""
    for name in stage.names():
        text = stage.code_of(name) + "\n"
        files.write(folder / name, lambda partial, text=text: partial.write_text(text, encoding="utf-8"))
