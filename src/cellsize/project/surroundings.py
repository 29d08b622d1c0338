"""What a version was made with, and the commands that bring it back: Python, packages, and cellsize itself."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import cellsize
from cellsize.project import template
from cellsize.registry import provenance
from cellsize.registry.provenance import Kept

CODE = ".code"
NAMED = 3  # packages that are said by name
# Builds differ by machine (2.13.0+cpu), and an index may not have cellsize: it is installed by a line of its own.
PACKAGES = "sed 's/+.*//; /^cellsize==/d' requirements.txt | .venv/bin/python -m pip install -r /dev/stdin"


def said(kept: Kept) -> list[str]:
    """What the version was made with, a line each; they begin with a # so that all lines can be run."""
    lines = [f"# its project was at commit {kept.commit}"] if kept.commit else []
    if _archive(kept):
        lines.append("# cellsize's own files of that commit are not those here")
    python, differing = _python(kept.environment), _differing(kept.environment)
    made = f"# made with {f'Python {python}' if python else 'a Python that was not kept'}; "
    if not differing:
        return [*lines, f"{made}here all packages of requirements.txt are the same"]
    more = f" and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
    named = ", ".join(differing[:NAMED])
    return [*lines, f"{made}not the same here: {named}{more}; as below, or the last digits may differ"]


def commands(kept: Kept) -> list[str]:
    """What makes an environment in the folder that holds the version's packages; nothing if they are the ones here."""
    archive = _archive(kept)
    if not archive and not _differing(kept.environment):
        return []
    python = _python(kept.environment)
    return [
        f"python{'.'.join(python.split('.')[:2]) if python else '3'} -m venv .venv",
        PACKAGES,
        *archive,
        f".venv/bin/python -m pip install --no-deps {f'./{CODE}' if archive else _cellsize(kept)}",
        *([f"rm -r {CODE}"] if archive else []),  # its dvc.yaml would be one more of this project
        'export PATH="$PWD/.venv/bin:$PATH"',
    ]


def _python(environment: str) -> str | None:
    """The version of Python that the packages were installed in; None of a version from before this was kept."""
    found = re.match(rf"{provenance.PYTHON}(\S+)\n", environment)
    return found[1] if found else None


def _differing(environment: str) -> list[str]:
    """What is not here as it was then, Python first, as `torch 2.13.0`; of Python a patch is no difference."""
    then, now = (_packages(text.splitlines()) for text in (environment, provenance.environment_text()))
    changed = [f"{name} {version}" for name, version in then.items() if now.get(name) != version]
    python, here = _python(environment), _python(provenance.environment_text())
    assert here is not None
    if python and python.split(".")[:2] != here.split(".")[:2]:
        changed.insert(0, f"Python {python}")
    return changed


def _packages(lines: Sequence[str]) -> dict[str, str]:
    pairs = (line.split("==") for line in lines if "==" in line)
    return {name: version.partition("+")[0] for name, version in pairs}


def _archive(kept: Kept) -> list[str]:
    """What takes cellsize's own files of the commit out of git, where this cellsize is that very repository.

    Of a project of somebody else's the commit says nothing about cellsize; its version stands among the packages.
    """
    commit, checkout = kept.commit.partition(",")[0], template.CHECKOUT
    if not commit or not _git(checkout, "cat-file", "-e", f"{commit}^{{commit}}"):
        return []
    if _git(checkout, "diff", "--quiet", commit, "--", "src/cellsize"):  # these files are here
        return []
    return [f"mkdir {CODE}", f"git -C {shlex.quote(str(checkout))} archive {commit} | tar -x -C {CODE}"]


def _cellsize(kept: Kept) -> str:
    """What pip installs as cellsize: this checkout if it has the version, else the version from an index."""
    version = _packages(kept.environment.splitlines()).get("cellsize", cellsize.__version__)
    here = (template.CHECKOUT / "pyproject.toml").is_file() and version == cellsize.__version__
    return shlex.quote(str(template.CHECKOUT)) if here else f"cellsize=={version}"


def _git(folder: Path, *words: str) -> bool:
    """Whether a question to git is answered with yes; no where git is missing, or this is no repository."""
    try:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
