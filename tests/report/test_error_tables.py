"""Tables of errors on the holdout."""

from collections.abc import Callable

from cellsize.report import error_tables
from cellsize.report.tables import Table
from cellsize.sizing.evaluation_records import Evaluation, SeriesErrors


def rows(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def test_the_holdout_table_has_the_model_first_and_the_champion_last(toy_evaluation: Callable[..., Evaluation]) -> None:
    table = error_tables.holdout(toy_evaluation(), "MW")
    assert table.head == ("Model", "MAE, MW", "RMSE, MW", "MASE", "nmse")
    assert rows(table) == [
        ("this model", "0.01170", "0.02410", "0.7100", "0.3100"),
        ("ridge-linear", "0.01322", "0.02723", "0.8023", "0.3958"),
        ("boosted trees", "0.01229", "0.02531", "0.7455", "0.3418"),
        ("seasonal naive, 24 steps", "0.01638", "0.03374", "0.9940", "0.6076"),
        ("naive", "0.02457", "0.05061", "1.4910", "1.3671"),
        ("champion before this run (version 3)", "0.01214", "0.02502", "0.7370", "0.3340"),
    ]
    assert [row.chosen for row in table.rows] == [True, False, False, False, False, False]


def test_the_best_of_each_column_is_stressed(toy_evaluation: Callable[..., Evaluation]) -> None:
    worse = toy_evaluation(nmse=0.5, trees=1.2)
    table = error_tables.holdout(worse.model_copy(update={"champion": None}), "MW")
    assert [sorted(row.strong) for row in table.rows] == [[1, 2, 3], [4], [], [], []]


def test_errors_at_the_origins_of_a_classical_model_say_how_sure_the_difference_is(
    toy_evaluation: Callable[..., Evaluation],
) -> None:
    content = toy_evaluation().subset
    assert content is not None
    table = error_tables.subset(content, "MW", "mse")
    assert table.head[-1] == "nmse minus this model's, ± its standard error"
    assert {row.cells[0]: row.cells[-1] for row in table.rows} == {
        "this model": "–", "naive": "0.92 ± 0.20", "AutoETS": "0.201 ± 0.030"
    }  # fmt: skip


def test_without_a_unit_the_heads_have_none(toy_evaluation: Callable[..., Evaluation]) -> None:
    assert error_tables.holdout(toy_evaluation(), "").head == ("Model", "MAE", "RMSE", "MASE", "nmse")


def test_an_error_that_is_not_defined_is_a_dash_and_never_the_best(toy_evaluation: Callable[..., Evaluation]) -> None:
    evaluation = toy_evaluation()
    undefined = {name: scores.model_copy(update={"mase": None}) for name, scores in evaluation.baselines.items()}
    table = error_tables.errors(undefined, "MW", "mse")
    assert {row.cells[3] for row in table.rows} == {"–"}
    assert not any(3 in row.strong for row in table.rows)


def test_at_most_twenty_series_are_listed_and_those_worse_than_seasonal_naive_are_bold(
    toy_evaluation: Callable[..., Evaluation],
) -> None:
    errors = tuple(
        SeriesErrors(series=f"s{index}", windows=40, mae=2.0, score=0.9 - index / 100, seasonal_naive=0.85)
        for index in range(30)
    )
    content = error_tables.by_series(toy_evaluation().model_copy(update={"by_series": errors}), "kW")
    assert content is not None
    assert content.head == ("Series", "Windows", "MAE, kW", "nmse", "nmse of seasonal naive")
    assert len(content.rows) == 20
    assert content.rows[0].cells == ("s0", "40", "2.000", "0.9000", "0.8500")
    assert [bool(row.strong) for row in content.rows[:7]] == [True] * 5 + [False] * 2
    assert error_tables.by_series(toy_evaluation(), "kW") is None
