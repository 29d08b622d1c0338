"""What is evaluated, by task."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cellsize.data.folds import save_labels
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.evaluation.by_task import AnyChampion, evaluate
from cellsize.evaluation.rivals import Champion
from cellsize.models.class_baselines import score_folds
from cellsize.models.forecaster import Forecaster
from cellsize.models.twins import save
from cellsize.params import Params
from cellsize.params_data import Window
from cellsize.progress import unsaid
from cellsize.sizing.any_evaluation import AnyEvaluation
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_sequences import twins


def test_labelled_sequences_are_judged_without_a_champion_and_a_forecast_is_none_of_theirs(
    make_class_work: Callable[..., Work], sequence_schema: SequenceSchema, make_window: Callable[..., Window],
    params_content: Callable[..., dict[str, object]], make_model: Callable[..., Forecaster],
    make_table: Callable[..., pd.DataFrame], tmp_path: Path,
) -> None:  # fmt: skip
    work, params = make_class_work(), Params.model_validate(params_content())
    recipe = Recipe(
        layers=0, units=0, learning_rate=0.0, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=0,
        penalty=1.0,
    )  # fmt: skip
    save(twins(work, recipe, sequence_schema, make_window(horizon=1), 3), tmp_path / "twins")
    work.samples.save(tmp_path / "windows.npz")
    pd.DataFrame(save_labels(work.folds)).to_parquet(tmp_path / "folds.parquet")

    recipe.write(tmp_path / "recipe.json")
    assert isinstance(work.samples, Sequences)
    score_folds(work.samples, work.folds, params.baseline, "log_loss")[0].write(tmp_path / "baselines.json")

    def judged(champion: AnyChampion) -> tuple[AnyEvaluation, pd.DataFrame, str]:
        return evaluate(
            tmp_path / "windows.npz", tmp_path / "folds.parquet", tmp_path / "recipe.json", tmp_path / "twins",
            tmp_path / "baselines.json", lambda: champion, params.search, params.baseline, "log_loss",
            params.register_, params.refit, unsaid,
        )  # fmt: skip

    with pytest.raises(InputError, match=r"register\.name: the champion of 'toy' is a model of another task"):
        judged(Champion("4", make_model(make_table()), None, (), None))
    found, table, said = judged(None)
    assert isinstance(found, ClassEvaluation)
    assert len(found.twins) == 1  # without memory cells seeds change nothing
    assert len(table) == found.sequences
    assert said.startswith("accuracy")
