"""Ray's token belongs to its owner alone."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cellsize.search.exposure import protect_token


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(key, raising=False)
    return tmp_path


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_token_is_made_that_only_its_owner_can_read(home: Path) -> None:
    before = os.umask(0o022)
    try:
        protect_token()
    finally:
        os.umask(before)
    token = home / ".ray" / "auth_token"
    assert rights(token) == 0o600
    assert len(token.read_text(encoding="utf-8")) == 64
    protect_token()
    assert len(token.read_text(encoding="utf-8")) == 64


def test_a_token_that_everybody_can_read_stays_the_same_and_is_closed(home: Path) -> None:
    token = home / ".ray" / "auth_token"
    token.parent.mkdir()
    token.write_text("given", encoding="utf-8")
    token.chmod(0o644)  # as Ray writes it
    protect_token()
    assert (token.read_text(encoding="utf-8"), rights(token)) == ("given", 0o600)


@pytest.mark.parametrize(
    ("key", "value"), [("RAY_AUTH_TOKEN", "x"), ("RAY_AUTH_TOKEN_PATH", "x"), ("RAY_AUTH_MODE", "disabled")]
)
def test_nothing_is_done_where_somebody_has_decided_otherwise(
    home: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv(key, value)
    protect_token()
    assert not (home / ".ray").exists()


def test_a_home_that_cannot_be_written_to_is_left_to_ray(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / ".ray").write_text("a file", encoding="utf-8")
    protect_token()
    assert (home / ".ray").read_text(encoding="utf-8") == "a file"


def test_a_token_appears_whole_and_the_first_one_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, link, seen = home / ".ray" / "auth_token", os.link, list[str]()

    def slower(made: str, path: Path) -> None:
        assert rights(Path(made)) == 0o600
        seen.append(Path(made).read_text(encoding="utf-8"))
        assert not token.exists()  # nothing is there under its name before it is whole
        token.write_text("of another search", encoding="utf-8")
        link(made, path)

    monkeypatch.setattr(os, "link", slower)
    protect_token()
    assert [len(text) for text in seen] == [64]
    assert (token.read_text(encoding="utf-8"), rights(token)) == ("of another search", 0o600)
    assert list(token.parent.iterdir()) == [token]


def test_many_searches_that_begin_at_once_have_one_token(home: Path) -> None:
    code = "from pathlib import Path; from cellsize.search.exposure import protect_token as p; p(); " + (
        "print((Path.home() / '.ray/auth_token').read_text())"
    )
    begun = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    tokens = {process.communicate()[0].strip() for process in begun}
    assert len(tokens) == 1
    assert len(tokens.pop()) == 64
