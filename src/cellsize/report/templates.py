"""How a page is made of a template; what all pages share is in two files here."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

# Named, so that they count for the hash of whoever makes a page; see `stage.code_hash`.
SHARED = ("style.css.jinja", "tables.html.jinja")


def environment(folder: Path) -> Environment:
    """Templates of a folder, with what all pages share; every value is escaped, and none may be missing."""
    shared = Path(__file__).parent
    return Environment(
        loader=FileSystemLoader([folder, shared]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
