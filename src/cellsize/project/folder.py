"""The folder of a project: its files, written all or none, in any git repository or outside of one."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from cellsize import files
from cellsize.errors import InputError
from cellsize.project import runner, template

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # DVC would take the path for an address


def refuse_existing(folder: Path) -> None:
    """Refuses a folder that is a project already: what somebody has set there is never overwritten.

    Raises:
        InputError: There is a `params.yaml`, or a `dvc.yaml` that may be somebody else's; or no folder can be made.
    """
    if (folder / "params.yaml").exists():
        raise InputError(
            f"{folder / 'params.yaml'}: exists and is left as it is; edit it, remove it, or choose another folder with "
            "--into"
        )
    if (folder / "dvc.yaml").exists():
        raise InputError(f"{folder / 'dvc.yaml'}: exists and is left as it is; choose another folder with --into")
    there = next(path for path in (folder, *folder.parents) if path.exists() or path.is_symlink())
    if not there.is_dir():
        raise InputError(f"{there}: a file; name a folder with --into")


def table_from(folder: Path, table: Path) -> str:
    """The path of a table as `params.yaml` names it: from the project's folder, so that both can move together."""
    relative = Path(os.path.relpath(table.resolve(), folder.resolve())).as_posix()
    return f"./{relative}" if SCHEME.match(relative) else relative


def write(folder: Path, changes: Mapping[str, template.Value]) -> list[str]:
    """Writes the files of a project, and has DVC keep it.

    Args:
        folder: Where; it is made.
        changes: Keys of `params.yaml` and their values; `prepare.table` among them.

    Returns:
        A line for each file that was written, or left as it is.

    Raises:
        InputError: The folder is a project, cannot be written to, or DVC refuses it. Nothing is left half-written.
    """
    refuse_existing(folder)
    top = repository(folder)
    inside = Path(os.path.relpath(folder.resolve(), top)).as_posix() if top else "."
    workflow = (top or folder) / ".github/workflows" / _workflow_name(inside)
    with _undone(folder, workflow, top) as note:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            said = _begin_dvc(folder, top)
            for name in (".gitignore", ".dvcignore"):
                said += _complete(folder / name, template.ignored(name), note)
            said += _add(folder / "requirements.txt", template.requirements())
            said += _add(workflow, template.workflow(inside, str(changes["prepare.table"])))
            said += _add(folder / "dvc.yaml", template.stages())
            said += _add(folder / "params.yaml", template.params(changes))  # last: with it the folder is a project
        except OSError as error:
            raise InputError(
                f"{error.filename or folder}: {error.strerror}; choose another folder with --into"
            ) from None
    return said


def repository(folder: Path) -> Path | None:
    """The top of the git repository that a folder is in, or will be; None outside of one."""
    whole = folder.resolve()
    return next((parent for parent in (whole, *whole.parents) if (parent / ".git").exists()), None)


def _workflow_name(inside: str) -> str:
    """GitHub reads workflows at the top of a repository only, where several projects may have one."""
    return "cellsize.yml" if inside == "." else f"cellsize-{inside.replace('/', '-').replace(' ', '-')}.yml"


def _begin_dvc(folder: Path, top: Path | None) -> list[str]:
    """Has DVC keep the folder, unless it keeps one above it already: with git where there is git."""
    whole = folder.resolve()
    until = [whole, *whole.parents]
    until = until[: until.index(top) + 1] if top else until[:1]
    if any((parent / ".dvc").is_dir() for parent in until):
        return []
    before = staged(folder, top)
    how = ["--no-scm"] if top is None else [] if top == whole else ["--subdir"]
    for words in (["init", "--quiet", *how], ["config", "core.analytics", "false"]):
        ran = subprocess.run(
            [sys.executable, "-m", "dvc", *words], cwd=folder, env=runner.environment(), capture_output=True, text=True
        )
        if ran.returncode:
            said = " ".join(ran.stderr.split()).removeprefix("ERROR: ")
            raise InputError(f"{folder}: dvc {' '.join(words)} failed: {said}; choose another folder with --into")
    new = sorted(staged(folder, top) - before)
    git = f", and has staged {', '.join(new)} for the next commit" * bool(new)
    return [f"{folder / '.dvc'}: DVC keeps the results{git}" + " (git does not know this folder)" * (top is None)]


def staged(folder: Path, top: Path | None) -> set[str]:
    """What git has in its index of DVC's own files, from the folder; nothing outside of git or before it exists."""
    if top is None or not folder.is_dir():
        return set()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", ".dvc", ".dvcignore"], cwd=folder, capture_output=True, text=True
    )
    return set(filter(None, listed.stdout.split("\0"))) if listed.returncode == 0 else set()


def _add(path: Path, text: str) -> list[str]:
    """Writes a file; one that exists is left as it is."""
    if path.exists():
        return [f"{path}: exists and is left as it is"]
    files.write_text(path, text)
    return [f"{path}: written"]


def _complete(path: Path, lines: list[str], note: dict[Path, bytes | None]) -> list[str]:
    """Adds the lines that a file does not have."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    new = [line for line in lines if line not in old.splitlines()]
    if old and note.get(path) is None and not any(line for line in new if not line.startswith("#")):
        return []
    files.write_text(path, "\n".join([*([old.rstrip("\n"), ""] if old.strip() else []), *new]) + "\n")
    return [f"{path}: {'lines added' if old.strip() else 'written'}"]


@contextmanager
def _undone(folder: Path, workflow: Path, top: Path | None) -> Iterator[dict[Path, bytes | None]]:
    """Puts everything back as it was if something is raised."""
    paths = [folder / name for name in
             (".gitignore", ".dvcignore", "requirements.txt", "dvc.yaml", "params.yaml")] + [workflow]  # fmt: skip
    before = {path: path.read_bytes() if path.is_file() else None for path in paths}
    missing = [parent for path in (folder, workflow.parent) for parent in (path, *path.parents) if not parent.exists()]
    had_dvc, in_index = (folder / ".dvc").exists(), staged(folder, top)
    try:
        yield before
    except BaseException:
        new = sorted(staged(folder, top) - in_index)
        if new:
            subprocess.run(["git", "rm", "--cached", "--quiet", "-f", "--", *new], cwd=folder, capture_output=True)
        for path, content in before.items():
            with suppress(OSError):  # what cannot be put back was not changed either: a folder that is a file
                if content is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_bytes(content)
        if not had_dvc:
            shutil.rmtree(folder / ".dvc", ignore_errors=True)
        for made in sorted(missing, key=lambda path: -len(path.parts)):
            with suppress(OSError):
                if made.is_dir() and not any(made.iterdir()):
                    made.rmdir()
        raise
