"""What `init` decides for texts, and that the holdout has no say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from cellsize.tasks import preparing, samples, splitting, windowing
from tests.project.conftest import params, said


def names(rows: int = 100, distinct: int = 80) -> pd.DataFrame:
    """Names of four or five characters; those that end with a vowel are of one class."""
    drawn = [f"{'BDFGKLMN'[n % 8]}{'aeio'[n // 8 % 4]}{'lnrst'[n // 32 % 5]}{'ao'[n % 2]}" for n in range(distinct)]
    table = pd.DataFrame({"name": [drawn[n % distinct] for n in range(rows)]})
    return table.assign(gender=np.where(table["name"].str.endswith("a"), "female", "male"))


def written(folder: Path, table: pd.DataFrame) -> Path:
    table.to_csv(folder / "names.csv", index=False)
    return folder / "names.csv"


def test_a_table_of_texts_is_found_out(tmp_path: Path) -> None:
    found = examine(Asked(written(tmp_path, names())))
    made = params(found)
    assert (made.task, made.choose.metric, made.split.scheme) == ("classify", "log_loss", "stratified")
    assert made.prepare.text is not None
    assert made.prepare.text.model_dump() == {"column": "name", "characters": 13, "case": "lower"}
    assert (made.prepare.series, made.prepare.time, made.prepare.targets) == (None, None, ("gender",))
    assert (made.window.lookback, made.split.duplicates) == (4, "group")
    assert said(found, "task").startswith("task: classify, since 'name' holds 80 different texts in 100 rows,")
    assert said(found, "texts") == (
        "texts: 100, in 'name', of which 80 are different; equal ones stay together (split.duplicates: group)"
    )
    assert said(found, "holdout").startswith("holdout: 20 % of the texts, of each class alike, 20 texts;")


def test_the_first_stages_take_what_init_has_written_and_hold_out_what_it_says(tmp_path: Path) -> None:
    found = examine(Asked(written(tmp_path, names())))
    made = params(found)
    prepare = made.prepare.model_copy(update={"table": str(tmp_path / "names.csv")})
    rows, schema, windows, again = (tmp_path / name for name in ("a.parquet", "b.json", "c.npz", "d.npz"))
    preparing.prepare(made.task, prepare, made.split.holdout_part, rows, schema)
    windowing.window(rows, schema, made.window, made.split, windows, again)
    parts = splitting.split(samples.load(windows), made.split, made.window)[0]
    assert f", {parts.holdout.sum()} texts;" in said(found, "holdout")


def test_nothing_that_a_text_of_the_holdout_says_has_a_say(tmp_path: Path) -> None:
    table = names().assign(part=np.where(np.arange(100) % 5 == 0, "test", "train"))
    other = table.assign(name=table["name"].where(table["part"] == "train", table["name"] + "#€%&" * 9))
    one, two = (params(examine(Asked(written(tmp_path, each)))) for each in (table, other))
    assert one == two
    assert one.split.holdout_part is not None


def test_texts_of_an_author_stay_together_and_other_columns_are_not_read(tmp_path: Path) -> None:
    table = names().assign(author=np.arange(100) // 4, age=np.arange(100) / 3)
    found = examine(Asked(written(tmp_path, table), text="name"))
    assert said(found, "task") == "task: classify, as asked for"
    assert said(found, "group") == "group: texts of one 'author' stay together (25 of them)"
    assert "left out: age (only the text is read)" in found.findings


def test_what_is_wrong_is_one_line_with_its_row(tmp_path: Path) -> None:
    table = names()
    cases = {
        r"line 5, column 'name': missing; leave the row out": ("name", 3, " "),
        r"line 5, column 'gender': missing; fill it in": ("gender", 3, None),
        r"class 'x' has 1 sequences, but holdout, folds and early stopping need 4 of each": ("gender", 3, "x"),
    }
    for message, (column, row, value) in cases.items():
        wrong = table.assign(**{column: table[column].where(table.index != row, value)})
        with pytest.raises(InputError, match=message):
            examine(Asked(written(tmp_path, wrong)))


def test_text_goes_with_classify_alone(tmp_path: Path) -> None:
    path = written(tmp_path, names())
    with pytest.raises(InputError, match="--text is for --task classify; leave one of them out"):
        examine(Asked(path, text="name", task="regress"))
    with pytest.raises(InputError, match="--past is not for texts"):
        examine(Asked(path, text="name", past=("gender",)))
    with pytest.raises(InputError, match="--horizon is for forecasts"):
        examine(Asked(path, text="name", horizon=3))
    with pytest.raises(InputError, match="column 'name': named by --target and again by --text"):
        examine(Asked(path, text="name", targets=("name",)))


def test_a_name_of_a_text_that_is_there_twice_is_refused_in_words_of_init(tmp_path: Path) -> None:
    table = names().assign(key=["a", "a", *(f"k{n}" for n in range(98))])
    with pytest.raises(InputError, match="leave --series out: texts are named by their row"):
        examine(Asked(written(tmp_path, table), text="name", series="key"))


def test_how_the_file_is_written_is_said(tmp_path: Path) -> None:
    names().to_csv(tmp_path / "names.csv", index=False, sep=";")
    assert said(examine(Asked(tmp_path / "names.csv")), "file") == "file: separator ';'"
