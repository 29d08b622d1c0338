"""What the columns of a long table mean."""

from pathlib import Path

from cellsize.data.sequence_schema import SequenceSchema


def test_a_schema_is_read_as_it_was_written(sequence_schema: SequenceSchema, tmp_path: Path) -> None:
    sequence_schema.save(tmp_path / "schema.json")
    assert SequenceSchema.load(tmp_path / "schema.json") == sequence_schema
