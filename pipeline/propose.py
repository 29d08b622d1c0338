"""propose: shapes and fold sizes → the bounds and the grid of sizes."""

from pathlib import Path

from cellsize import files, stage
from cellsize.data import folds
from cellsize.data.windows import Windows
from cellsize.params import Params
from cellsize.sizing import candidates


def main(params: Params, indexed: Path, divided: Path, proposed: Path) -> None:
    """Reads index and folds; writes the candidates."""
    made = candidates.propose(Windows.load(indexed), folds.load(divided), params.propose)
    files.write_json(proposed, made)
    print(
        f"propose: {len(made['candidates'])} sizes, at most {made['bound']['units']} units by the rule, and one past it"
    )


if __name__ == "__main__":
    stage.run(main)
