"""What `init` decides for labelled sequences, and that the holdout has no say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.project.asked import Asked
from cellsize.project.examine import Examined, examine
from tests.project.conftest import params, said


def waves(count: int = 60, part: bool = False) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    parts = [
        pd.DataFrame({"name": f"s{number}", "step": np.arange(steps), "kind": "ab"[number % 2]}).assign(
            x=draw.normal(number % 2, 1, steps).round(3), part="test" if number >= count * 0.7 else "train"
        )
        for number, steps in enumerate(draw.integers(3, 9, count))
    ]
    table = pd.concat(parts, ignore_index=True)
    return table if part else table.drop(columns="part")


def written(folder: Path, table: pd.DataFrame) -> Path:
    table.to_csv(folder / "waves.csv", index=False)
    return folder / "waves.csv"


def test_a_long_table_is_found_out(tmp_path: Path) -> None:
    table = waves()
    found = examine(Asked(written(tmp_path, table)))
    made = params(found)
    assert made.task == "classify"
    assert (made.prepare.series, made.prepare.time, made.prepare.targets) == ("name", "step", ("kind",))
    assert (made.prepare.past_covariates, made.split.folds, made.split.holdout_part) == (("x",), 5, None)
    assert made.window.lookback <= table.groupby("name").size().max()
    assert made.search.training.batch_size == 16
    assert (made.register_.name, made.report.unit, made.register_.blocks) == ("waves", "kind", 10)
    assert said(found, "register.blocks").startswith(
        "register.blocks: 10, since the holdout has 12 groups of sequences:"
    )
    assert said(found, "task").startswith("task: classify, since 'kind' is the same in all rows of each 'name'")
    assert said(found, "holdout").startswith("holdout: 20 % of the sequences, of each class alike, 12 sequences;")


def test_nothing_of_the_holdout_has_a_say(tmp_path: Path) -> None:
    table = waves(part=True)
    held = table["part"] == "test"
    other = table.assign(x=np.where(held, 1e6, table["x"]))

    def decided(rows: pd.DataFrame) -> Examined:
        return examine(Asked(written(tmp_path, rows)))

    assert decided(table) == decided(other)
    assert params(decided(table)).split.holdout_part is not None


def test_with_few_sequences_there_are_fewer_folds_and_with_too_few_none(tmp_path: Path) -> None:
    table = waves(12)
    made = params(examine(Asked(written(tmp_path, table))))
    assert made.split.folds < 5
    few = table[~((table["kind"] == "b") & (table.groupby("kind")["name"].transform(lambda n: pd.factorize(n)[0]) > 1))]
    with pytest.raises(InputError, match="class 'b' has 2 sequences, but holdout, folds and early stopping need 4 of"):
        examine(Asked(written(tmp_path, few)))


def test_sequences_of_a_person_stay_together_and_it_is_said(tmp_path: Path) -> None:
    table = waves(60)
    table["person"] = "p" + (table["name"].str[1:].astype(int) // 3).astype(str)
    found = examine(Asked(written(tmp_path, table)))
    assert params(found).prepare.group == "person"
    assert said(found, "group") == "group: sequences of one 'person' stay together (20 of them)"


def test_of_very_long_sequences_the_last_steps_are_read(tmp_path: Path) -> None:
    rows = [(f"s{n}", step, "ab"[n % 2], n * step % 11) for n in range(10) for step in range(501)]
    table = pd.DataFrame(rows, columns=["name", "step", "kind", "x"])
    found = examine(Asked(written(tmp_path, table)))
    assert params(found).window.lookback == 500
    assert said(found, "steps") == "steps: 500 to 500; of longer sequences the last 500 are read, --lookback takes more"
    assert params(examine(Asked(written(tmp_path, table), lookback=600))).window.lookback == 600


def test_a_label_that_is_missing_in_a_row_is_refused_with_its_row(tmp_path: Path) -> None:
    table = waves()
    table["kind"] = table["kind"].where(table.index != 3)
    with pytest.raises(InputError, match=r"waves\.csv, line 5, column 'kind': missing; fill it in"):
        examine(Asked(written(tmp_path, table)))
