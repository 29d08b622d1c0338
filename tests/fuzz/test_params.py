"""params.yaml: whatever is written there is taken, or refused in words, before anything is trained."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from cellsize import params_file
from cellsize.params import Params
from cellsize.project import template
from cellsize.stages import plan, prepare, propose, split, window
from tests.fuzz.guard import fuzzed, outcome

# One value in YAML, as somebody may write it by mistake, or to see what happens.
VALUES = (
    "", "null", "~", "true", "yes", "0", "-0", "1", "-1", "2", "7", "1.0", "0.5", "1e3", "1e-320", "1e400", "-1e308",
    ".nan", ".inf", "-.inf", "NaN", "10000000000000000000000000000000", "-9223372036854775809", "9223372036854775807",
    "4611686018427387904", "1000000", "100000", "0x10", "0o17", "1_000", "1.0000001", "1:30", "2026-01-01",
    "2026-13-01", "''", "' '", '"\\0"', '"\\ud800"', "x", "h", "D", "W-MON", "MS", "B", "step", "99999h", "UTC",
    "Nowhere/City", "../../etc/passwd", "/", "DE", "utf-8", "idna", "rot13", "base64", "punycode", "undefined", "[]",
    "[1]", "[1, 1]", "[0]", "[-1]", "[1, 2, 3]", "[.nan]", "[2, 1.0e+300]", "[1.0, 1.0e+9]", "[1.0e+18]", "[[1]]",
    "[null]", "['']", "[x]", "[load]", "[load, load]", "[rain]", "[when]", "[place]", "{}", "{a: 1}", "[{a: 1}]",
    "&a [*a]", "&a {x: *a}", "*a", "!!python/object/apply:os.system [id]", "!!python/name:os.system", "!!binary aGk=",
    "!!set {a}", "!!omap [a: 1]", "!!float 1", "!!int '1'", "!!str 1", "!x 1", "|", ">", "- 1", "? a", "%", "@", "`",
    "\t1", "'", '"', "[", "{", "]", "# ", "1 # two", "a: b", "<<: {a: 1}", "load", "rain", "when", "place", "kind",
    "%d.%m.%Y", "epoch s", '"%Y-%m-%d %H:%M"', "YYYYMMDD", "all", "infer", "first", "harmonics_of_day", "shuffled",
    "expanding", "sliding", "groups", "series", "parameters", "window", "effective", "gru", "linear", "grid", "random",
    "alpha", "log1p", "standard", "mae", "budget", "sqlite:///x.db", "\u2028", "\x07", "\ufeff", "é", "\u0661",
    "classify", "regress", "stratified", "spread", "log_loss", "name", "step", "person", "note", "[x]", "[name]",
    "{column: note, characters: 4, case: keep}", "{column: x, characters: 4096, case: lower}",
    "{column: kind, value: a}", "[0.1, 0.5, 0.9]", "[0.5]", "[0.9, 0.1]", "quantile", "20",
)  # fmt: skip
# What a whole file may begin or end with.
BLOCKS = (
    "---\n", "...\n", "%YAML 1.1\n---\n", "%TAG ! tag:x\n---\n", "a: &a [1, 2]\nb: *a\n",
    "x: &a [y, y]\ny: &b [*a, *a, *a, *a]\nz: &c [*b, *b, *b, *b]\nw: [*c, *c, *c, *c]\n", "<<: &m {window: {}}\n",
    "\t\n", "- 1\n", "window: {}\n", "null: 1\n", "1: 2\n", "[a]: 1\n", "? [a, b]\n: 1\n", "\0", "\ufeff", "}",
    "true: 1\n", "'': 1\n", "search: null\n", "0x1: 1\n", "&a window: *a\n", "1.5: 2\n", "2026-01-01: 1\n", "~\n",
    "!!set {a, b}\n", "[" * 2000, "{a: " * 400, "- " * 500, "x: " + "[" * 200 + "]" * 200 + "\n",
)  # fmt: skip
SLOTS = re.compile(r"^(\s*)([a-z_]+):([^#\n]*)(#.*)?$")


OF_SEQUENCES: dict[str, Any] = {
    "prepare.table": "toy.csv", "prepare.time": "step", "prepare.series": "name", "prepare.past_covariates": ["x"],
    "prepare.calendar": [], "prepare.linear_calendar": [], "prepare.frequency": "step", "window.lookback": 4,
    "window.linear_lookback": None, "window.horizon": 1, "split.folds": 2, "split.early_stopping.blocks": 1,
    "split.scheme": "stratified", "baseline.classical": "none", "propose.mlp_units": [4],
    "propose.network.skip": ["none"], "propose.network.head": ["plain"], "register.beat": [],
}  # fmt: skip
# What makes the shipped file one for the table of a task.
TASKS: dict[str, dict[str, Any]] = {
    "forecast": {
        "prepare.table": "toy.csv", "prepare.time": "when", "prepare.series": "place", "prepare.targets": ["load"],
        "prepare.past_covariates": ["rain"], "prepare.linear_calendar": [], "window.lookback": 4,
        "window.linear_lookback": None, "window.horizon": 2, "split.folds": 2, "split.early_stopping.blocks": 1,
        "baseline.seasons": [4], "propose.mlp_units": [4],
    },
    "quantiles": {"choose.metric": "quantile", "choose.quantiles": [0.1, 0.5, 0.9], "baseline.classical": "none"},
    "classify": OF_SEQUENCES | {"task": "classify", "prepare.targets": ["kind"], "choose.metric": "log_loss"},
    "regress": OF_SEQUENCES | {"task": "regress", "prepare.targets": ["load"]},
    "texts": OF_SEQUENCES | {
        "task": "classify", "prepare.targets": ["kind"], "choose.metric": "log_loss", "prepare.time": None,
        "prepare.series": None, "prepare.past_covariates": [],
        "prepare.text": {"column": "note", "characters": 5, "case": "lower"},
    },
}  # fmt: skip
TASKS["quantiles"] = TASKS["forecast"] | TASKS["quantiles"]


@cache
def shipped(task: str = "forecast") -> str:
    """The shipped file, for the table of a task."""
    return template.params(TASKS[task])


def table(task: str) -> pd.DataFrame:
    """Two series of hours; of the other tasks thirty sequences of four steps, or thirty texts."""
    if task in ("classify", "regress", "texts"):
        row = range(120)
        steps = pd.DataFrame({
            "name": [f"s{each // 4}" for each in row], "step": [each % 4 for each in row],
            "x": [each * each % 101 for each in row], "kind": ["ab"[each // 4 % 2] for each in row],
            "load": [each // 4 * 5 % 13 for each in row], "note": [f"note {each // 4 * 3}" for each in row],
            "person": [f"p{each // 8}" for each in row],
        })  # fmt: skip
        return steps.groupby("name", sort=False).head(1) if task == "texts" else steps
    hours = pd.date_range("2026-01-01", periods=120, freq="h").strftime("%Y-%m-%d %H:%M")
    parts = [
        pd.DataFrame({"when": hours, "place": place, "load": [(row * 7 % 24) + seed for row in range(120)],
                      "rain": [row % 5 for row in range(120)], "kind": place})
        for seed, place in enumerate(("north", "south"))
    ]  # fmt: skip
    return pd.concat(parts)


@contextlib.contextmanager
def project(content: str, task: str = "forecast") -> Iterator[Path]:
    """A folder with a table and a `params.yaml`, as the current one."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            table(task).to_csv("toy.csv", index=False)
            Path("params.yaml").write_bytes(content.encode("utf-8", errors="surrogatepass"))
            yield Path(folder)
        finally:
            os.chdir(here)


