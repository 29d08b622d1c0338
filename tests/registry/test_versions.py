"""The rows that a registered model is shown with; the registry itself is held end to end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.models.forecaster import Forecaster
from cellsize.params import Mlflow
from cellsize.registry import versions
from cellsize.registry.store import connect

HERE = Path("toy.csv")
Table = Callable[..., pd.DataFrame]
MakeModel = Callable[..., Forecaster]


def hours(table: pd.DataFrame) -> list[int]:
    """The hours since the first of January."""
    return [int(since / pd.Timedelta("1h")) for since in pd.to_datetime(table["when"]) - pd.Timestamp("2026-01-01")]


def test_the_example_is_the_last_window_of_each_series_that_holds_one(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    whole, broken, short = (make_table(places=(place,)) for place in ("whole", "broken", "short"))
    broken.loc[50:, "y"] = np.nan
    raw = pd.concat([whole, short.head(5), broken])  # with an index that repeats itself
    # As text the times of this format are in another order than in time.
    raw["when"] = pd.to_datetime(raw["when"]).dt.strftime("%-m/%-d/%Y %-H:%M")
    make_model(raw, series="place").save(tmp_path)
    found = versions.recent_rows(raw.sample(frac=1, random_state=0), HERE, tmp_path)
    assert hours(found[found["place"] == "whole"]) == list(range(52, 58))
    assert hours(found[found["place"] == "broken"]) == list(range(42, 48))
    assert set(found["place"]) == {"whole", "broken"}
    assert Forecaster.load(tmp_path).forecast(found)["place"].tolist() == ["broken"] * 2 + ["whole"] * 2


def test_an_example_has_rows_for_what_is_known_ahead_without_their_targets(
    tmp_path: Path, make_model: MakeModel, make_table: Table
) -> None:
    raw = make_table()
    make_model(raw, known_future_covariates=["planned"]).save(tmp_path)
    found = versions.recent_rows(raw, HERE, tmp_path)
    assert hours(found) == list(range(52, 60))
    assert found["y"].isna().tolist() == [False] * 6 + [True] * 2
    assert found["planned"].notna().all()


def test_a_champion_that_is_no_model_of_ours_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    settings = Mlflow(uri="sqlite:///store.db", experiment="toy")
    client, experiment = connect(settings)
    assert versions.champion(settings, "toy") is None
    client.create_registered_model("toy")
    run = client.create_run(experiment)
    client.create_model_version("toy", f"{run.info.artifact_uri}/gone", run.info.run_id)
    client.set_registered_model_alias("toy", "champion", "1")
    with pytest.raises(InputError, match=r"^register.name: the champion of 'toy', version 1, cannot be read \("):
        versions.champion(settings, "toy")
