"""The page of messages: each is in the program, in the words of the page."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/messages.md"
VARIES = "…"


def rendered(node: ast.expr) -> str:
    """A text of the program with `…` for what differs."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(map(rendered, values))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return rendered(left) + rendered(right)
        case _:
            return VARIES


@cache
def texts() -> tuple[str, ...]:
    """All texts of the program, whole: a text that is part of another one comes in both."""
    found = set[str]()
    for path in sorted((ROOT / "src/cellsize").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
                found.add(" ".join(rendered(node).replace("`", "").split()))
    return tuple(found - {VARIES})


def quoted() -> list[str]:
    """The messages of the page: the first column of its tables."""
    return re.findall(r"(?m)^\| `(.+?)` \|", PAGE.read_text(encoding="utf-8"))


def is_in(message: str, text: str) -> bool:
    """Whether the constant parts of a message stand in a text, in order."""
    at = 0
    for part in filter(None, (part.strip() for part in message.split(VARIES))):
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


@pytest.mark.parametrize("message", quoted())
def test_each_message_is_said_by_the_program(message: str) -> None:
    assert len(re.sub(r"\W", "", message)) >= 10, "too short to be found"
    assert any(is_in(message, text) for text in texts())


def test_no_message_is_there_twice_and_every_table_has_some() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(quoted()) == len(set(quoted())) > 60
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(quoted())


def test_what_nobody_says_is_not_found() -> None:
    assert not any(is_in("…: no such table; set prepare.table in params.yaml", text) for text in texts())
    assert not any(is_in("set prepare.table in params.yaml …: no such file", text) for text in texts())
