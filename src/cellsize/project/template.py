"""The files that a project begins with, made of those that are shipped: `params.yaml`, `dvc.yaml`, and a few more."""

import io
import json
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

import cellsize
from cellsize.errors import InputError
from cellsize.params import Params

TEMPLATES = Path(__file__).parent / "templates"
CHECKOUT = Path(__file__).parents[3]
OF_THE_EXAMPLES = ("metrics", "params", "plots")  # keys of dvc.yaml that name the checkout's examples
INSTALL = "python -m pip install -r requirements.txt"
Value = str | int | float | bool | None | Sequence[str] | Sequence[int] | Mapping[str, object]


def shipped(name: str) -> str:
    """The text of `params.yaml` or `dvc.yaml` as it is shipped.

    A wheel holds copies of the checkout's files, made when it is built; a checkout has the files themselves, so that
    there is nothing to keep alike.
    """
    packed = TEMPLATES / name
    return (packed if packed.is_file() else CHECKOUT / name).read_text(encoding="utf-8")


def params(changes: Mapping[str, Value], text: str | None = None) -> str:
    """The shipped `params.yaml`, or another, with other values at some keys; comments stay.

    Args:
        changes: Dotted key → value; `prepare.csv.separator` too.
        text: Another file in place of the shipped one.

    Raises:
        KeyError: The file has no such key.
    """
    yaml = YAML()
    yaml.width = 1000  # a line is a key
    yaml.preserve_quotes = True
    # As the shipped file has it: ruamel would leave null out.
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    content = yaml.load(shipped("params.yaml") if text is None else text)
    for key, value in changes.items():
        *sections, last = key.split(".")
        section = content
        for name in sections:
            section = section[name]
        if last not in section:
            raise KeyError(key)
        _set(section, last, value)
    written = io.StringIO()
    yaml.dump(content, written)
    return written.getvalue()


def validated(changes: dict[str, Value]) -> Params:
    """The same, checked as `params.yaml` of a project is.

    Raises:
        InputError: A value does not do; the message names its key.
    """
    content = YAML(typ="safe", pure=True).load(params(changes))
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ")
        raise InputError(f"{'.'.join(map(str, first['loc']))}: {said}") from None


def _set(section: CommentedMap, key: str, value: Value) -> None:
    """Sets a value where it stands; one that is what it was stays as it is written."""
    old = section[key]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if list(value) == old:
            return
        if isinstance(old, CommentedSeq):
            old[:] = list(value)  # in place: the comment behind a list belongs to it
            old.fa.set_flow_style()
            return
        new = CommentedSeq(value)
        new.fa.set_flow_style()
        section[key] = new
    elif isinstance(value, Mapping):
        section[key] = CommentedMap(value)
        section[key].fa.set_flow_style()
    elif old != value or type(old) is not type(value):
        section[key] = value


def stages(text: str | None = None) -> str:
    """`dvc.yaml` of a project: the shipped one, or another, without the examples, its stages run from the package."""
    text = (shipped("dvc.yaml") if text is None else text).replace("python -m pipeline.", "python -m cellsize.stage ")
    head, *tail = re.split(rf"(?m)^(?=(?:{'|'.join(OF_THE_EXAMPLES)}):$)", text)
    # The comment above these keys goes with them.
    return re.sub(r"(\n#[^\n]*)+\s*$", "\n", head.rstrip() if tail else head)


def ignored(name: str) -> list[str]:
    """The lines of `.gitignore` or `.dvcignore`."""
    return (TEMPLATES / name.lstrip(".")).read_text(encoding="utf-8").splitlines()


def workflow(folder: str, table: str, install: str = INSTALL, name: str | None = None) -> str:
    """A workflow of GitHub that retrains the project.

    Args:
        folder: The project's, from the top of the repository; `.` if it is the top.
        table: The table, from the project's folder. Its pointer is watched too, if DVC keeps it.
        install: The command that installs cellsize.
        name: Of the workflow; None: `cellsize`, and the folder's. One of a name runs at a time.
    """
    inside = "" if folder == "." else f"{folder}/"
    watched = [f"{inside}{name}" for name in ("params.yaml", "dvc.yaml", "requirements.txt")]
    if not table.startswith(("/", "../")):
        watched += [f"{inside}{table}", f"{inside}{table}.dvc"]
    values = {
        "NAME": name or "-".join(["cellsize", *re.findall(r"[A-Za-z0-9_.-]+", "" if folder == "." else folder)]),
        "INSTALL": install,
        "WATCHED": ", ".join(json.dumps(_literal(name)) for name in watched),
        "FOLDER": json.dumps(folder),
        "PYTHON": json.dumps(f"{sys.version_info.major}.{sys.version_info.minor}"),
        "REPORTS": json.dumps(f"{inside}reports/"),
    }
    text = (TEMPLATES / "workflow.yml").read_text(encoding="utf-8")
    return re.sub(r"\b(NAME|INSTALL|WATCHED|FOLDER|PYTHON|REPORTS)\b", lambda found: values[found[0]], text)


def _literal(path: str) -> str:
    """A path as a pattern of GitHub that matches nothing else."""
    return re.sub(r"([*?+\[\]!\\])", r"\\\1", path)


def requirements() -> str:
    """`requirements.txt`: this cellsize and what it was installed with; no index is named.

    A version's local part, such as `+cpu`, is left out: which build it is depends on the machine.
    """
    lines = ["# cellsize and what it was seen to work with; an upgrade runs again what it changed.", "cellsize=="]
    lines[-1] += cellsize.__version__
    try:
        declared = requires("cellsize") or []
    except PackageNotFoundError:  # run from its source alone
        declared = []
    for line in declared:
        requirement, _, marker = line.partition(";")
        found = re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?", requirement)
        if found and "extra" not in marker:
            name = found[0].partition("[")[0]
            try:
                lines.append(f"{found[0]}=={version(name).partition('+')[0]}")
            except PackageNotFoundError:
                continue
    return "\n".join(lines) + "\n"
