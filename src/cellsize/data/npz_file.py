"""Labelled sequences of NumPy's `npz`: `X` of N sequences × T steps × F features, `y` of N labels.

`lengths` says how many steps each sequence has, if they are unequal: what stands behind its end is not read. Other
arrays of N values, such as `group` or `part`, are columns too. NaN is a missing value. Nothing is unpickled.
"""

import lzma
import re
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import long_table
from cellsize.data.number_text import EXACT
from cellsize.errors import InputError

VALUES, LABELS, LENGTHS = "X", "y", "lengths"
END = 22  # bytes of the record at the end of a zip file, without its comment; a count of 0xFFFF stands elsewhere
LARGEST = 9e36  # as of tables; a network would read infinity beyond
# What a damaged file makes zipfile and NumPy raise; of a bit that says "encrypted" a RuntimeError.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError, RuntimeError, KeyError,
    MemoryError, NotImplementedError,
)  # fmt: skip


def read(path: Path) -> pd.DataFrame:
    """Reads a file of sequences as a long table; see `long_table.of`.

    Raises:
        InputError: An array is missing, has another shape or kind, or holds what cannot be learnt from; it names file,
            array and sequence.
    """
    arrays = _arrays(path)
    for name in (VALUES, LABELS):
        if name not in arrays:
            raise InputError(
                f"{path}: no array {name!r} (there are: {', '.join(arrays) or 'none'}); save {VALUES} of sequences × "
                f"steps × features and {LABELS} of labels: np.savez(file, {VALUES}=…, {LABELS}=…)"
            )
    values = _values(path, arrays.pop(VALUES))
    count, steps = values.shape[:2]
    length = _lengths(path, arrays.pop(LENGTHS), count, steps) if LENGTHS in arrays else np.full(count, steps)
    there = np.arange(steps) < length[:, None]
    bad = np.argwhere(there[:, :, None] & (np.isinf(values) | (np.abs(values) > LARGEST)))
    if len(bad):
        sequence, step, feature = bad[0]
        raise InputError(
            f"{path}, {VALUES}[{sequence}, {step}, {feature}]: {values[sequence, step, feature]:g} is infinite for a "
            "network; fix it, or write NaN where it is missing"
        )
    each = {long_table.LABEL: _of_each(path, LABELS, arrays.pop(LABELS), count)}
    taken = (long_table.SEQUENCE, long_table.STEP, long_table.LABEL, *long_table.features(values.shape[2]))
    for name, array in arrays.items():
        if name in taken:
            raise InputError(f"{path}, {name}: this name is reserved for a column of ours; rename the array")
        each[name] = _of_each(path, name, array, count)
    return long_table.of(values[there], length, each)


def _arrays(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays by name."""
    try:
        content = np.load(path, allow_pickle=False)
        if not isinstance(content, np.lib.npyio.NpzFile):
            raise InputError(f"{path}: one array, and no npz file of several; save it with np.savez")
        with content:
            if content.zip is None or not _is_whole(path, content.zip):
                raise zipfile.BadZipFile
            return {name: _array(path, name, content) for name in content.files}
    except DAMAGED:
        raise InputError(f"{path}: not a valid npz file; save it with np.savez") from None


def _is_whole(path: Path, archive: zipfile.ZipFile) -> bool:
    """Whether no array is lost, and each has its checksum.

    zipfile does not count what it finds, and NumPy asks for no checksum of an array whose head says that it is shorter
    than it is.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END - 0xFFFF))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    return count in (len(archive.infolist()), 0xFFFF) and archive.testzip() is None


def _array(path: Path, name: str, content: "np.lib.npyio.NpzFile") -> npt.NDArray[np.generic]:
    try:
        return np.asarray(content[name])
    except ValueError:
        raise InputError(
            f"{path}, {name}: an array of Python objects, which is not read, since unpickling it could run anything; "
            "save numbers, or texts with astype(str)"
        ) from None


def _values(path: Path, array: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    if array.dtype.kind not in "iufb":
        raise InputError(f"{path}, {VALUES}: {array.dtype}, and no numbers; save numbers")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or 0 in array.shape:
        raise InputError(
            f"{path}, {VALUES}: shape {array.shape}; save sequences × steps × features, or sequences × steps of one"
        )
    values = array.astype(np.float64)
    large = np.argwhere(np.abs(values) >= EXACT) if array.dtype.kind in "iu" else ()
    changed = next((place for place in map(tuple, large) if int(array[place]) != int(values[place])), None)
    if changed is not None:
        raise InputError(
            f"{path}, {VALUES}[{', '.join(map(str, changed))}]: {array[changed]} is a whole number beyond ±2^53, and "
            "would lose digits; subtract a constant, or save floats with NaN where a value is missing"
        )
    return values


def _lengths(path: Path, array: npt.NDArray[np.generic], count: int, steps: int) -> npt.NDArray[np.integer]:
    """Steps of each sequence, shape (n,)."""
    length = _of_each(path, LENGTHS, array, count)
    if length.dtype.kind not in "iu":
        raise InputError(f"{path}, {LENGTHS}: {length.dtype}, and no whole numbers; save whole numbers")
    whole = length.astype(np.int64)
    bad = np.flatnonzero((whole < 1) | (whole > steps))
    if bad.size:
        raise InputError(
            f"{path}, {LENGTHS}[{bad[0]}]: {length[bad[0]]}, but {VALUES} has {steps} steps; give 1 to {steps}"
        )
    return whole


def _of_each(path: Path, name: str, array: npt.NDArray[np.generic], count: int) -> npt.NDArray[np.generic]:
    """An array of a number or a text for each sequence."""
    if array.shape == (count, 1):
        array = array[:, 0]
    if array.shape != (count,) or array.dtype.kind not in "iufbU":
        raise InputError(
            f"{path}, {name}: {array.dtype} of shape {array.shape}, but {VALUES} has {count} sequences; save a number "
            "or a text for each"
        )
    if array.dtype.kind == "U":
        _refuse_half_characters(path, name, array.tolist())
    return array.astype(array.dtype.newbyteorder("="))  # Arrow writes no array of the other order of bytes


def _refuse_half_characters(path: Path, name: str, texts: list[str]) -> None:
    """Refuses what NumPy saves as text and no text is: half of a character of UTF-16."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        number = next(number for number, text in enumerate(texts) if re.search("[\ud800-\udfff]", text))
        raise InputError(f"{path}, {name}[{number}]: {texts[number]!r} is not text; save whole characters") from None
