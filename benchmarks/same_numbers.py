"""Whether two runs found the same numbers, to the last digit: the proof of a refactoring. Keys may have new names.

    python -m benchmarks.same_numbers OLD NEW

OLD and NEW are folders with `build/` and `reports/`, such as two checkouts, or their `examples/<name>`.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

TABLES = ("build/trials.csv", "build/curves.csv")
RECORDS = ("build/candidates.json", "build/baselines.json", "build/recipe.json", "reports/choice.json",
           "reports/evaluation.json")  # fmt: skip


def numbers(content: object) -> Iterator[str]:
    """Every number of a JSON value, as text with all its digits; numbers inside sentences are none."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from numbers(part)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield repr(float(content))


def different_records(old: Path, new: Path) -> list[str]:
    """The numbers that one file has and the other has not, each with how often."""
    first, second = (Counter(numbers(json.loads(path.read_text(encoding="utf-8")))) for path in (old, new))
    gone = [f"only in {old}: {number} ({count} times)" for number, count in (first - second).items()]
    return gone + [f"only in {new}: {number} ({count} times)" for number, count in (second - first).items()]


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
    print("\n".join(differences) or f"{new}: the same numbers in {len(TABLES) + len(RECORDS)} files")
    return len(differences)


if __name__ == "__main__":
    raise SystemExit(min(1, main(Path(sys.argv[1]), Path(sys.argv[2]))))
