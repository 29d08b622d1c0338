"""What all pages share."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from cellsize import stage
from cellsize.report import templates


def test_values_are_escaped_and_none_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "page.html.jinja").write_text("{{ name }}")
    template = templates.environment(tmp_path).get_template("page.html.jinja")
    assert template.render(name="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        template.render()


def test_the_shared_files_are_found_from_any_folder_and_count_for_the_hash_of_who_makes_a_page(tmp_path: Path) -> None:
    names = {path.name for path in stage.closure("cellsize.report.page")}
    for name in templates.SHARED:
        assert templates.environment(tmp_path).get_template(name).filename
        assert name in names
    assert "page.html.jinja" in names