@st.composite
def contents(draw: st.DrawFn, task: str = "forecast") -> str:
    """The shipped file with up to three changes."""
    lines = shipped(task).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        found = SLOTS.match(lines[at])
        match draw(st.sampled_from([*["value"] * 8, "drop", "repeat", "rename", "indent", "text", "cut", "block"])):
            case "value" if found:
                value = draw(st.one_of(st.sampled_from(VALUES), st.floats().map(str), st.integers().map(str)))
                lines[at] = f"{found[1]}{found[2]}: {value}"
            case "drop":
                del lines[at]
            case "repeat":
                lines.insert(at, lines[at])
            case "rename" if found:
                lines[at] = lines[at].replace(found[2], draw(st.sampled_from(["x", "null", "y", "1", found[2][:-1]])))
            case "indent":
                lines[at] = draw(st.sampled_from([" ", "\t", "  ", "- ", "# "])) + lines[at]
            case "text":
                lines.insert(at, draw(st.text(max_size=30)))
            case "cut":
                lines = [*lines[:at], lines[at][: draw(st.integers(0, 20))]]
            case "block":
                lines.insert(draw(st.sampled_from([0, len(lines)])), draw(st.sampled_from(BLOCKS)))
        if not lines:
            break
    return "\n".join(lines) + "\n"


