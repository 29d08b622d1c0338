"""A folder that rebuilds a registered version: its parameters and stages, its table, and what must come out."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from cellsize import files, params_file
from cellsize.errors import InputError
from cellsize.project import runner, surroundings, template
from cellsize.registry.provenance import Kept, md5
from cellsize.report.by_task import numbers_of

EXPECTED = "expected"


def reproduce(kept: Kept, folder: Path, table: Path | None = None) -> list[str]:
    """Makes the folder.

    It has a registry of its own, so that a rebuilt model meets no champion and never becomes one.

    Args:
        kept: What the registry has of the version.
        folder: Where; it is made, or empty.
        table: The raw table, if it is known where it is. Else it is looked for where the project of the current folder
            has it, and in the cache of DVC.

    Returns:
        Lines to say: what is missing, then the commands.

    Raises:
        InputError: The folder holds something, or the table named is another one.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists and is left as it is; choose another folder with --into")
    if table is not None and not _is(table, kept):
        raise InputError(f"{table}: not the table of this version, whose MD5 is {kept.table['md5']}; name that one")
    place = _inside(str(kept.table["path"]))
    found = table or _find(kept)
    folder.mkdir(parents=True, exist_ok=True)
    _begin_dvc(folder)
    changes: dict[str, template.Value] = {"mlflow.uri": "sqlite:///mlflow.db", "prepare.table": place}
    files.write_text(folder / "requirements.txt", kept.environment)
    files.write_text(folder / "dvc.yaml", template.stages(kept.stages))
    kept.choice.write(folder / EXPECTED / "choice.json")
    kept.evaluation.write(folder / EXPECTED / "evaluation.json")
    numbers_of(kept.choice, kept.evaluation).write(folder / EXPECTED / "metrics.json")
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    if found is not None:
        files.write(folder / place, lambda partial: shutil.copyfile(found, partial))
    files.write_text(folder / "params.yaml", template.params(changes, kept.params))
    params_file.load(folder / "params.yaml")  # of an older cellsize: it says which keys have changed
    missing = [] if found is not None else [_missing(kept, folder / place)]
    return [*surroundings.said(kept), *missing, *commands(folder, surroundings.commands(kept))]


def commands(folder: Path, before: Sequence[str] = ()) -> list[str]:
    """What rebuilds it and compares: on the same kind of processor nothing differs.

    Args:
        folder: The folder that was made.
        before: What is to be done in it first.
    """
    return [
        f"cd {shlex.quote(str(folder))}",
        *before,
        "env -u MLFLOW_TRACKING_URI cellsize run",
        f"diff {EXPECTED}/choice.json reports/choice.json",
        f"diff {EXPECTED}/metrics.json reports/metrics.json",
    ]


def _missing(kept: Kept, place: Path) -> str:
    """That the table has to be brought along; it begins with a # so that all lines can be run."""
    return (
        f"# needs {place}: the table with MD5 {kept.table['md5']}, {kept.table['bytes']:,} bytes; dvc pull in its "
        "project brings what DVC keeps, and --table names a copy"
    )


def _inside(path: str) -> str:
    """Where the table goes: where it was, if that is inside of the project."""
    parts = PurePosixPath(path)
    return f"data/{parts.name}" if parts.is_absolute() or ".." in parts.parts else path


def _find(kept: Kept) -> Path | None:
    """The table in the project of this folder, or in a cache of DVC here or above; None if neither has these bytes."""
    digest = str(kept.table["md5"])
    here = Path.cwd()
    caches = [above / ".dvc/cache/files/md5" / digest[:2] / digest[2:] for above in (here, *here.parents)]
    return next((path for path in (here / str(kept.table["path"]), *caches) if _is(path, kept)), None)


def _is(path: Path, kept: Kept) -> bool:
    return path.is_file() and path.stat().st_size == kept.table["bytes"] and md5(path) == kept.table["md5"]


def _begin_dvc(folder: Path) -> None:
    for words in (["init", "--quiet", "--no-scm"], ["config", "core.analytics", "false"]):
        ran = subprocess.run(
            [sys.executable, "-m", "dvc", *words], cwd=folder, env=runner.environment(), capture_output=True, text=True
        )
        if ran.returncode:
            said = " ".join(ran.stderr.split()).removeprefix("ERROR: ")
            raise InputError(f"{folder}: dvc {' '.join(words)} failed: {said}; choose another folder with --into")
