"""What is evaluated, by task."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cellsize.data.folds import save_labels
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.evaluation.by_task import evaluate
from cellsize.models.twins import save
from cellsize.params import Params
from cellsize.params_data import Window
from cellsize.progress import unsaid
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.recipe import Recipe
from cellsize.training.records import Work
from cellsize.training.refit_sequences import twins


def test_labelled_sequences_need_no_champion(
    make_class_work: Callable[..., Work], sequence_schema: SequenceSchema, make_window: Callable[..., Window],
    params_content: Callable[..., dict[str, object]], tmp_path: Path,
) -> None:  # fmt: skip
    work, params = make_class_work(), Params.model_validate(params_content())
    recipe = Recipe(
        layers=0, units=0, learning_rate=0.0, dropout=0.0, weight_decay=0.0, skip="none", head="plain", steps=0,
        penalty=1.0,
    )  # fmt: skip
    save(twins(work, recipe, sequence_schema, make_window(horizon=1), 3), tmp_path / "twins")
    work.samples.save(tmp_path / "windows.npz")
    pd.DataFrame(save_labels(work.folds)).to_parquet(tmp_path / "folds.parquet")

    def champion() -> None:
        raise AssertionError("nobody asks for a champion")

    nowhere = tmp_path / "nowhere"
    found, table, said = evaluate(
        tmp_path / "windows.npz", tmp_path / "folds.parquet", nowhere, tmp_path / "twins", nowhere, champion,
        params.search, params.baseline, "log_loss", params.register_, params.refit, unsaid,
    )  # fmt: skip
    assert isinstance(found, ClassEvaluation)
    assert len(found.twins) == 1  # without memory cells seeds change nothing
    assert len(table) == found.sequences
    assert said.startswith("accuracy")
