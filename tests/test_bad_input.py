"""Whatever a user can get wrong ends in one line that says where it is and what to do."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from cellsize import params_file
from cellsize.data import folds, series, table, times, usable, windows
from cellsize.errors import InputError
from cellsize.params_data import Csv, Prepare, Split, Window

Write = Callable[[dict[str, Any]], Path]
Content = Callable[[], dict[str, Any]]
Table = Callable[..., pd.DataFrame]

PLAIN = Csv(
    separator=",", decimal=".", thousands=None, comment=None, encoding="utf-8", units_row=False, total_row=False
)

# What a message may end with: the thing to do.
ADVICE = re.compile(
    r"\b(fix|set|give|save|convert|write|rename|remove|use|name|fill|raise|keep|copy|add|lower|choose|run)\b"
)


def complaint(call: Callable[[], object]) -> str:
    """The one line that a call ends with."""
    with pytest.raises(InputError) as caught:
        call()
    message = str(caught.value)
    assert message == " ".join(message.split()), "more than one line"
    assert not message.startswith(":"), f"names neither file nor key: {message}"
    assert ADVICE.search(message), f"does not say what to do: {message}"
    return message


# --- params.yaml: all sections, all kinds of typo -------------------------------------------------------------------

# Section → (key, value of another type, value out of range).
WRONG: dict[str, tuple[str, Any, Any]] = {
    "mlflow": ("uri", 5, None),
    "prepare": ("gap", "two days", 0),
    "prepare.csv": ("units_row", "no", None),
    "window": ("lookback", "48", 0),
    "split": ("holdout", "a fifth", 1.5),
    "split.early_stopping": ("fraction", "a tenth", 0.9),
    "propose": ("layers", 1.5, 7),
    "propose.network": ("bidirectional", "yes", None),
    "baseline": ("origins", "ten", -24),
    "search": ("procedure", 3, "guess"),
    "search.compute": ("trials", "all", -1),
    "search.training": ("max_gradient_norm", "none", 0.0),
    "choose": ("rule", True, "smallest"),
    "refit": ("seed", "zero", -1),
    "evaluate": ("champion", 1, None),
    "register": ("name", 5, "two words"),
    "report": ("examples", "three", 0),
}


def within(content: dict[str, Any], section: str) -> dict[str, Any]:
    """The part of the content that a dotted name means."""
    for name in section.split("."):
        content = content[name]
    return content


def test_every_section_is_among_those_with_typos(params_content: Content) -> None:
    content = params_content()
    nested = {f"{name}.{key}" for name, part in content.items() if isinstance(part, dict) for key in part
              if isinstance(part[key], dict)}  # fmt: skip
    assert set(WRONG) == {name for name, part in content.items() if isinstance(part, dict)} | nested


@pytest.mark.parametrize("section", WRONG)
def test_an_unknown_key_is_refused_by_its_path(write_params: Write, params_content: Content, section: str) -> None:
    content = params_content()
    within(content, section)["sizze"] = 1
    path = write_params(content)
    assert (
        complaint(lambda: params_file.load(path))
        == f"{path}: {section}.sizze: unknown key; remove it or fix its spelling"
    )


@pytest.mark.parametrize("section", WRONG)
def test_a_missing_key_is_named_by_its_path(write_params: Write, params_content: Content, section: str) -> None:
    content = params_content()
    key = WRONG[section][0]
    del within(content, section)[key]
    path = write_params(content)
    assert complaint(lambda: params_file.load(path)).startswith(f"{path}: {section}.{key}: missing; add it")


@pytest.mark.parametrize("section", WRONG)
def test_a_value_of_another_type_is_refused_with_what_was_found(
    write_params: Write, params_content: Content, section: str
) -> None:
    content = params_content()
    key, value, _ = WRONG[section]
    within(content, section)[key] = value
    path = write_params(content)
    with pytest.raises(InputError) as caught:
        params_file.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {section}.{key}: Input should be ")
    assert message.endswith(f"(found {value!r})")


@pytest.mark.parametrize("section", [section for section, wrong in WRONG.items() if wrong[2] is not None])
def test_a_value_out_of_range_is_refused_with_what_was_found(
    write_params: Write, params_content: Content, section: str
) -> None:
    content = params_content()
    key, _, value = WRONG[section]
    within(content, section)[key] = value
    path = write_params(content)
    with pytest.raises(InputError) as caught:
        params_file.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {section}.{key}: ")
    assert message.endswith(f"(found {value!r})")


@pytest.mark.parametrize("section", [name for name in WRONG if "." not in name])
def test_a_whole_section_that_is_missing_is_named(write_params: Write, params_content: Content, section: str) -> None:
    content = params_content()
    del content[section]
    path = write_params(content)
    assert complaint(lambda: params_file.load(path)).startswith(f"{path}: {section}: missing; add it")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time", 5), ("time", []), ("time", [5]), ("targets", []), ("targets", "y"), ("calendar", ["minute"]),
        ("calendar", ["hour", "hour"]), ("series", "y"), ("known_future_covariates", ["x"]), ("targets", ["y", "y"]),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_meant_are_refused_by_their_key(
    write_params: Write, params_content: Content, key: str, value: object
) -> None:
    # A calendar column made twice, or series told apart by the target, went through to the arrays.
    content = params_content()
    content["prepare"][key] = value
    path = write_params(content)
    with pytest.raises(InputError) as caught:
        params_file.load(path)
    assert re.match(rf"{re.escape(str(path))}: prepare(\.{key}(\.\d+)?)?: ", str(caught.value))


@pytest.mark.parametrize(
    ("section", "changes", "says"),
    [
        ("search.training", {"steps": 95}, "steps: give a multiple of check_every (10 steps)"),
        ("search.training", {"patience": 25}, "patience: give a multiple of check_every (10 steps)"),
        ("search.training", {"rungs": [25]}, "rungs: give multiples of check_every (10 steps)"),
        ("search.training", {"rungs": [20, 110]}, "rungs: give rising numbers of steps, none above steps"),
        ("search.training", {"maximum_steps": 90}, "maximum_steps: give at least steps; steps itself prolongs nothing"),
        ("search.training", {"rungs": []}, "with several settings to try, give at least one step to decide at"),
        ("search.training", {"epochs": 8}, "search.training.epochs"),
        ("search.training", {"schedule": "linear"}, "search.training.schedule"),
        ("propose.network", {"skip": ["joint", "joint"]}, "skip: name each once"),
        ("propose.network", {"head": []}, "propose.network.head"),
        ("propose.network", {"head": "last"}, "propose.network.head"),
    ],
    ids=str,
)
def test_steps_and_settings_that_do_not_fit_together_are_named_with_what_would(
    write_params: Write, params_content: Content, section: str, changes: dict[str, Any], says: str
) -> None:
    content = params_content()
    within(content, section).update(changes)
    path = write_params(content)
    with pytest.raises(InputError) as caught:
        params_file.load(path)
    message = str(caught.value)
    assert message == " ".join(message.split())
    assert message.startswith(f"{path}: ")
    assert says in message


def test_rungs_are_asked_for_where_only_the_architecture_is_tuned(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["search"]["training"] |= {"learning_rates": [0.01], "rungs": []}
    params_file.load(write_params(content))
    content["propose"]["network"]["skip"] = ["none", "joint"]
    assert "search.training.rungs: with several settings" in complaint(lambda: params_file.load(write_params(content)))


def test_an_unknown_section_is_refused(write_params: Write, params_content: Content) -> None:
    path = write_params({**params_content(), "serach": {}})
    assert complaint(lambda: params_file.load(path)) == f"{path}: serach: unknown key; remove it or fix its spelling"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("section", "key", "several"),
    [
        ("search.training", "max_gradient_norm", False),
        ("choose", "margin", False),
        ("search.training", "learning_rates", True),
        ("search.training", "weight_decays", True),
        ("baseline", "penalties", True),
        ("propose", "alpha", True),
    ],
)
def test_a_number_that_is_not_finite_is_refused_wherever_it_stands(
    write_params: Write, params_content: Content, section: str, key: str, several: bool, value: float
) -> None:
    # `.inf` passes every lower bound; in a list it once went through to the optimizer.
    content = params_content()
    within(content, section)[key] = [1.0, value] if several else value
    path = write_params(content)
    with pytest.raises(InputError) as caught:
        params_file.load(path)
    assert str(caught.value).startswith(f"{path}: {section}.{key}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refit: .\nrefit: ..\n", "line 2: found duplicate key"),
        ("refit: .\nwindow: {lookback: 1, lookback: 2}\n", "line 2: found duplicate key"),
        ("refit: [.\n", "line 2: "),
        ("refit: .\n\twindow: 1\n", "line 2: "),
        ("refit: a: b\n", "line 1: mapping values are not allowed here"),
        ("refit: .\n---\nrefit: .\n", "line 2: "),
        ("", ": holds no keys"),
        ("# nothing but a comment\n", ": holds no keys"),
        ("- refit\n- window\n", ": holds no keys"),
        ("just words\n", ": holds no keys"),
    ],
)
def test_what_is_not_a_yaml_mapping_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    message = complaint(lambda: params_file.load(path))
    assert message.startswith(str(path))
    assert expected in message


def test_a_params_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    assert complaint(lambda: params_file.load(path)).startswith(f"{path}: no such file")


def test_a_folder_in_the_place_of_the_params_file_is_named(tmp_path: Path) -> None:
    assert complaint(lambda: params_file.load(tmp_path)).startswith(str(tmp_path))


def test_a_params_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes("report: Zürich\n".encode("latin-1"))
    assert complaint(lambda: params_file.load(path)) == f"{path}: not UTF-8 text; save the file as UTF-8"


def test_a_control_character_in_the_params_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(b"refit: \x00\n")
    assert complaint(lambda: params_file.load(path)).startswith(str(path))


# --- the file with the table ----------------------------------------------------------------------------------------


def test_a_table_that_is_not_there_is_named_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert complaint(lambda: table.read(path, (), PLAIN)) == f"{path}: no such file; set prepare.table in params.yaml"


def test_a_folder_in_the_place_of_the_table_is_named(tmp_path: Path) -> None:
    assert complaint(lambda: table.read(tmp_path, (), PLAIN)).startswith(str(tmp_path))


NOT_TABLES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.csv", b"", "the file is empty"),
    "empty parquet": ("a.parquet", b"", "the file is empty"),
    "header only": ("a.csv", b"when,y\n", "a header and no rows"),
    "blank lines": ("a.csv", b"\n\n", "No columns"),
    "utf-16": ("a.csv", "when,y\n2026-01-01,1\n".encode("utf-16"), "not UTF-8"),
    "a row too long": ("a.csv", b"when,y\n2026-01-01,1\n2026-01-02,1,2\n", "line 3"),
    "all rows too long": ("a.csv", b"when,y\n2026-01-01,1,2\n2026-01-02,1,2\n", "line"),
    "an open quote": ("a.csv", b'when,y\n2026-01-01,"1\n', "row"),
    "a column twice": ("a.csv", b"when,y,y\n2026-01-01,1,2\n", "column 'y' is duplicated"),
    "text as parquet": ("a.parquet", b"when,y\n2026-01-01,1\n", "not a valid Parquet file"),
    "broken parquet": ("a.parquet", b"PAR1" + bytes(50) + b"PAR1", "not a valid Parquet file"),
    "text as gzip": ("a.csv.gz", b"when,y\n2026-01-01,1\n", ""),
    "broken gzip": ("a.csv.gz", gzip.compress(b"when,y\n2026-01-01,1\n" * 50)[:-12], ""),
    "spreadsheet": ("a.xlsx", b"PK", "neither .csv nor .parquet"),
    "no suffix": ("a", b"when,y\n2026-01-01,1\n", "neither .csv nor .parquet"),
}


@pytest.mark.parametrize(("name", "content", "expected"), NOT_TABLES.values(), ids=NOT_TABLES)
def test_a_file_that_holds_no_table_is_refused(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message = complaint(lambda: table.read(path, (), PLAIN))
    assert message.startswith(str(path))
    assert expected in message


@pytest.mark.parametrize(
    "content", ["when,Zürich\n2026-01-01,1\n", "when,y\n2026-01-01,1\n2026-01-02,Zürich\n"], ids=["header", "line 3"]
)
def test_a_byte_in_another_encoding_is_named_by_its_line_or_by_its_place_in_the_file(
    tmp_path: Path, content: str
) -> None:
    # pandas counts from the beginning of the field: "byte 1" for both files.
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode("latin-1"))
    message = complaint(lambda: table.read(path, (), PLAIN))
    assert "not UTF-8" in message
    byte = content.index("ü")
    line = content[:byte].count("\n") + 1
    assert f"byte {byte} " in message or f"line {line}" in message


# --- its columns and rows -------------------------------------------------------------------------------------------


def prepared(path: Path, prepare: Prepare) -> pd.DataFrame:
    """What the stage `prepare` does, without writing."""
    raw = table.read(path, series.texts(prepare), prepare.csv, times.columns_of(prepare))
    return series.clean(raw, path, series.describe(raw, path, prepare))


@pytest.fixture
def refuse(tmp_path: Path, make_prepare: Callable[..., Prepare]) -> Callable[..., str]:
    """Writes a table as CSV, prepares it, and returns the message without the file's name before it."""

    def refused(raw: pd.DataFrame, **prepare: Any) -> str:
        path = tmp_path / "toy.csv"
        raw.to_csv(path, index=False)
        message = complaint(lambda: prepared(path, make_prepare(**prepare)))
        return message.removeprefix(str(path)).removeprefix(", ").removeprefix(": ")

    return refused


