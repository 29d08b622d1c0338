"""Small tables as files, and what is found out about them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from cellsize.params import Params
from cellsize.project import template
from cellsize.project.examine import Examined


def params(found: Examined) -> Params:
    """What a project's params.yaml would hold."""
    content = YAML(typ="safe", pure=True).load(template.params(found.changes))
    return Params.model_validate(content)


def said(found: Examined, topic: str) -> str:
    """The finding about a topic."""
    return next(line for line in found.findings if line.startswith(f"{topic}:"))


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes columns as a CSV file; `text` takes the place of what pandas would write."""

    def write(text: str | None = None, name: str = "sales.csv", encoding: str = "utf-8", **columns: Any) -> Path:
        path = tmp_path / name
        path.write_text(pd.DataFrame(columns).to_csv(index=False) if text is None else text, encoding=encoding)
        return path

    return write


@pytest.fixture
def hourly(write_csv: Callable[..., Path]) -> Callable[..., Path]:
    """A wave of twelve hours as a file; other columns as given."""

    def write(rows: int = 600, begin: str = "2026-01-01", **columns: Any) -> Path:
        hours = np.arange(rows)
        noise = np.random.default_rng(3).normal(0, 0.3, rows)
        when = pd.date_range(begin, periods=rows, freq="h").strftime("%Y-%m-%d %H:%M")
        return write_csv(when=when, load=(50 + 5 * np.sin(2 * np.pi * hours / 12) + noise).round(3), **columns)

    return write
