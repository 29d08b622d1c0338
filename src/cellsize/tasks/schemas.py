"""What the columns of clean rows mean, by task."""

import json
from pathlib import Path

from cellsize.data.schema import Schema
from cellsize.data.sequence_schema import SequenceSchema


def load(path: Path) -> Schema | SequenceSchema:
    """Reads what `prepare` wrote, of whichever task."""
    is_of_sequences = "task" in json.loads(path.read_text(encoding="utf-8"))
    return SequenceSchema.load(path) if is_of_sequences else Schema.load(path)
