import pandas as pd

from cellsize.project.names_of_series import candidates


def test_a_column_names_series_if_it_has_one_row_a_moment() -> None:
    table = pd.DataFrame(
        {
            "year": [2001, 2002, 2003, 2001, 2002, 2003],
            "shop": ["a", "a", "a", "b", "b", "b"],
            "is_old": [0, 0, 1, 0, 1, 1],  # two rows in 2001
            "level": [1.0, 1.0, 1.0, 2.0, 2.0, 2.0],  # measured, not a name
            "row": [1, 2, 3, 4, 5, 6],  # each its own
            "only": ["x"] * 6,
            "tags": [[1], [1], [1], [2], [2], [2]],
        }
    )
    assert list(candidates(table, "year")) == [("shop", 2)]


def test_values_that_are_missing_are_no_series_of_their_own() -> None:
    table = pd.DataFrame({"year": [2001, 2002, 2001, 2002], "shop": ["a", "a", "b", None]})
    assert list(candidates(table, "year")) == [("shop", 2)]