Refuse = Callable[..., str]


def test_the_table_of_these_tests_is_accepted_as_it_is(
    tmp_path: Path, make_table: Table, make_prepare: Callable[..., Prepare]
) -> None:
    # Else every complaint below might be about something else.
    path = tmp_path / "toy.csv"
    make_table(places=("a", "b")).to_csv(path, index=False)
    clean = prepared(
        path, make_prepare(series="place", categorical_covariates=["wind"], known_future_covariates=["planned"])
    )
    assert len(clean) == 120


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time", "nope"), ("time", ["year", "nope"]), ("series", "nope"), ("targets", ["nope"]),
        ("past_covariates", ["nope"]), ("categorical_covariates", ["nope"]), ("known_future_covariates", ["nope"]),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there_is_named_with_its_key(
    refuse: Refuse, make_table: Table, key: str, value: Any
) -> None:
    raw = make_table().assign(year=2026)
    message = refuse(raw, **{key: value})
    assert message.startswith(f"no column 'nope'; fix prepare.{key} in params.yaml")
    assert "the table has: when, y, x, wind, planned, year" in message


def change(raw: pd.DataFrame, row: int, column: str, value: Any) -> pd.DataFrame:
    """The table with one cell changed."""
    changed = raw.astype({column: object})
    changed.loc[row, column] = value
    return changed


