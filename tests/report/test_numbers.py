"""The report on sequences with numbers."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.report.numbers import WORST, errors, lines, worst
from cellsize.report.summaries import table
from cellsize.sizing.choice_records import Choice, UndecidedSize
from cellsize.sizing.evaluation_records import Registration
from cellsize.sizing.number_records import NumberDifference, NumberErrors, NumberEvaluation

GOOD = NumberErrors(mse=4, mae=1.5, r2=0.9, nmse=0.1, nmae=0.3, score=0.1)
BAD = NumberErrors(mse=40, mae=5, r2=0, nmse=1, nmae=1, score=1)
EVALUATION = NumberEvaluation(
    task="regress", metric="mse", sequences=3, groups=3, target="y", model=GOOD, twins=(GOOD,),
    differences={"mean": NumberDifference(score=0.9, score_se=0.1)},
    left_out=None, champion=None, comparison=None, champion_not_measured=None, champion_version=None,
    baselines={"mean": BAD, "ridge_linear": GOOD, "boosted_trees": BAD}, coverage={"90": 1.0},
)  # fmt: skip


def test_the_table_of_errors_has_a_row_for_each_model_in_the_unit_of_the_number() -> None:
    shown = table(errors(EVALUATION, "kg")).splitlines()
    assert shown[0].startswith("| Model | MAE (kg) | MSE (kg²) | R² | Normalised MSE | The last minus this model's")
    assert shown[2] == "| this model | **1.5** | **4** | **0.900** | **0.100** | – |"
    assert shown[3].startswith("| ridge regression on summaries |")
    assert shown[5] == "| mean | 5 | 40 | 0.000 | 1.000 | 0.90 ± 0.10 |"


def test_the_sequences_that_are_furthest_off_come_first() -> None:
    count = WORST + 5
    found = pd.DataFrame({
        "sequence": [f"s{number}" for number in range(count)], "true": 1.0,
        "predicted": [1.0 + (-1) ** number * number for number in range(count)],
    })  # fmt: skip
    shown = table(worst(found)).splitlines()
    assert len(shown) == 2 + WORST
    assert shown[2] == "| s14 | 1 | 15 | +14 |"
    assert shown[3] == "| s13 | 1 | -12 | -13 |"


def test_the_last_lines_say_how_sure_it_is_and_what_is_refitted(
    tmp_path: Path, toy_choice: Callable[..., Choice], toy_registration: Registration
) -> None:
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    changes = {"rule": "adequate", "undecided_sizes": open_one, "decided": False}
    toy_choice().model_copy(update=changes).write(tmp_path / "choice.json")
    sure = dict.fromkeys(EVALUATION.baselines, NumberDifference(score=0.9, score_se=0.1))
    EVALUATION.model_copy(update={"differences": sure}).write(tmp_path / "evaluation.json")
    toy_registration.write(tmp_path / "registration.json")
    said = lines("Toy", tmp_path, tmp_path).splitlines()
    assert said[3] == (
        "  adequate      1 × 16 3 %, 1 × 32 91 % (no more than 0.0029 worse than the best); 1 × 32 is refitted"
    )
    assert said[4].startswith("  other sizes   no memory cells 3 %, 1 × 1 3 %")


def test_where_a_baseline_is_better_both_errors_and_times_are_said(
    tmp_path: Path, toy_choice: Callable[..., Choice], toy_registration: Registration
) -> None:
    toy_choice(1, 32).write(tmp_path / "choice.json")
    sure = dict.fromkeys(EVALUATION.baselines, NumberDifference(score=-0.1, score_se=0.02))
    better = EVALUATION.baselines | {"boosted_trees": GOOD.model_copy(update={"score": 0.08})}
    changes = {"differences": sure, "baselines": better}
    EVALUATION.model_copy(update=changes).write(tmp_path / "evaluation.json")
    toy_registration.write(tmp_path / "registration.json")
    sizes = pd.DataFrame({"layers": [1, 0], "units": [32, 0], "seconds": [41.0, 7.0]})
    sizes.to_csv(tmp_path / "timings.csv", index=False)
    seconds = pd.DataFrame({"baseline": ["boosted_trees"] * 2, "fold": [1, 2], "seconds": [1.2, 2.1]})
    seconds.to_csv(tmp_path / "baseline_timings.csv", index=False)
    said = lines("Toy", tmp_path, tmp_path).splitlines()
    assert said[3] == (
        "  but           better on the holdout: boosted trees on summaries, normalised MSE 0.080 against 0.100; on "
        "the folds 3 s against 41 s"
    )
