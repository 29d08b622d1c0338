"""A registered model as an ONNX file, with a JSON beside it that says what it is fed."""

from collections.abc import Callable
from pathlib import Path

from cellsize import files
from cellsize.errors import InputError
from cellsize.registry.fetched import fetch, version_of

INSTALL = 'needs onnx and onnxruntime: pip install "cellsize[onnx]"'


def export(name: str, version: str, path: Path, int8: bool, say: Callable[[str], None]) -> None:
    """Writes the file, with `int8` also one whose LSTM weights have 8 bits, and the JSON.

    Args:
        name: Of the registered model.
        version: Its number, or an alias.
        path: Of the file; `.int8.onnx` and `.json` take the place of its `.onnx`.
        int8: Whether the smaller file is wanted too.
        say: Is told what was written.

    Raises:
        InputError: There is no such version, onnx is not installed, or there is nothing to be quantised.
    """
    if path.suffix != ".onnx":
        raise InputError(f"--onnx {path}: does not end with .onnx; give a name such as {path.name}.onnx")
    try:
        from cellsize.models import onnx_file
    except ImportError as error:
        raise InputError(f"--onnx {INSTALL} ({error})") from None
    number = version_of(name, version if version.isdigit() else None, version)
    model = fetch(name, number)
    onnx_file.write(model, path)
    written = {"float32": path}
    if int8:
        written["int8"] = path.with_suffix(".int8.onnx")
        onnx_file.write_int8(model, path, written["int8"])
    from cellsize.registry import exported

    content = exported.sheet(model, name, number)
    worth = exported.measured(model, written, Path())
    content["files"] = {kind: {"file": written[kind].name, **found.content} for kind, found in worth.items()}
    files.write_json(path.with_suffix(".json"), content)
    for kind, found in worth.items():
        say(f"{written[kind]}: {kind}, {found.said}")
    say(f"{path.with_suffix('.json')}: what it is fed with")