@pytest.mark.parametrize(
    ("row", "value"), [(0, "soon"), (7, "soon"), (59, "2026-13-01 00:00"), (7, "2026-02-30 00:00"), (3, None), (3, "7")]
)
def test_a_time_that_cannot_be_read_is_named_with_its_line(
    refuse: Refuse, make_table: Table, row: int, value: object
) -> None:
    message = refuse(change(make_table(), row, "when", value))
    assert message.startswith(f"line {row + 2}, column 'when': ")
    if value is None:
        assert message.endswith("the time is missing; fill it in, or remove the row")
    elif row == 0:
        assert message.endswith("units_row: true, if this line holds units; else write times as 2026-01-31 23:00")
    else:
        assert message.endswith("is not a time; write times as 2026-01-31 23:00")


def test_a_number_in_the_place_of_a_time_is_refused(refuse: Refuse, make_table: Table) -> None:
    message = refuse(make_table().assign(when=range(60)))
    assert message.startswith("column 'when': numbers, not times")


def test_a_time_spread_over_columns_is_refused_by_its_line(refuse: Refuse, make_table: Table) -> None:
    hours = pd.date_range("2026-01-01", periods=60, freq="h")
    raw = make_table().assign(year=hours.year, month=hours.month, day=hours.day, hour=hours.hour)
    raw.loc[5, "month"] = 13
    message = refuse(raw, time=["year", "month", "day", "hour"])
    assert message.startswith("line 7, column 'year, month, day, hour': ")


