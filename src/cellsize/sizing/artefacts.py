"""What every JSON file between stages and for consumers is: written and read through one model, and nowhere else.

The models of a file are in `<what>_records.py` beside this. They are on the lowest floor that knows what a size is, so
that every floor above can read them, and apart, so that another key of one is no new code for what reads another. Their
JSON schema is in `docs/schemas/`.
"""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from cellsize import files
from cellsize.errors import InputError
from cellsize.sizing.sizes import Size


class Artefact(BaseModel):
    """A file of results: no key is missing, none is unknown, nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    def write(self, path: Path) -> None:
        """Writes JSON, keys in the order below; whole or not at all."""
        files.write_json(path, self.model_dump(mode="json"))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads what `write` wrote.

        Raises:
            InputError: The file is not there, or another version of cellsize wrote it.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; run `cellsize run`, which makes it") from None
        except ValidationError as error:
            raise InputError(
                f"{path}: {_first(error)}; remove the file and run `cellsize run`, which makes it again"
            ) from None


def _first(error: ValidationError) -> str:
    """The first complaint, as `key.path: what is wrong`; without a key if the file is not JSON."""
    detail = error.errors()[0]
    reasons = {"extra_forbidden": "unknown key", "missing": "missing key"}
    place = [".".join(map(str, detail["loc"]))] if detail["loc"] else []
    return ": ".join([*place, reasons.get(detail["type"], detail["msg"])])


class Sized(Artefact):
    """Something about one size."""

    layers: int
    """Recurrent layers; 0 without memory cells."""
    units: int
    """Memory cells in each layer; 0 without memory cells."""

    @property
    def size(self) -> Size:
        """The size it is about."""
        return Size(self.layers, self.units)
