"""What a stage is: its door (parameters checked whole, one line for what is wrong), and the hash of its code."""

import ast
import functools
import hashlib
import importlib
import inspect
import io
import re
import shutil
import sys
import tempfile
import tokenize
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from cellsize import lineage, params_file, process
from cellsize.errors import InputError, disk_full, is_disk_full, masked

PARAMS = Path("params.yaml")
PACKAGE = Path(__file__).parent
NO_SPACE = 1 << 20  # bytes
# No number comes from these: how a stage is entered, what params.yaml may say, how a fault or progress is said. The
# values that a stage reads are among its params; a new key for one stage would have all others run again.
UNCOUNTED = (
    "cellsize.stage", "cellsize.lineage", "cellsize.params", "cellsize.params_data", "cellsize.params_file",
    "cellsize.params_task", "cellsize.errors", "cellsize.progress", "cellsize.search.display",
)  # fmt: skip
TRAINING = ("search", "refit")  # stages that train


def run(name: str) -> None:
    """Runs a stage: `main` of `cellsize.stages.<name>`.

    Args:
        name: Name of the stage.
    """
    process.set_environment()
    if name not in TRAINING:
        process.return_memory()
    with lineage.ended_with_its_run():  # from here on: imports alone take seconds, in which DVC may be killed
        try:
            with process.importing():
                main = importlib.import_module(f"{PACKAGE.name}.stages.{name}").main
        except KeyboardInterrupt:
            raise _interrupted() from None
        enter(main)


