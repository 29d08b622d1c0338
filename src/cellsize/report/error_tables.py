"""The tables of errors on the holdout: of the model and the others, of subsets, of each series."""

from collections.abc import Mapping

from cellsize.data.names import BOOSTED_TREES, NAIVE, RIDGE_LINEAR, score_name, season_of
from cellsize.params import Metric
from cellsize.report.tables import Row, Table
from cellsize.report.wording import (
    NONE,
    decimals,
    model_name,
    number,
    with_error,
)
from cellsize.sizing.evaluation_records import Errors, Evaluation, Subset, error_of

MOST_SERIES = 20  # rows of the table of series


def errors(models: Mapping[str, Errors], unit: str, metric: Metric) -> Table:
    """Errors of several models on the same windows, the best of each column stressed.

    Args:
        models: Name → errors; the row `model` is ours.
        unit: Unit of MAE and RMSE.
        metric: Which of the normalised errors to show: the one that scores are in.
    """
    measured = [(scores.mae, scores.rmse, scores.mase, error_of(scores, metric)) for scores in models.values()]
    columns: list[tuple[float | None, ...]] = list(zip(*measured, strict=True))
    places = [decimals(column) for column in columns]
    lowest = [min((value for value in column if value is not None), default=None) for column in columns]
    rows = [
        Row(
            cells=(model_name(name), *(number(value, places[at]) for at, value in enumerate(values))),
            strong=frozenset(at + 1 for at, value in enumerate(values) if value == lowest[at] is not None),
            chosen=name == "model",
        )
        for name, values in zip(models, measured, strict=True)
    ]
    of_unit = f", {unit}" if unit else ""
    return Table(("Model", f"MAE{of_unit}", f"RMSE{of_unit}", "MASE", score_name(metric)), tuple(rows))


def subset(content: Subset, unit: str, metric: Metric) -> Table:
    """Errors at the origins of the classical model, and how sure each difference from our model is there."""
    plain, name_of_score = errors(content.models, unit, metric), score_name(metric)
    scored = {name: getattr(scores, name_of_score) for name, scores in content.models.items()}
    ours = scored["model"]
    rows = []
    for name, row in zip(content.models, plain.rows, strict=True):
        difference_se = content.difference_se.get(name)
        difference = NONE if difference_se is None else with_error(scored[name] - ours, difference_se)
        rows.append(Row((*row.cells, difference), row.strong, row.chosen))
    return Table((*plain.head, f"{name_of_score} minus this model's, ± its standard error"), tuple(rows))


def holdout(evaluation: Evaluation, unit: str) -> Table:
    """The model, the baselines and the champion of the registry, on the whole holdout."""
    baselines = evaluation.baselines
    simple = [NAIVE] if NAIVE in baselines else []
    fitted = [name for name in (RIDGE_LINEAR, BOOSTED_TREES) if name in baselines]
    order = [*fitted, *(name for name in baselines if season_of(name) is not None), *simple]
    models: dict[str, Errors] = {"model": evaluation.model, **{name: baselines[name] for name in order}}
    if evaluation.champion:
        models[f"champion before this run (version {evaluation.champion.version})"] = evaluation.champion
    return errors(models, unit, evaluation.metric)


def by_series(evaluation: Evaluation, unit: str) -> Table | None:
    """Errors of each series, the worst first; None if there is one series.

    Args:
        evaluation: Errors on the holdout.
        unit: Unit of the MAE.
    """
    shown = evaluation.by_series[:MOST_SERIES]
    if not shown:
        return None
    of_mae = decimals(entry.mae for entry in shown)
    of_score = decimals(value for entry in shown for value in (entry.score, entry.seasonal_naive))
    rows = [
        Row(
            (
                entry.series,
                number(entry.windows),
                number(entry.mae, of_mae),
                number(entry.score, of_score),
                number(entry.seasonal_naive, of_score),
            ),
            strong=frozenset({3} if entry.score > entry.seasonal_naive else ()),
        )
        for entry in shown
    ]
    name = score_name(evaluation.metric)
    of_unit = f", {unit}" if unit else ""
    return Table(("Series", "Windows", f"MAE{of_unit}", name, f"{name} of seasonal naive"), tuple(rows))
