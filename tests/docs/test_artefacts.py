import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest

from cellsize import sizing
from cellsize.sizing.artefacts import Artefact
from docs import artefacts as page


def descendants(model: type[Artefact]) -> set[type[Artefact]]:
    """All models that are made of one."""
    children = set(model.__subclasses__())
    return children.union(*(descendants(child) for child in children))


@pytest.mark.parametrize("path", page.pages(), ids=lambda path: path.name)
def test_committed_schemas_and_page_are_those_of_the_code(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == page.pages()[path], "run: python docs/artefacts.py"


def test_every_artefact_that_names_its_file_has_a_schema_and_no_other_schema_is_left() -> None:
    for module in pkgutil.iter_modules(sizing.__path__, "cellsize.sizing."):
        importlib.import_module(module.name)
    models = descendants(Artefact)
    named = {(model.__doc__ or "").split("`")[1] for model in models if (model.__doc__ or "").startswith("`")}
    assert named == set(page.ARTEFACTS)
    assert {re.sub(r"\.(classify|regress)", "", path) for path in page.OF_TASKS} <= named
    own = {model for model in models if (model.__doc__ or "").startswith("`")}
    assert own == set(page.ALL.values())
    committed = {path.name for path in (page.DOCS / "schemas").iterdir()}
    assert committed == {Path(path).name for path in page.ALL}


# Written for choose.metric: quantile alone, so that the files of other metrics stay as they are; where there are
# intervals; or where something was left open. The last five are written always, and versions that were registered
# before do not have them.
AT_TIMES = (
    "npinball",
    "below",
    "holdout_coverage_90",
    "undecided_since",
    "not_ruled_out",
    "early_stopping_score",
    "start_score",
    "ended_by_maximum",
    "holdout_macro_f1_logistic_regression",
    "holdout_macro_f1_boosted_trees",
)
ADDED = {"reports/evaluation.regress.json": ("left_out",)}


@pytest.mark.parametrize("path", page.ALL)
def test_a_schema_asks_for_every_key_and_allows_no_other(path: str) -> None:
    content = json.loads((page.DOCS / "schemas" / Path(path).name).read_text(encoding="utf-8"))
    for definition in [content, *content.get("$defs", {}).values()]:
        assert definition["additionalProperties"] is False
        asked = [key for key in definition["properties"] if key not in (*AT_TIMES, *ADDED.get(path, ()))]
        assert definition["required"] == asked
