"""Reads `params.yaml`, and says in one line what is wrong with it."""

import math
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cellsize.errors import InputError
from cellsize.params import Params

# Keys that had another name before 0.1.0, and None where the key is gone.
RENAMED: dict[str, str | None] = {
    "root": None,
    "prepare.features": "prepare.past_covariates",
    "prepare.categories": "prepare.categorical_covariates",
    "prepare.known": "prepare.known_future_covariates",
    "split.stop": "split.early_stopping",
    "split.stop.share": "split.early_stopping.fraction",
    "split.early_stopping.share": "split.early_stopping.fraction",
    "baseline.season": "baseline.seasons",
    "search.reach": "search.minimum_units",
    "search.effort": None,
    "search.cost_limit": None,
    "search.workers": "search.compute.trials",
    "search.gpus_per_trial": "search.compute.gpus_per_trial",
    "search.training.batch": "search.training.batch_size",
    "search.training.clip": "search.training.max_gradient_norm",
    "search.training.average": "search.training.ema_decay",
    "search.training.epochs": None,
    "search.training.schedule": None,
    "choose.tolerance": None,
}

# More values than any file that somebody wrote. An anchor (&) that holds itself, or the same list again and again, has
# no end, or an end that nobody waits for.
MOST_VALUES = 10_000

# What became a list with its new name: to rename it alone would be refused.
NOW_LISTS = ("baseline.seasons",)


def load(path: Path) -> Params:
    """Reads and checks the whole file.

    Args:
        path: A YAML 1.2 file (`1e-3` is a number, as it is for DVC).

    Returns:
        The checked parameters.

    Raises:
        InputError: The file is missing, is not YAML, or a key is old, unknown, missing or out of range.
    """
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; copy params.yaml from the cellsize repository") from None
    except IsADirectoryError:
        raise InputError(f"{path}: a folder; give a file with the parameters") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InputError(f"{path}, line {line}: {error.problem}; fix the YAML") from None
    except YAMLError as error:
        raise InputError(f"{path}: {error}; fix the YAML") from None
    except RecursionError:
        raise InputError(f"{path}: lists or sections within each other, hundreds of them; fix the YAML") from None
    except (ValueError, ArithmeticError) as error:  # of a day or a number that is none, such as 2026-13-01
        raise InputError(f"{path}: a value cannot be read ({error}); put it in quotes, or fix it") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: holds no keys; copy params.yaml from the cellsize repository")
    _refuse_old_keys(path, content)
    _refuse_infinite(path, content)
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_complaint(error)}") from None


def _refuse_old_keys(path: Path, content: dict[str, object]) -> None:
    """Names all old keys at once, so that they can be renamed at once."""
    remedies = []
    for old, new in RENAMED.items():
        if _holds(content, old):
            remove = new is None or _holds(content, new)
            as_list = ", as a list" * (new in NOW_LISTS)
            remedies.append(f"remove {old}" if remove else f"rename {old} to {new}{as_list}")
    head, summary = "propose.network.head", "propose.network.summary"
    if _value(content, head) in ("last", "mean"):  # what another key says now; a head is something else
        if _holds(content, summary):
            remedies.append(f"set {head}: [plain, mixed]; what it was is {summary} now")
        else:
            remedies.append(f"rename {head} to {summary} and add {head}: [plain, mixed]")
    if remedies:
        raise InputError(f"{path}: keys of an older version; {', '.join(remedies)}")


def _holds(content: dict[str, object], key: str) -> bool:
    """Whether a dotted key stands in the content."""
    *sections, name = key.split(".")
    section = _value(content, ".".join(sections)) if sections else content
    return isinstance(section, dict) and name in section


def _value(content: dict[str, object], key: str) -> object:
    """What stands at a dotted key; None if it does not stand in the content."""
    value: object = content
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _complaint(error: ValidationError) -> str:
    """One of the errors, as `key.path: what is wrong; what to do`."""
    details = error.errors()
    # An unknown key comes first: where it is a misspelling, that is why the right one is missing.
    detail = next((detail for detail in details if detail["type"] == "extra_forbidden"), details[0])
    # Where a key may be of two kinds, pydantic adds the kind to the place: prepare.time.str.
    kinds = ("function", "str", "tuple[")
    key = ".".join(str(name) for name in detail["loc"] if not str(name).startswith(kinds))
    if detail["type"] == "extra_forbidden":
        section, name = detail["loc"][:-1], str(detail["loc"][-1])
        missing = [other["loc"] for other in details if other["type"] == "missing"]
        similar = get_close_matches(name, [str(place[-1]) for place in missing if place[:-1] == section], n=1)
        return f"{key}: unknown key; " + (f"rename it to {similar[0]}" if similar else "remove it or fix its spelling")
    if detail["type"] == "missing":
        return f"{key}: missing; add it: copy it from params.yaml of the cellsize repository"
    message = detail["msg"].removeprefix("Value error, ")
    if not key:
        return message
    return f"{key}: {message} (found {detail['input']!r})" if _is_plain(detail["input"]) else f"{key}: {message}"


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool | None | tuple)


def _refuse_infinite(path: Path, content: dict[str, object]) -> None:
    """Refuses `.nan` and `.inf`, each of which passes some of the range checks, and what has no end."""
    stack: list[tuple[str, object]] = [("", content)]
    count = 0
    while stack:
        key, value = stack.pop()
        count += 1
        if count > MOST_VALUES:
            raise InputError(f"{path}: over {MOST_VALUES:,} values; write them out without anchors (&), and fewer")
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{path}: {key.lstrip('.')}: {value} is not a finite number; give one that is")
        if isinstance(value, dict):
            stack += [(f"{key}.{name}", entry) for name, entry in value.items()]
        if isinstance(value, list):
            stack += [(key, entry) for entry in value]
