"""The encoding of a text file: what its bytes say, and whether that is what is declared."""

import codecs
import gzip
import io
from pathlib import Path

from cellsize.errors import InputError
from cellsize.params_data import Csv


def codec_of(csv: Csv) -> str:
    """Name of the encoding; with a byte order mark before it or not, UTF-8 is the same."""
    name = codecs.lookup(csv.encoding).name
    return "utf-8-sig" if name == "utf-8" else name


def opened_binary(path: Path) -> io.BufferedReader | gzip.GzipFile:
    """The file's bytes. Opened here, since pandas takes some names for addresses or for a home folder."""
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")


def check_encoding(path: Path, csv: Csv) -> None:
    """Refuses a file in another encoding than the declared one, as far as its bytes show it."""
    codec = codec_of(csv)
    with opened_binary(path) as file:
        head = file.read(4096)
    marks = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    marked = next((name for mark, name in marks.items() if head.startswith(mark)), None)
    if marked is None and not codec.startswith(("utf-16-", "utf-32")):
        marked = utf16(head) or ("utf-8" if codec == "utf-16" else None)
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(codec, codec)
    if marked is not None and marked not in (declared, codec):
        why = "UTF-8" if marked == "utf-8" else "UTF-16"
        raise InputError(
            f"{path}: not {_shown(declared)}: the file is in {why}; set prepare.csv.encoding: {marked}, or save it in "
            f"{_shown(declared)}"
        )
    if codec == "utf-8-sig":
        bad = _undecodable(path, codec)
        if bad is not None:
            fits = "cp1252" if _undecodable(path, "cp1252") is None else "latin-1"
            raise InputError(
                f"{path}, line {bad}: not UTF-8; save the file as UTF-8, or set prepare.csv.encoding to its own, such "
                f"as {fits} (Western Europe)"
            )
    else:
        bad = _undecodable(path, codec)
        if bad is not None:
            raise InputError(f"{path}, line {bad}: not {_shown(declared)}; fix prepare.csv.encoding")
        if not codec.startswith(("utf", "ascii")) and _undecodable(path, "ascii") and not _undecodable(path, "utf-8"):
            raise InputError(f"{path}: the file is in UTF-8, not {_shown(declared)}; set prepare.csv.encoding: utf-8")
    if not codec.startswith(("utf-16", "utf-32")):
        bad = _line_of_nul(path)
        if bad is not None:
            raise InputError(f"{path}, line {bad}: a NUL byte, which no text has; remove it, or write the file again")


def utf16(head: bytes) -> str | None:
    """The order of bytes of UTF-16 that a file begins with: digits and separators have a NUL each, on one side."""
    left, right = head[::2].count(0), head[1::2].count(0)
    if max(left, right) * 8 < len(head) or min(left, right) * 8 > max(left, right):
        return None
    return "utf-16-be" if left > right else "utf-16-le"


def _line_of_nul(path: Path) -> int | None:
    """The line of the first NUL byte, or None: some programs write such where a file was cut off."""
    breaks = 0
    with opened_binary(path) as file:
        while block := file.read(1 << 20):
            at = block.find(b"\0")
            if at >= 0:
                return breaks + block.count(b"\n", 0, at) + 1
            breaks += block.count(b"\n")
    return None


def _shown(codec: str) -> str:
    """An encoding as a message names it."""
    return codec.upper() if codec.startswith("utf") else codec


def _undecodable(path: Path, codec: str) -> int | None:
    """The line of the first byte that an encoding does not have, or None."""
    decoder, line_number = codecs.getincrementaldecoder(codec)(), 1
    with opened_binary(path) as file:
        while True:
            block = file.read(1 << 20)
            try:
                line_number += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                return line_number + error.object[: error.start].decode(codec, errors="replace").count("\n")
            if not block:
                return None
