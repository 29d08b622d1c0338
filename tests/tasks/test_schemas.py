"""What columns mean, by task."""

from collections.abc import Callable
from pathlib import Path

from cellsize.data.schema import Schema
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.tasks import schemas


def test_a_schema_is_read_as_what_it_is(
    make_schema: Callable[..., Schema], sequence_schema: SequenceSchema, tmp_path: Path
) -> None:
    path = tmp_path / "schema.json"
    for written in (make_schema(), sequence_schema):
        written.save(path)
        assert schemas.load(path) == written
