"""The script that draws the first names, and the table that it drew."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def drawn() -> Callable[[dict[str, pd.DataFrame], int, int], pd.DataFrame]:
    """The script is no package."""
    spec = importlib.util.spec_from_file_location("names_of_the_census", ROOT / "data/names.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[dict[str, pd.DataFrame], int, int], pd.DataFrame] = module.drawn
    return found


def lists(**percents: dict[str, float]) -> dict[str, pd.DataFrame]:
    return {
        gender: pd.DataFrame({"name": list(names), "percent": list(names.values())})
        for gender, names in percents.items()
    }


Draw = Callable[[dict[str, pd.DataFrame], int, int], pd.DataFrame]


def test_half_are_of_each_gender_and_names_are_written_as_names_are(drawn: Draw) -> None:
    people = drawn(lists(female={"MARY": 1.0}, male={"JOHN": 0.2}), 10, 0)
    assert list(people.columns) == ["name", "gender"]
    assert people.value_counts().to_dict() == {("Mary", "female"): 5, ("John", "male"): 5}


def test_names_come_as_often_as_in_the_census_and_one_of_both_lists_keeps_both_labels(drawn: Draw) -> None:
    people = drawn(lists(female={"ANN": 3.0, "KIM": 1.0, "NOBODY": 0.0}, male={"KIM": 1.0}), 4000, 0)
    counts = people.value_counts()
    assert counts["Kim", "male"] == 2000
    assert counts["Ann", "female"] + counts["Kim", "female"] == 2000
    assert counts["Ann", "female"] / 2000 == pytest.approx(0.75, abs=0.03)  # three standard errors
    assert "Nobody" not in set(people["name"])


def test_a_seed_is_one_draw_in_random_order(drawn: Draw) -> None:
    census = lists(female={"ANN": 3.0, "KIM": 1.0}, male={"JOHN": 1.0})
    first = drawn(census, 100, 0)
    pd.testing.assert_frame_equal(first, drawn(census, 100, 0))
    assert not first.equals(drawn(census, 100, 1))
    assert not first["gender"].is_monotonic_increasing
    assert not first["gender"].is_monotonic_decreasing


def test_the_shipped_table_is_what_its_page_says() -> None:
    people = pd.read_parquet(ROOT / "data/raw/first-names.parquet")
    page = (ROOT / "data/README.md").read_text(encoding="utf-8")
    both = int((people.groupby("name")["gender"].nunique() == 2).sum())
    assert people["gender"].value_counts().to_dict() == {"female": 4000, "male": 4000}
    assert f"{len(people):,} people" in page
    assert f"{people['name'].nunique():,} different names, {both} of them with both genders" in page