def test_columns_of_the_time_with_other_names_are_refused(refuse: Refuse, make_table: Table) -> None:
    message = refuse(make_table().assign(jahr=2026, tag=1), time=["jahr", "tag"])
    assert message.startswith("column 'jahr, tag': ")
    assert message.endswith("name them year, month, day, hour")


def test_times_of_two_clocks_are_refused(refuse: Refuse, make_table: Table) -> None:
    raw = make_table()
    raw["when"] = [f"{when}:00+0{1 + (row > 29)}:00" for row, when in enumerate(raw["when"])]
    message = refuse(raw)
    assert "when" in message
    assert "year, month, day" not in message, "these columns are not the trouble"


def test_a_duplicated_time_is_named_with_its_line(refuse: Refuse, make_table: Table) -> None:
    raw = make_table()
    message = refuse(pd.concat([raw, raw.iloc[[4]]]))
    assert message.startswith("line 62: 2026-01-01 04:00:00 is duplicated in series 'all'")


def test_a_time_may_occur_once_in_each_series_and_not_twice(refuse: Refuse, make_table: Table) -> None:
    raw = make_table(places=("a", "b"))
    message = refuse(pd.concat([raw, raw.iloc[[64]]]), series="place")
    assert message.startswith("line 122: 2026-01-01 04:00:00 is duplicated in series 'b'")


