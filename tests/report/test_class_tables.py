"""The tables of labelled sequences."""

import pandas as pd

from cellsize.report.class_tables import classes, errors, mistakes, on_folds
from cellsize.report.summaries import table
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.class_records import ChampionClassErrors, ClassBaselines
from tests.report.conftest import choice as toy_choice
from tests.sizing.class_examples import errors as errors_of
from tests.sizing.class_examples import evaluation


def test_the_table_of_errors_has_the_model_first_and_the_best_baseline_next() -> None:
    rows = table(errors(evaluation())).splitlines()[2:]
    assert rows[0] == "| this model | **95.0 %** | **0.950** | **0.400** | **0.200** | – |"
    assert rows[1] == "| logistic regression | 90.0 % | 0.900 | 0.500 | 0.250 | 0.050 ± 0.030 |"
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| boosted trees", "| most frequent class"]


def test_a_champion_stands_beside_the_model() -> None:
    champion = ChampionClassErrors(version="4", **errors_of(0.22).model_dump())
    assert "champion before this run (version 4)" in table(errors(evaluation(champion=champion))).splitlines()[3]


def test_each_class_has_its_precision_recall_and_f1() -> None:
    shown = table(classes(evaluation(confusion=((19, 1), (3, 17))))).splitlines()[2:]
    assert shown[0] == "| a | 20 | 95.0 % | 86.4 % | 0.905 |"


def test_a_class_that_is_never_there_nor_said_has_no_figures() -> None:
    shown = table(classes(evaluation(classes=("a", "b", "c"), confusion=((1, 0, 0), (0, 1, 0), (0, 0, 0)))))
    assert shown.splitlines()[-1] == "| c | 0 | – | – | – |"


def test_mistakes_say_what_was_said_and_how_sure_it_was() -> None:
    assert table(mistakes(evaluation())).splitlines()[2] == "| s1 | a | b | 70.0 % | 30.0 % |"


def test_on_the_folds_every_model_has_its_score_and_its_seconds() -> None:
    choice: Choice = toy_choice()
    baselines = ClassBaselines(
        metric="log_loss", all={"majority_class": (1.0, 1.0), "logistic_regression": (0.3, 0.2)},
        accuracy={"majority_class": (0.5, 0.5), "logistic_regression": (0.9, 0.8)}, penalties=(1.0, 1.0),
        boosting_iterations=(3, 4), sureness=(), left_out="not there",
    )  # fmt: skip
    seconds = pd.DataFrame({"baseline": ["logistic_regression"] * 2, "fold": [1, 2], "seconds": [1.25, 0.25]})
    timings = pd.DataFrame({"layers": [choice.layers], "units": [choice.units], "seconds": [41.0]})
    rows = table(on_folds(choice, baselines, seconds, timings)).splitlines()[2:]
    assert rows[0].endswith("| 41 |")
    assert rows[1] == "| logistic regression | 0.250 | 85.0 % | 1.5 |"
    assert rows[2] == "| most frequent class | 1.000 | 50.0 % | – |"