def planned() -> None:
    """What all stages do before something is trained."""
    params: Params = params_file.load(Path("params.yaml"))
    clean, schema, arrays, folds, grid = (Path(name) for name in ("a.parquet", "b", "c.npz", "d.parquet", "e"))
    searched, searched_folds = Path("f.npz"), Path("g.parquet")
    prepare.main(params, clean, schema)
    window.main(params, clean, schema, arrays, searched)
    split.main(params, searched, arrays, searched_folds, folds)
    propose.main(params, searched, searched_folds, grid)
    plan.main(params, searched, searched_folds, grid)


@pytest.mark.slow
@fuzzed()
@given(contents())
def test_any_params_are_taken_or_refused_in_words(content: str) -> None:
    changed = [line for line in content.splitlines() if line not in shipped().splitlines()]
    note("\n".join(changed))
    with project(content):
        outcome(planned)


OTHERS = tuple(task for task in TASKS if task != "forecast")


@pytest.mark.slow
@fuzzed()
@given(st.sampled_from(OTHERS).flatmap(lambda task: st.tuples(st.just(task), contents(task))))
def test_any_params_of_another_task_are_taken_or_refused_in_words(case: tuple[str, str]) -> None:
    task, content = case
    note("\n".join([task, *(line for line in content.splitlines() if line not in shipped(task).splitlines())]))
    with project(content, task):
        outcome(planned)


@pytest.mark.parametrize("task", TASKS)
def test_the_file_that_is_changed_above_is_taken(task: str) -> None:
    with project(shipped(task), task):
        assert outcome(planned) is None


# Each was found by the fuzzer, and ended in a traceback, in all memory, or not at all.
FOUND = {
    "lists in lists": ("x: " + "[" * 2000, "within each other, hundreds of them; fix the YAML"),
    "a day that is none": ("x: 2026-13-01\n", "a value cannot be read (month must be in 1..12); put it in quotes"),
    "a section that holds itself": ("x: &a {y: *a}\n", "over 10,000 values; write them out without anchors (&)"),
    "a list of lists of lists": (
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "over 10,000 values; write them out without anchors (&)",
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_is_refused(name: str) -> None:
    content, words = FOUND[name]
    with project(shipped() + content):
        found = outcome(planned)
    assert found is not None
    assert words in found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  folds: 2 ", "  folds: 1000000000 ", "split.folds: Input should be less than or equal to 1000"),
        (
            "    blocks: 1 ",
            "    blocks: 1000000000 ",
            "split.early_stopping.blocks: Input should be less than or equal",
        ),
        ("  lookback: 4 ", "  lookback: 10000000000000000000000000000 ", "window.lookback: Input should be less than"),
        ("    seeds: 2 ", "    seeds: 9223372036854775807 ", "search.training.seeds: Input should be less than"),
    ],
)
def test_numbers_that_no_machine_could_hold_are_refused(old: str, new: str, words: str) -> None:
    assert old in shipped()
    with project(shipped().replace(old, new, 1)):
        assert words in str(outcome(planned))