def enter(main: Callable[..., None]) -> None:
    """Calls a stage's `main` with the checked parameters, and a path for each further argument.

    Args:
        main: Takes `params.Params`, then paths; `dvc.yaml` gives them in this order.
    """
    names = list(inspect.signature(main).parameters)[1:]
    paths = [Path(argument) for argument in sys.argv[1:]]
    sys.excepthook = _said_without_secrets
    try:
        if len(paths) != len(names):
            raise InputError(
                f"{Path(sys.argv[0]).name}: expects {' '.join(names).upper()}; run it through cellsize run"
            )
        with process.one_thread():
            main(params_file.load(PARAMS), *paths)
    except InputError as error:
        print(f"error: {disk_full(_full(error) or '.') if is_disk_full(error) else error}", file=sys.stderr)
        raise SystemExit(1) from None
    except FileNotFoundError as error:
        if error.filename is None or Path(error.filename) not in paths:
            raise
        print(f"error: {error.filename}: no such file; run cellsize run, which makes it", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as error:
        place = _full(error)
        if place is None:
            raise
        print(f"error: {disk_full(place)}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise _interrupted() from None
    finally:
        process.leave()


def _said_without_secrets(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Prints a traceback as Python does, without the password of a tracking server that a library may say in it."""
    sys.stderr.write(masked("".join(traceback.format_exception(kind, error, trace))))


def _interrupted() -> SystemExit:
    """Says that the stage was interrupted; the end of it."""
    print("interrupted; what is finished is kept, and the next run resumes there", file=sys.stderr)
    return SystemExit(lineage.INTERRUPTED)


def _full(error: Exception) -> str | None:
    """The folder on a disk that is full, if that is what an error comes of; None if it does not.

    Not every library says so: PyTorch finds that a file is shorter than it should be.
    """
    file = getattr(error, "filename", None)
    places = [Path.cwd(), Path(tempfile.gettempdir())]
    if isinstance(file, str):
        places.insert(0, Path(file).absolute().parent)
    for place in places:
        if place.is_dir() and shutil.disk_usage(place).free < NO_SPACE:
            return str(place)
    return str(places[0]) if is_disk_full(error) else None


def names() -> list[str]:
    """The stages that there are."""
    return sorted(path.stem for path in PACKAGE.glob("stages/[!_]*.py"))


def code_of(name: str) -> str:
    """The hash of a stage's code, and of what its process is set to."""
    return code_hash(f"{PACKAGE.name}.process", f"{PACKAGE.name}.stages.{name}")


def code_hash(*modules: str) -> str:
    """Names the code that some modules run: theirs, and that of every module of ours that they import.

    Comments, docstrings, layout and `UNCOUNTED` do not count, and every Python from 3.11 on gives the same hash. A file
    or module that is only named, as a string, counts as imported: the template of a page, the script of a served model.

    Args:
        modules: Names of modules of this package.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in sorted(closure(*modules) - {_file(module) for module in UNCOUNTED}):
        content = tokens(path.read_text(encoding="utf-8")) if path.suffix == ".py" else path.read_text(encoding="utf-8")
        digest.update(f"{path.relative_to(PACKAGE)}\0{content}\0".encode())
    return digest.hexdigest()


def closure(*modules: str) -> set[Path]:
    """The files of some modules of this package, and of all that these import or name."""
    pending = [path for path in map(_file, modules) if path is not None]
    files = set(pending)
    while pending:
        new = _named(pending.pop()) - files
        files |= new
        pending += [path for path in new if path.suffix == ".py"]
    return files


@functools.cache
def _named(path: Path) -> set[Path]:
    """The files of this package that a module imports, anywhere in it, or names in a string."""
    named: set[Path | None] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                named |= {_file(alias.name) for alias in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                named |= {_file(module), *(_file(f"{module}.{alias.name}") for alias in node.names)}
            case ast.Constant(value=str(text)) if text.startswith(f"{PACKAGE.name}."):
                named.add(_file(text))
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.-]+", text) and (path.parent / text).is_file():
                named.add(path.parent / text)
    return {file for file in named if file is not None}


def _file(module: str) -> Path | None:
    """Where a module of this package stands; None for others, and for packages, which hold no code."""
    first, *rest = module.split(".")
    path = PACKAGE.joinpath(*rest).with_suffix(".py") if first == PACKAGE.name and rest else None
    return path if path is not None and path.is_file() else None


@functools.cache
def tokens(source: str) -> str:
    """The tokens of a Python source, one a line, without comments, docstrings and blank lines."""
    lines: list[str] = []
    for line in _logical_lines(source):
        # A statement that is nothing but strings does nothing: it is a docstring, of a module or of an attribute.
        if not all(kind in (tokenize.STRING, tokenize.NEWLINE) for kind, _ in line):
            lines += [text for _, text in line]
    return "\n".join(lines)


def _logical_lines(source: str) -> Iterator[list[tuple[int, str]]]:
    """Each statement as its tokens, (kind, text)."""
    rows = io.StringIO(source).readlines()  # as tokenize counts them
    line: list[tuple[int, str]] = []
    begins: list[tuple[int, int]] = []  # of f-strings that are open: Python 3.12 takes them apart, 3.11 does not
    starts, ends = getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "FSTRING_END", -1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == starts:
            begins.append(token.start)
        elif token.type == ends:
            begin = begins.pop()
            if not begins:
                line.append((tokenize.STRING, _between(rows, begin, token.end)))
        elif begins or token.type in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            continue
        elif token.type in (tokenize.INDENT, tokenize.DEDENT):
            yield [(token.type, tokenize.tok_name[token.type])]
        else:
            line.append((token.type, "" if token.type == tokenize.NEWLINE else token.string))
        if token.type == tokenize.NEWLINE:
            yield line
            line = []


def _between(rows: list[str], begin: tuple[int, int], end: tuple[int, int]) -> str:
    """The text from one place to another, (line from 1, column)."""
    if begin[0] == end[0]:
        return rows[begin[0] - 1][begin[1] : end[1]]
    first, last = rows[begin[0] - 1][begin[1] :], rows[end[0] - 1][: end[1]]
    return "".join([first, *rows[begin[0] : end[0] - 1], last])


def _command() -> None:
    """`python -m cellsize.stage NAME PATHS…`: a stage in a project of its own, where there is no folder `pipeline/`."""
    if len(sys.argv) < 2 or sys.argv[1] not in names():
        print(f"error: python -m {PACKAGE.name}.stage: expects one of {', '.join(names())}, then paths",
              file=sys.stderr)  # fmt: skip
        raise SystemExit(1)
    run(sys.argv.pop(1))


if __name__ == "__main__":
    _command()
