"""The page "which task is mine": its settings suit their task, its pictures are those that the script draws."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from cellsize.params import Params

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tasks.md").read_text(encoding="utf-8")
SECTIONS = [section.partition("\n") for section in PAGE.split("\n## ")[1:]]
BLOCKS = {
    heading: found[0] for heading, _, body in SECTIONS if (found := re.findall(r"```yaml\n(.*?)```", body, re.DOTALL))
}


NESTED = ("prepare", "window", "split", "propose", "network", "baseline", "choose", "register")


def changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Values with others in their place; a key that is not there yet is a mistake."""
    assert set(changes) <= set(values), set(changes) - set(values)
    nested = {
        key: changed(values[key], value) if key in NESTED
        else value
        for key, value in changes.items()
    }  # fmt: skip
    return values | nested


def drawn() -> ModuleType:
    """The script, which is no package."""
    spec = importlib.util.spec_from_file_location("task_pictures", ROOT / "docs/task_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_task_has_its_settings_on_the_page() -> None:
    assert list(BLOCKS) == ["Forecast", "Many series", "Classify", "Characters", "Regress"]


@pytest.mark.parametrize("heading", list(BLOCKS))
def test_the_settings_of_a_task_are_all_that_differs_from_the_shipped_ones(heading: str) -> None:
    plain = YAML(typ="safe")
    shipped = plain.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    found = Params.model_validate(changed(shipped, plain.load(BLOCKS[heading])))
    expected = {"Forecast": "forecast", "Many series": "forecast", "Regress": "regress"}.get(heading, "classify")
    assert found.task == expected


def test_what_a_section_adds_suits_the_settings_of_its_task() -> None:
    plain = YAML(typ="safe")
    shipped, count = plain.load((ROOT / "params.yaml").read_text(encoding="utf-8")), 0
    for heading, _, body in SECTIONS:
        first, *others = re.findall(r"```yaml\n(.*?)```", body, re.DOTALL) or [""]
        of_task = changed(shipped, plain.load(first) or {})
        for block in others:
            Params.model_validate(changed(of_task, plain.load(block)))
            count += heading == "Forecast"
    assert count == 2


def test_the_pictures_are_those_that_the_script_draws_and_all_of_them_are_shown() -> None:
    pictures = drawn().pictures()
    assert len(pictures) == 5
    for name, content in pictures.items():
        assert (ROOT / f"docs/images/task-{name}.svg").read_text(encoding="utf-8") == content
        assert f"(images/task-{name}.svg)" in PAGE
