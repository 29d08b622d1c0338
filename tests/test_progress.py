"""Lines of progress while a stage is busy, and none after it."""

import re
import threading

import pytest

from cellsize import progress


class Heard:
    """Keeps what is said, and lets a test wait for the next line."""

    def __init__(self) -> None:
        self.lines, self.new = list[str](), threading.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self.new.set()

    def wait(self) -> str:
        self.new.clear()
        assert self.new.wait(60)
        return self.lines[-1]


def test_a_busy_stage_says_what_it_is_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    heard = Heard()
    with progress.lines("baseline", heard) as note:
        assert re.fullmatch(r"baseline: \(0 s so far\)", heard.wait())
        note("fold 2 of 5: boosted trees")
        heard.wait()  # it may have been on its way before
        assert re.fullmatch(r"baseline: fold 2 of 5: boosted trees  \(\d+ s so far\)", heard.wait())


def test_a_short_stage_says_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.lines("refit") as note:
        note("1 of 2 steps")
    assert capsys.readouterr().out == ""


def test_nothing_is_said_after_a_stage_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    heard, threads = Heard(), threading.active_count()

    def broken() -> None:
        with progress.lines("refit", heard):
            heard.wait()
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        broken()
    assert threading.active_count() == threads


def test_a_stage_that_speaks_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SILENCE", 60.0)
    heard = Heard()
    with progress.never_silent("search", heard) as say:
        say("search: 1 × 8")
    assert heard.lines == ["search: 1 × 8"]


def test_a_stage_that_says_nothing_is_heard_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    heard, threads = Heard(), threading.active_count()
    with progress.never_silent("search", heard) as say:
        say("search: 1 × 8")
        assert re.fullmatch(r"search: continues  \(\d+ s so far\)", heard.wait())
        heard.wait()  # and again
    assert "search: 1 × 8" in heard.lines
    assert threading.active_count() == threads


def test_a_line_is_due_well_before_half_a_minute() -> None:
    assert progress.SILENCE < 30