def test_two_series_without_a_column_for_them_are_refused(refuse: Refuse, make_table: Table) -> None:
    message = refuse(make_table(places=("a", "b")))
    assert message.startswith("line 62: ")
    assert message.endswith("name the column that tells series apart under prepare.series")


def test_hourly_then_half_hourly_is_refused(refuse: Refuse, make_table: Table) -> None:
    hourly, half = make_table(rows=30), make_table(rows=30, frequency="30min")
    half["when"] = pd.date_range("2026-01-02 06:00", periods=30, freq="30min").strftime("%Y-%m-%d %H:%M")
    message = refuse(pd.concat([hourly, half]))
    assert message.startswith("line 33: 2026-01-02 06:30:00 is not a whole number of steps of 'h'")


def test_hourly_then_two_hourly_is_refused(refuse: Refuse, make_table: Table) -> None:
    hourly, slower = make_table(rows=60), make_table(rows=30)
    slower["when"] = pd.date_range("2026-01-03 12:00", periods=30, freq="2h").strftime("%Y-%m-%d %H:%M")
    message = refuse(pd.concat([hourly, slower]))
    assert "prepare.frequency" in message


def test_one_hourly_and_one_two_hourly_series_are_refused(refuse: Refuse, make_table: Table) -> None:
    raw = pd.concat([make_table(rows=60, places=("a",)), make_table(rows=30, places=("b",), frequency="2h")])
    assert refuse(raw, series="place").startswith("series 'b' steps by 2 × 'h' in 29 of 30 rows; set prepare.frequency")


def test_hours_taken_for_half_hours_are_refused(refuse: Refuse, make_table: Table) -> None:
    assert "set prepare.frequency" in refuse(make_table(), frequency="30min")


@pytest.mark.parametrize("key", ["targets", "past_covariates", "known_future_covariates"])
def test_a_text_in_a_column_of_numbers_is_named_with_its_line(refuse: Refuse, make_table: Table, key: str) -> None:
    message = refuse(change(make_table(), 11, "planned", "n/k"), **{key: ["planned"]})
    assert message.startswith("line 13, column 'planned': 'n/k' is not a number; ")


def test_blank_lines_do_not_change_the_line_that_is_named(tmp_path: Path, make_prepare: Callable[..., Prepare]) -> None:
    path = tmp_path / "toy.csv"
    path.write_text("when,y,x\n\n2026-01-01 00:00,1,1\n\n\n2026-01-01 01:00,2,n/k\n")
    assert complaint(lambda: prepared(path, make_prepare())).startswith(f"{path}, line 6, column 'x': ")


@pytest.mark.parametrize("key", ["targets", "past_covariates", "known_future_covariates"])
def test_times_in_a_column_of_numbers_are_refused(
    tmp_path: Path, make_table: Table, make_prepare: Callable[..., Prepare], key: str
) -> None:
    # They became nanoseconds since 1970.
    path = tmp_path / "toy.parquet"
    make_table().assign(planned=pd.date_range("2026-01-01", periods=60, freq="h")).to_parquet(path)
    assert "column 'planned'" in complaint(lambda: prepared(path, make_prepare(**{key: ["planned"]})))


@pytest.mark.parametrize("key", ["targets", "past_covariates", "known_future_covariates"])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_is_named_with_its_line(refuse: Refuse, make_table: Table, key: str, value: float) -> None:
    message = refuse(change(make_table(), 11, "planned", value), **{key: ["planned"]})
    assert message == "line 13, column 'planned': infinite; fix it or leave it empty"


@pytest.mark.parametrize("key", ["targets", "past_covariates", "known_future_covariates"])
@pytest.mark.parametrize("value", [1e300, -1e38])
def test_a_value_too_large_for_a_network_is_named_with_its_line(
    refuse: Refuse, make_table: Table, key: str, value: float
) -> None:
    message = refuse(change(make_table(), 11, "planned", value), **{key: ["planned"]})
    assert message == (
        f"line 13, column 'planned': {value:g} is beyond ±9e+36, and would become infinite in a network; fix it, leave "
        "it empty, or give the column in a larger unit"
    )


