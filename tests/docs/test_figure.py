"""The README's figure: the report's first chart, which must be whole outside the page."""

import runpy
from pathlib import Path

import pytest

figure = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "figure.py"))["figure"]

PAGE = """<style>:root { --ink: #123456; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #eeeeee; } }</style>
<section id="sizes"><h2>Sizes</h2><div><svg role="img"><path fill="var(--ink)"/></svg></div></section>
<section id="folds"><svg><path fill="var(--paper)"/></svg></section>
"""


def test_the_figure_is_the_chart_of_sizes_with_the_light_colours_and_a_background() -> None:
    assert figure(PAGE) == (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img">'
        '<rect width="100%" height="100%" fill="#ffffff"/><path fill="#123456"/></svg>\n'
    )


def test_a_page_without_the_chart_ends_in_one_line() -> None:
    with pytest.raises(SystemExit, match=r"reports/index\.html: no chart of sizes"):
        figure("<html></html>")
