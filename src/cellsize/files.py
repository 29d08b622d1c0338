"""Files that are written whole or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd


def write(path: Path, writer: Callable[[Path], object]) -> None:
    """Lets `writer` fill a file or a folder beside the path, then puts it in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    if partial.is_dir():
        shutil.rmtree(partial)
    writer(partial)
    if path.is_dir():  # a folder cannot be renamed onto a full one
        shutil.rmtree(path)
    partial.replace(path)


def write_json(path: Path, content: Any) -> None:
    """Writes JSON with keys in the order given; no number that JSON does not have."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> Any:
    """Reads JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV without an index; floats read back as they were."""
    write(path, lambda partial: table.to_csv(partial, index=False))


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as parquet without an index."""
    write(path, lambda partial: table.to_parquet(partial, index=False, compression="zstd"))
