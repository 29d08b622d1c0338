"""Whether two runs found the same, to the last digit: the proof of a refactoring. Keys may have new names.

    python -m benchmarks.same_numbers OLD NEW

OLD and NEW are folders with `build/` and `reports/`, such as two checkouts, or their `examples/<name>`.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

TABLES = ("build/trials.csv", "build/curves.csv")
RECORDS = ("build/candidates.json", "build/baselines.json", "build/recipe.json", "reports/choice.json",
           "reports/evaluation.json")  # fmt: skip
# Keys of the files before 0.1.0, and their names now (CHANGELOG.md).
RENAMED = {
    "odds": "larger", "spread": "repeats", "mse_scaled": "nmse", "reigning": "champion_version",
    "unmeasured": "champion_not_measured",
}  # fmt: skip
# What is said in words may be said better.
WORDS = ("reason", "caution")


def leaves(content: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value of a JSON file with the path of its keys, under today's names."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key not in WORDS:
                yield from leaves(value, f"{path}.{RENAMED.get(key, key)}")
    elif isinstance(content, list):
        for position, value in enumerate(content):
            yield from leaves(value, f"{path}[{position}]")
    else:
        yield path, content


def different_records(old: Path, new: Path) -> list[str]:
    """The values that differ, or that one of two files has not."""
    first, second = (dict(leaves(json.loads(path.read_text(encoding="utf-8")))) for path in (old, new))
    paths = [path for path in {**first, **second} if first.get(path, "nothing") != second.get(path, "nothing")]
    return [f"{new}: {path}: {second.get(path, 'nothing')}, not {first.get(path, 'nothing')}" for path in paths]


def different_tables(old: Path, new: Path) -> list[str]:
    """The columns that differ, compared by their position."""
    first, second = (pd.read_csv(path, dtype="str", keep_default_na=False) for path in (old, new))
    if first.shape != second.shape:
        return [f"{new}: {second.shape} rows and columns, not {first.shape}"]
    pairs = zip(first.items(), second.items(), strict=True)
    return [
        f"{new}: column {name!r} differs in {int((values.to_numpy() != other.to_numpy()).sum())} rows"
        for (_, values), (name, other) in pairs
        if (values.to_numpy() != other.to_numpy()).any()
    ]


def main(old: Path, new: Path) -> int:
    """Prints what differs.

    Returns:
        The number of differences.
    """
    differences: list[str] = []
    for name in TABLES:
        differences += different_tables(old / name, new / name)
    for name in RECORDS:
        differences += different_records(old / name, new / name)
    print("\n".join(differences) or f"{new}: the same in {len(TABLES) + len(RECORDS)} files")
    return len(differences)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    folders = parser.parse_args()
    raise SystemExit(min(1, main(folders.old, folders.new)))
