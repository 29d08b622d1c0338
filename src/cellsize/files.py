"""Files and folders that are written whole or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def write(path: Path, writer: Callable[[Path], object]) -> None:
    """Writes a file or a folder so that the path holds the old content or the new, and never a part of one.

    The content is first written to `.NAME.partial` in the same folder, then renamed. A folder cannot be renamed onto
    another one: the old one steps aside as `.NAME.old` and is deleted last. A process that is killed between the two
    renames leaves only that; the next `write` puts it back before it begins.

    Args:
        path: Where the content belongs; its folder is made.
        writer: Fills the path that it is given, as a file or as a folder. If it raises, nothing changes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, old = path.with_name(f".{path.name}.partial"), path.with_name(f".{path.name}.old")
    _put_back(old, path)
    for leftover in (partial, old):
        _remove(leftover)
    try:
        writer(partial)
        if path.is_dir() or (path.exists() and partial.is_dir()):
            path.rename(old)
        partial.replace(path)
    finally:
        _put_back(old, path)
        _remove(partial)  # there only if something was raised
    _remove(old)


def _put_back(old: Path, path: Path) -> None:
    if old.exists() and not path.exists():
        old.rename(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes text in UTF-8."""
    write(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: object) -> None:
    """Writes JSON with keys in the order given.

    Raises:
        ValueError: The content holds NaN or an infinity, which JSON does not have; the old file stays.
    """
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Reads JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV without an index; floats read back as they were."""
    write(path, lambda partial: table.to_csv(partial, index=False))


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as Parquet without an index."""
    write(path, lambda partial: table.to_parquet(partial, index=False, compression="zstd"))


def write_npz(path: Path, **arrays: npt.ArrayLike) -> None:
    """Writes named arrays as an uncompressed npz without pickles."""

    def save(partial: Path) -> None:
        with partial.open("wb") as file:  # a path would get another ending
            np.savez(file, allow_pickle=False, **arrays)

    write(path, save)
