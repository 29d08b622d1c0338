"""The command `cellsize check`; as somebody types it, it is in tests/end_to_end."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from cellsize.lifecycle import checking
from cellsize.lifecycle.by_task import Checked


@pytest.mark.parametrize(
    ("verdict", "status"), [("as before", 0), ("inputs shifted", 3), ("worse", 4), ("cannot tell", 5)]
)
def test_it_says_the_lines_writes_what_is_wanted_and_returns_the_status(
    verdict: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = Checked(verdict, ["one", "two"], {"verdict": verdict}, lambda: "<html>")  # type: ignore[arg-type]
    monkeypatch.setattr(checking, "store", SimpleNamespace(find=lambda uri: None))
    monkeypatch.setattr(checking, "number_of", lambda client, name, version, alias: "3")
    monkeypatch.setattr(checking, "fetch", lambda name, number: None)
    monkeypatch.setattr(checking, "by_task", SimpleNamespace(checked=lambda *words: checked))
    said = list[str]()
    page, content = tmp_path / "check.html", tmp_path / "check.json"
    found = checking.check("toy", tmp_path / "new.csv", None, "champion", None, page, content, said.append)
    assert (found, said) == (status, ["one", "two", f"{page}: the page"])
    assert page.read_text() == "<html>"
    assert json.loads(content.read_text()) == {"verdict": verdict}