@pytest.mark.parametrize("key", ["targets", "past_covariates", "known_future_covariates"])
def test_a_column_without_any_value_is_named(refuse: Refuse, make_table: Table, key: str) -> None:
    message = refuse(make_table().assign(planned=np.nan), **{key: ["planned"]})
    assert message == "column 'planned': every value is missing; remove it from params.yaml"


def test_a_target_that_never_changes_is_refused(refuse: Refuse, make_table: Table) -> None:
    raw = make_table().assign(y=3.0)
    raw.loc[5, "y"] = np.nan
    assert refuse(raw).startswith("column 'y': the target never changes")


def test_a_known_future_value_that_is_missing_is_named_with_its_line(refuse: Refuse, make_table: Table) -> None:
    message = refuse(change(make_table(), 21, "planned", None), known_future_covariates=["planned"])
    assert message == "line 23, column 'planned': missing, but declared as known in future; fill it in"


def test_a_row_without_a_series_is_named_with_its_line(refuse: Refuse, make_table: Table) -> None:
    message = refuse(change(make_table(places=("a", "b")), 70, "place", None), series="place")
    assert message == "line 72, column 'place': no series named; fill it in"


@pytest.mark.parametrize("levels", [1, 51])
def test_a_categorical_covariate_of_one_level_or_of_too_many_is_refused(
    refuse: Refuse, make_table: Table, levels: int
) -> None:
    raw = make_table().assign(wind=[f"w{row % levels}" for row in range(60)])
    assert refuse(raw, categorical_covariates=["wind"]).startswith(
        f"column 'wind': {levels} levels; a categorical covariate has 2 to 50"
    )


def test_a_gap_beyond_the_limit_is_named_with_its_line(refuse: Refuse, make_table: Table) -> None:
    message = refuse(make_table().drop(index=range(10, 16)), gap=5)
    assert message.startswith(
        "line 12: 6 steps are missing before 2026-01-01 16:00:00 (series 'all'), more than prepare.gap"
    )


def test_a_gap_as_long_as_the_limit_is_accepted(
    tmp_path: Path, make_table: Table, make_prepare: Callable[..., Prepare]
) -> None:
    path = tmp_path / "toy.csv"
    make_table().drop(index=range(10, 16)).to_csv(path, index=False)
    assert len(prepared(path, make_prepare(gap=6))) == 60


@pytest.mark.parametrize("frequency", ["hourly", "M", "Y", "", " ", "0h", "-1h", "nan", "60", "1"])
def test_a_frequency_that_is_no_step_is_refused(refuse: Refuse, make_table: Table, frequency: str) -> None:
    assert refuse(make_table(), frequency=frequency).startswith(f"prepare.frequency: {frequency!r} ")


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "", "America", "../etc", "UTC+25", "Europe/Berlin/"])
def test_a_timezone_that_does_not_exist_is_refused(refuse: Refuse, make_table: Table, timezone: str) -> None:
    message = refuse(make_table(), timezone=timezone)
    assert message.startswith(
        f"prepare.timezone: {timezone!r} is unknown; use Area/City, such as Europe/Berlin, an offset"
    )


@pytest.mark.parametrize("name", ["series", "time", "hour_sin", "x_missing"])
def test_a_column_whose_name_a_clean_series_needs_is_refused(refuse: Refuse, make_table: Table, name: str) -> None:
    # A covariate called `series` once split the table into one series for each of its values.
    raw = change(make_table(), 3, "x", None).rename(columns={"planned": name})
    assert f"column {name!r}" in refuse(raw, past_covariates=["x", name])


# --- windows and folds ----------------------------------------------------------------------------------------------


@pytest.fixture
def build(
    tmp_path: Path, make_table: Table, make_prepare: Callable[..., Prepare], make_window: Callable[..., Window]
) -> Callable[..., windows.Windows]:
    """From a raw table to windows."""

    def built(raw: pd.DataFrame, prepare: dict[str, Any] | None = None, **window: Any) -> windows.Windows:
        path = tmp_path / "toy.csv"
        schema = series.describe(raw, path, make_prepare(**(prepare or {})))
        return usable.build(series.clean(raw, path, schema), schema, make_window(**window), path)

    return built


Build = Callable[..., windows.Windows]


