"""The command, as somebody types it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import cellsize
from cellsize import cli
from cellsize.project import retrain as retraining
from cellsize.project import runner

Here = Callable[..., Path]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """A folder with the table sales.csv, in which commands are typed."""

    def make(rows: int = 400, separator: str = ",", **columns: object) -> Path:
        hours = np.arange(rows)
        load = 50 + 5 * np.sin(2 * np.pi * hours / 12) + np.random.default_rng(3).normal(0, 0.3, rows)
        when = pd.date_range("2026-01-01", periods=rows, freq="h").strftime("%Y-%m-%d %H:%M")
        table = pd.DataFrame({"when": when, "load": load.round(3), **columns})
        table.to_csv(tmp_path / "sales.csv", index=False, sep=separator)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return make


def typed(*words: str, answers: str | None = None) -> tuple[int, str, str]:
    """Status, output and errors of a command."""
    ran = CliRunner().invoke(cli.app, list(words), input=answers)
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.stdout, ran.stderr


def test_help_says_what_to_type_next() -> None:
    status, said, _ = typed("--help")
    assert status == 0
    assert all(word in said for word in ("init", "run", "answer", "plan", "--install-completion", "cellsize init"))
    for command in ("init", "run", "answer", "plan", "retrain"):
        assert typed(command, "--help")[0] == 0


def test_the_version_is_said() -> None:
    assert typed("--version") == (0, f"{cellsize.__version__}\n", "")


def test_init_says_what_it_found_and_why_and_what_to_type_next(here: Here) -> None:
    folder = here()
    status, said, errors = typed("init", "sales.csv")
    assert (status, errors) == (0, "")
    assert "seasons: 12 steps, from the autocorrelation before the holdout" in said
    assert said.rstrip().endswith("then: cellsize run")
    assert (folder / "params.yaml").is_file()
    assert runner.check(folder)[1] == "prepare"


def test_a_second_init_changes_nothing_and_says_what_to_do(here: Here) -> None:
    folder = here()
    (folder / "params.yaml").write_text("mine\n")
    status, said, errors = typed("init", "sales.csv")
    assert (status, said) == (1, "")
    assert errors.startswith("error: params.yaml: exists and is left as it is;")
    assert errors.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == ["params.yaml", "sales.csv"]


def test_init_into_another_folder_names_it(here: Here) -> None:
    folder = here()
    status, said, _ = typed("init", "sales.csv", "--into", "my project")
    assert status == 0
    assert said.rstrip().endswith('cellsize run "my project"')
    assert "table: ../sales.csv" in (folder / "my project/params.yaml").read_text()


def test_several_columns_of_numbers_are_an_error_where_nobody_can_be_asked(here: Here) -> None:
    folder = here(price=np.cos(np.arange(400)).round(3))
    status, said, errors = typed("init", "sales.csv")
    assert (status, said) == (1, "")
    assert errors == (
        "error: sales.csv: 2 columns hold numbers; name the one to forecast: --target load, --target price\n"
    )
    assert [path.name for path in folder.iterdir()] == ["sales.csv"]
    assert typed("init", "sales.csv", "--target", "price")[0] == 0
    assert "targets: [price]" in (folder / "params.yaml").read_text()


def test_at_a_terminal_the_target_is_asked_for_until_it_is_a_column(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = here(price=np.cos(np.arange(400)).round(3))
    monkeypatch.setattr(cli, "_is_terminal", lambda: True)
    status, said, _ = typed("init", "sales.csv", answers="prize\nprice, load\n")
    assert status == 0
    assert "Columns of numbers: load, price" in said
    assert "No such column: prize" in said
    assert "targets: [price, load]" in (folder / "params.yaml").read_text()


def test_with_yes_nothing_is_asked(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here(price=np.cos(np.arange(400)).round(3))
    monkeypatch.setattr(cli, "_is_terminal", lambda: True)
    assert typed("init", "sales.csv", "--yes")[0] == 1


@pytest.mark.parametrize("command", ["run", "answer", "plan", "retrain"])
def test_a_folder_that_is_no_project_is_said_in_one_line(here: Here, command: str) -> None:
    here()
    status, said, errors = typed(command)
    assert (status, said) == (1, "")
    assert errors == "error: params.yaml: no such file; make a project with cellsize init TABLE --into .\n"


def test_the_exit_status_of_retrain_is_what_it_came_to(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here()
    monkeypatch.setattr(retraining, "retrain", lambda folder, *, full, say: (say(f"{folder} {full}"), 11)[1])
    assert typed("retrain", "models/a", "--full") == (11, "models/a True\n", "")


def test_after_ctrl_c_a_whole_sizing_resumes_as_one(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise runner.Interrupted

    here()
    monkeypatch.setattr(retraining, "retrain", interrupted)
    for words, resume in ((["retrain", "a"], "cellsize retrain a\n"), (["retrain", "--full"], "retrain --full\n")):
        assert typed(*words)[2].endswith(resume)


@pytest.mark.parametrize("raised", [KeyboardInterrupt, runner.Interrupted])
def test_after_ctrl_c_is_said_how_to_resume(
    here: Here, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    def interrupted(*_: object) -> None:
        raise raised

    here()
    monkeypatch.setattr(runner, "run", interrupted)
    status, _, errors = typed("run", "my project")
    assert status == 130
    assert errors == 'interrupted; what is finished is kept, and this resumes there: cellsize run "my project"\n'


def test_ctrl_d_at_the_question_writes_nothing(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = here(price=np.cos(np.arange(400)).round(3))
    monkeypatch.setattr(cli, "_is_terminal", lambda: True)
    status, _, errors = typed("init", "sales.csv", answers="")
    assert (status, errors.strip()) == (130, "interrupted; nothing was written")
    assert [path.name for path in folder.iterdir()] == ["sales.csv"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--target load --target load", "column 'load': named by --target and again by --target"),
        ("--target load --future load", "column 'load': named by --target and again by --future"),
        ("--target load --future price --past price", "'price': named by --past and again by --future"),
        ("--series load --target load", "column 'load': named by --series and again by --target"),
        ("--series shop --series load", "--series: 'shop' and 'load'; one column tells series apart"),
        ("--target shop", "column 'shop': 'a' is not a number"),
        ("--target nope", "no column 'nope'; fix --target (the table has"),
        ("--target load --past when", "column 'when': the time, and so no covariate; leave it out of --past"),
        ("--target load --past nope", "no column 'nope'; fix --past"),
    ],
)
def test_options_that_contradict_each_other_are_refused_in_one_line(here: Here, words: str, expected: str) -> None:
    folder = here(price=np.cos(np.arange(400)).round(3), shop="a")
    status, said, errors = typed("init", "sales.csv", *words.split())
    assert (status, said, errors.count("\n")) == (1, "", 1)
    assert expected in errors
    assert "params.yaml" not in errors
    assert [path.name for path in folder.iterdir()] == ["sales.csv"]


def test_a_folder_in_place_of_a_table_and_a_table_in_place_of_a_folder_are_said(here: Here) -> None:
    here()
    assert typed("init", "", "--into", "p")[2] == "error: .: a folder; name a table in CSV or Parquet\n"
    assert typed("run", "sales.csv")[2].endswith("make one of this table: cellsize init sales.csv\n")


def test_there_is_no_answer_before_a_run(here: Here) -> None:
    here()
    assert typed("init", "sales.csv")[0] == 0
    assert typed("answer")[2] == "error: reports/choice.json: no such file, since there is no run yet: cellsize run\n"


@pytest.mark.parametrize(
    "words",
    [["models", "toy"], ["promote", "toy", "1", "--why", "x"], ["rollback", "toy", "--why", "x"],
     ["reproduce", "toy", "1"]],
)  # fmt: skip
def test_a_command_of_the_registry_says_in_one_line_that_none_is_named(
    here: Here, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    here()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    status, said, error = typed(*words)
    assert (status, said) == (1, "")
    assert error.startswith("error: no registry is named, and neither params.yaml nor mlflow.db is here: set MLFLOW_")
    assert error.count("\n") == 1
