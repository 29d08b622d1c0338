"""The page of a check."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from cellsize.lifecycle import check_page, check_verdict
from cellsize.lifecycle.check_verdict import CheckResult
from tests.lifecycle.test_check_verdict import AS_BEFORE, CALM, CASES, SHIFTED, losses


class Tags(HTMLParser):
    """Every tag is closed, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.fetched = list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "br", "path", "use"):
            self.open.append(tag)
        self.fetched += [
            value or "" for key, value in attrs if key in ("src", "href") and not (value or "#").startswith("#")
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass


@pytest.mark.parametrize("case", [case for _, _, case, _ in CASES])
def test_every_verdict_has_a_page_that_fetches_nothing(case: CheckResult) -> None:
    page = check_page.render(case)
    tags = Tags()
    tags.feed(page)
    assert (tags.open, tags.fetched) == ([], [])
    assert f"<h1>{check_verdict.headline(case)}</h1>" in page
    assert page.count("<svg") == 1 + bool(case.shifts)
    assert page == check_page.render(case)


def test_names_of_columns_series_and_files_are_escaped() -> None:
    odd = replace(AS_BEFORE, data="<b>.csv", unknown=("<i>",), shifts=(replace(SHIFTED, column="<script>"),))
    page = check_page.render(odd)
    assert "<script>" not in page
    assert "<i>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def test_the_least_usual_input_comes_first_and_of_very_many_some_are_drawn() -> None:
    many = (*(replace(CALM, column=f"calm{number}") for number in range(30)), SHIFTED)
    table = check_page.columns_table(replace(AS_BEFORE, shifts=many))
    assert table is not None
    assert [row.cells[0] for row in table.rows][:2] == ["y", "calm0"]
    assert table.rows[0].cells[-1] == "shifted"
    assert len(table.rows) == 31
    assert "The 20 least usual inputs are drawn." in check_page.render(replace(AS_BEFORE, shifts=many))


def test_intervals_that_are_too_narrow_are_marked_in_their_table() -> None:
    narrow = replace(AS_BEFORE, new=losses(1.0, 8, inside=0.7))
    for case, mark in ((narrow, "too narrow now"), (AS_BEFORE, "")):
        table = check_page.coverage_table(case.new, case.holdout)
        assert table is not None
        assert [row.cells[-1] for row in table.rows[:2]] == [mark, mark]


def test_a_long_name_is_cut_visibly_in_the_chart_and_whole_in_the_table() -> None:
    name = "a_very_long_name_of_a_column_that_would_leave_no_room"
    page = check_page.render(replace(AS_BEFORE, shifts=(replace(CALM, column=name),)))
    assert page.count(name) == 1
    assert f"{name[:39]}…" in page