def test_series_shorter_than_one_window_are_refused(build: Build, make_table: Table) -> None:
    raw = pd.concat([make_table(rows=9, places=("a",)), make_table(rows=7, places=("b",))])
    message = complaint(lambda: build(raw, {"series": "place"}, lookback=8, horizon=2))
    assert "series 'a': 9 rows, but a window needs 10 (window.lookback + window.horizon)" in message
    assert "toy.csv" in message


def test_a_table_without_one_whole_window_is_refused(build: Build, make_table: Table) -> None:
    raw = make_table()
    raw.loc[::4, "y"] = np.nan
    message = complaint(lambda: build(raw))
    assert "no window of 5 steps has every value it needs" in message
    assert len(build(raw, fill=1, observed=0.5).first)
    assert "toy.csv" in message


@pytest.mark.parametrize("transform", ["log1p", "sqrt"])
def test_a_negative_target_is_named_with_its_time_if_it_must_be_transformed(
    build: Build, make_table: Table, transform: str
) -> None:
    message = complaint(lambda: build(change(make_table(), 4, "y", -0.5).astype({"y": float}), transform=transform))
    assert message.startswith("column 'y', 2026-01-01 04:00:00: -0.5 is negative") or "toy.csv" in message
    assert "2026-01-01 04:00:00" in message
    assert message.endswith("set window.transform: none")


@pytest.mark.parametrize("scheme", ["contiguous", "expanding", "sliding"])
@pytest.mark.parametrize("number", [4, 100])
def test_fewer_windows_than_the_folds_need_are_refused(
    build: Build, make_table: Table, make_split: Callable[..., Split], scheme: str, number: int
) -> None:
    arrays = build(make_table(rows=40), lookback=5, horizon=5)
    message = complaint(lambda: folds.split(arrays, make_split(scheme=scheme, folds=number)))
    assert message.startswith(f"split.folds: {number} folds ")


@pytest.mark.parametrize("scheme", ["groups", "shuffled"])
def test_fewer_series_than_the_folds_need_are_refused(
    build: Build, make_table: Table, make_split: Callable[..., Split], scheme: str
) -> None:
    arrays = build(make_table(places=("a", "b", "c")), {"series": "place"})
    message = complaint(lambda: folds.split(arrays, make_split(scheme=scheme, folds=3, holdout=0.3)))
    assert message.startswith("split.folds: 3 folds by series need at least 4 series, found ")


@pytest.mark.parametrize("scheme", ["contiguous", "groups", "shuffled"])
def test_a_holdout_without_a_whole_window_is_refused(
    build: Build, make_table: Table, make_split: Callable[..., Split], scheme: str
) -> None:
    arrays = build(make_table(places=("a", "b", "c", "d")), {"series": "place"})
    message = complaint(lambda: folds.split(arrays, make_split(scheme=scheme, folds=2, holdout=0.05)))
    assert message.startswith("split.holdout: 0.05 of the data holds no whole window")


def test_the_last_part_of_independent_sequences_is_refused(make_split: Callable[..., Split]) -> None:
    with pytest.raises(ValidationError, match="holdout_of: series needs series in time, and shuffled ones have none"):
        make_split(scheme="shuffled", holdout_of="series")


@pytest.mark.parametrize("scheme", ["groups", "shuffled"])
def test_a_scale_of_each_series_is_refused_where_others_validate(
    build: Build, make_table: Table, make_split: Callable[..., Split], scheme: str
) -> None:
    arrays = build(make_table(places=("a", "b", "c", "d")), {"series": "place"}, scale="series")
    message = complaint(lambda: folds.split(arrays, make_split(scheme=scheme, holdout=0.3)))
    assert message.startswith(
        f"window.scale: series scales each series by its own training rows, and split.scheme: {scheme}"
    )
    assert "set window.scale: global and window.normalise: standard" in message


def test_a_set_without_any_value_of_a_target_is_refused(
    build: Build, make_table: Table, make_split: Callable[..., Split]
) -> None:
    raw = make_table(rows=120).assign(z=np.arange(120.0))
    raw.loc[(raw.index >= 80) & (raw.index % 5 > 0), "z"] = np.nan  # windows of five begin in every fifth row
    arrays = build(raw, {"targets": ["y", "z"]}, observed=0.5, fill=5)
    message = complaint(lambda: folds.split(arrays, make_split()))
    assert message.startswith("window.observed: there is a holdout in which no value of 'z' was observed; set ")
