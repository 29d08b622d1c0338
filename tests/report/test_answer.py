"""The answer in a few lines, from what the stages wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from cellsize.errors import InputError
from cellsize.report import answer


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    size = {"layers": 1, "units": 8, "score": 0.25}
    others = {"best": {**size, "units": 16, "score": 0.2}, "zero_cells": {"layers": 0, "units": 0, "score": 0.5}}
    write(
        tmp_path, "choice", {**size, **others, "parameters": 1_234, "recurrent": 567, "caution": "", "at_least": False}
    )
    baselines = {"naive": {"nmse": 0.9}, "ridge_linear": {"nmse": 0.4}}
    write(tmp_path, "evaluation", {"model": {"nmse": 0.3}, "baselines": baselines})
    record = {"name": "toy", "version": "3", "alias": "champion", "promoted": True, "reason": "better"}
    write(tmp_path, "registration", record)
    return tmp_path


def write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def change(folder: Path, name: str, **values: Any) -> None:
    write(folder, name, {**json.loads((folder / f"{name}.json").read_text(encoding="utf-8")), **values})


def test_the_answer_says_size_scores_holdout_version_and_report(reports: Path) -> None:
    assert answer.lines("Toy", reports).splitlines() == [
        "",
        "Toy: 1 layer of 8 memory cells.",
        "  parameters    1,234, of them 567 recurrent",
        "  score         0.2500 (MSE in variances, cross-validated); best 0.2000 with 1 layer of 16 memory cells; "
        "without memory cells 0.5000",
        "  holdout       0.3000; best baseline ridge_linear 0.4000",
        "  registered    models:/toy/3 (champion)",
        f"  report        {reports / 'index.html'}",
    ]


def test_what_limits_the_answer_is_part_of_it(reports: Path) -> None:
    change(reports, "choice", caution="A larger one may be better still.", at_least=True)
    change(reports, "registration", promoted=False)
    told = answer.lines("Toy", reports).splitlines()
    assert told[1].startswith("Toy: at least ")
    assert "  note          A larger one may be better still." in told
    assert "  registered    models:/toy/3 (not promoted: better)" in told


def test_a_result_that_is_missing_is_named(reports: Path) -> None:
    (reports / "evaluation.json").unlink()
    with pytest.raises(InputError, match=r"evaluation\.json: not there; run dvc repro"):
        answer.lines("Toy", reports)
