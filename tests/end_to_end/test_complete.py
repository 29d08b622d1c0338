"""All that a forecast may be, from a table to a registered model that answers.

Quantiles by an encoder-decoder, judged on series never seen; and two targets at once, served.
"""

import json
import urllib.request

import mlflow
import numpy as np
import onnxruntime
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.end_to_end.conftest import Project, make_project, served

pytestmark = pytest.mark.slow  # half a minute of processes

SERIES, ROWS, LEVELS = 8, 120, (0.1, 0.5, 0.9)


def table(series: int, rows: int) -> pd.DataFrame:
    """Waves that only the past shows, each with its own phase, and a price that is known in future."""
    draw, hours = np.random.default_rng(0), np.arange(rows)
    parts = []
    for number in range(series):
        wave = 5 * np.sin(2 * np.pi * hours / 11 + draw.uniform(0, 6))
        price = draw.integers(0, 2, rows)
        load = 50 + wave + 3 * price + draw.normal(0, 0.5, rows)
        times = pd.date_range("2026-01-01", periods=rows, freq="h")
        parts.append(pd.DataFrame({"when": times, "place": f"p{number}", "load": load, "price": price}))
    return pd.concat(parts)


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """With `skip: [none]` no memory cells see no past at all: cells have to win."""
    project = make_project(tmp_path_factory.mktemp("waves") / "project")
    table(SERIES, ROWS).to_csv(project.folder / "table.csv", index=False)
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        prepare__known_future_covariates=["price"], prepare__calendar=[],
        split__scheme="groups", split__holdout_of="whole_series", split__holdout=0.25, split__folds=2,
        propose__samples="targets", propose__growth=8.0, propose__layers=1, propose__mlp_units=[],
        propose__network__skip=["none"],
        propose__network__head=["encoder_decoder"], baseline__classical="none", baseline__seasons=[11],
        search__training__learning_rates=[0.03], search__training__steps=150,
        search__training__maximum_steps=150, search__training__patience=150,
        search__minimum_units=8, choose__metric="quantile", choose__quantiles=list(LEVELS),
        register__beat=["naive"], register__blocks=4, refit__twins=2,
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project


def test_memory_cells_with_a_decoder_are_chosen(waves: Project) -> None:
    choice = json.loads(waves.read("reports/choice.json"))
    assert choice["units"] > 0
    assert (choice["metric"], choice["head"]) == ("quantile", "encoder_decoder")
    assert choice["score"] < 0.8 * choice["zero_cells"]["score"]
    candidates = json.loads(waves.read("build/candidates.json"))
    assert candidates["n_outputs"] == 3 * len(LEVELS)


def test_folds_and_holdout_are_of_series_never_seen(waves: Project) -> None:
    folds = pd.read_parquet(waves.folder / "build/folds.parquet")
    windows = np.load(waves.folder / "build/windows.npz")
    series = windows["series"][windows["first"]]
    held = set(series[folds["holdout"] == 1])
    assert (len(held), held & set(series[folds["holdout"] != 1])) == (2, set())
    for fold in ("fold_1", "fold_2"):
        validated = set(series[folds[fold] == 3])
        assert len(validated) == 3
        assert not validated & set(series[folds[fold].isin([1, 2])])
        assert not validated & held
    evaluation = json.loads(waves.read("reports/evaluation.json"))
    assert {each["series"] for each in evaluation["by_series"]} == {f"p{code}" for code in held}


def test_every_model_is_scored_by_the_pinball_loss_and_by_how_often_its_levels_held(waves: Project) -> None:
    evaluation = json.loads(waves.read("reports/evaluation.json"))
    for errors in (evaluation["model"], *evaluation["twins"], *evaluation["baselines"].values()):
        assert errors["npinball"] > 0
        assert list(errors["below"]) == ["0.1", "0.5", "0.9"]
        assert list(errors["below"].values()) == sorted(errors["below"].values())
    assert evaluation["model"]["npinball"] < 0.8 * evaluation["baselines"]["naive"]["npinball"]
    assert "npinball" in waves.read("reports/summary.md")


def test_the_registered_version_answers_with_quantiles_for_series_that_it_has_not_seen(waves: Project) -> None:
    assert json.loads(waves.read("reports/registration.json"))["promoted"]
    for name_store in (mlflow.set_tracking_uri, mlflow.set_registry_uri):  # a test before this one may have named both
        name_store(f"sqlite:///{waves.folder}/mlflow.db")
    model = mlflow.pyfunc.load_model("models:/small@champion")
    rows = table(SERIES + 1, 40).query(f"place == 'p{SERIES}'").reset_index(drop=True)
    rows.loc[37:, "load"] = np.nan  # to be forecast
    answers = {price: model.predict(rows.assign(price=rows["price"].where(rows.index < 37, price))) for price in (0, 1)}
    for answered in answers.values():
        assert list(answered) == ["place", "time", "load", "load_q10", "load_q50", "load_q90"]
        assert len(answered) == 3
        assert (answered["load"] == answered["load_q50"]).all()
        assert (answered["load_q10"] <= answered["load_q50"]).all()
        assert (answered["load_q50"] <= answered["load_q90"]).all()
    # The decoder reads the price of each step.
    assert (answers[1]["load"] - answers[0]["load"]).mean() == pytest.approx(3, abs=1.5)


def test_the_exported_file_gives_the_same_quantiles_and_their_median(waves: Project) -> None:
    said = waves.command("cellsize", "export", "small", "champion", "--onnx", "small.onnx")
    assert said.returncode == 0, said.stderr
    assert "holdout npinball " in said.stdout.splitlines()[0]
    content = json.loads(waves.read("small.json"))
    assert content["outputs"]["quantiles"]["levels"] == list(LEVELS)
    lookback = content["inputs"]["past"]["shape"][1]
    rows = table(SERIES, 40).query("place == 'p0'").reset_index(drop=True)
    rows.loc[37:, "load"] = np.nan
    session = onnxruntime.InferenceSession(waves.folder / "small.onnx", providers=["CPUExecutionProvider"])
    asked = {
        "past": rows["load"].to_numpy()[37 - lookback : 37].reshape(1, lookback, 1),
        "known_future": rows["price"].to_numpy(float)[37 - lookback :].reshape(1, lookback + 3, 1),
    }
    forecast, quantiles = session.run(["forecast", "quantiles"], asked)
    answered = mlflow.pyfunc.load_model("models:/small@champion").predict(rows)
    np.testing.assert_allclose(forecast[0, :, 0], answered["load"], atol=1e-4)
    np.testing.assert_allclose(quantiles[0, :, 0], answered[["load_q10", "load_q50", "load_q90"]], atol=1e-4)


def test_a_check_measures_new_rows_by_the_pinball_loss(waves: Project) -> None:
    later = table(SERIES, ROWS + 200).query("when >= '2026-01-05'")  # a day before the first new hour
    later.to_csv(waves.folder / "same.csv", index=False)
    ran = waves.command("cellsize", "check", "small", "--data", "same.csv", "--json", "check.json")
    # Its holdout is of too few blocks of time to tell what is worse; what was measured is said all the same.
    assert (ran.returncode, ran.stderr) == (5, ""), ran.stdout + ran.stderr
    assert "Cannot tell: the holdout holds 2 of at least 4 blocks" in ran.stdout
    assert json.loads(waves.read("check.json"))["status"] == 5
    assert "npinball 0." in ran.stdout


def test_series_that_are_new_are_learnt_from_and_new_rows_of_old_ones_tell_nothing_of_such(waves: Project) -> None:
    before = pd.read_csv(waves.folder / "table.csv", parse_dates=["when"])
    later = table(SERIES, ROWS + 24).query("when > @before['when'].max()")
    for added, statuses in ((later, (0,)), (table(SERIES + 16, ROWS)[len(before) :], (10, 11))):
        pd.concat([before, added]).to_csv(waves.folder / "table.csv", index=False)
        ran = waves.command("cellsize", "retrain")
        assert ran.returncode in statuses, ran.stdout + ran.stderr
    assert "p23" in waves.read("build/schema.json") + waves.read("build/model/model.json")
    ran = waves.command("cellsize", "retrain")
    assert (ran.returncode, "nothing to do" in ran.stdout) == (0, True), ran.stdout + ran.stderr


# --- two targets ------------------------------------------------------------------------------------------------------

PLACES, HOURS = ("north", "south"), 500


def two(begin: int, end: int) -> pd.DataFrame:
    """Hours of two places: `inflow` is a wave, and `outflow` what came in three hours before, in other units."""
    draw, hours, parts = np.random.default_rng(3), np.arange(end), []
    for number, place in enumerate(PLACES):
        inflow = 20 + 5 * np.sin(2 * np.pi * hours / 12 + number) + draw.normal(0, 0.2, end)
        outflow = 1000 + 100 * np.roll(inflow, 3) + draw.normal(0, 10, end)
        when = pd.date_range("2026-01-01", periods=end, freq="h")
        parts.append(pd.DataFrame({"when": when, "place": place, "inflow": inflow, "outflow": outflow})[begin:])
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("flows") / "project")
    two(3, HOURS).to_csv(project.folder / "table.csv", index=False)
    plain, path = YAML(typ="safe"), project.folder / "params.yaml"
    plain.dump(plain.load(path), path)  # without comments: one behind a list that becomes empty would break the file
    project.edit(
        prepare__targets=["inflow", "outflow"], prepare__calendar=[], propose__layers=1, propose__mlp_units=[],
        propose__network__skip=["none"], baseline__classical="none", split__folds=2,
        search__training__learning_rates=[0.03], search__training__steps=100, search__training__maximum_steps=100,
        search__training__patience=100, search__minimum_units=4, register__beat=["naive"], refit__twins=2,
    )  # fmt: skip
    ran = project.repro()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return project


def test_each_target_is_an_output_and_each_has_its_errors(flows: Project) -> None:
    candidates = json.loads(flows.read("build/candidates.json"))
    assert (candidates["n_outputs"], candidates["inputs"]["step"]) == (2 * 3, 2)
    evaluation = json.loads(flows.read("reports/evaluation.json"))
    forecasts = pd.read_parquet(flows.folder / "build/forecasts.parquet")
    assert set(forecasts["target"]) == {"inflow", "outflow"}
    # Errors are in standard deviations of each target: one that is a hundred times larger does not count for more.
    assert 0 < evaluation["model"]["nmse"] < 0.5 * evaluation["baselines"]["naive"]["nmse"]
    assert json.loads(flows.read("reports/registration.json"))["promoted"]


def test_a_request_is_answered_with_both_targets_each_in_its_own_units(flows: Project) -> None:
    history, later = two(HOURS - 24, HOURS), two(HOURS - 24, HOURS + 3).query("when >= '2026-01-21 20:00'")
    assert len(later) == 2 * 3
    body = history.assign(when=history["when"].dt.strftime("%Y-%m-%d %H:%M")).to_csv(index=False).encode()
    with served(flows, "models:/small@champion") as address:
        asked = urllib.request.Request(address, body, {"Content-Type": "text/csv"})
        answer = pd.DataFrame(json.loads(urllib.request.urlopen(asked, timeout=60).read())["predictions"])
    assert list(answer) == ["place", "time", "inflow", "outflow"]
    assert answer["place"].tolist() == ["north"] * 3 + ["south"] * 3
    both = later.merge(answer.assign(when=pd.to_datetime(answer["time"])), on=["place", "when"])
    assert len(both) == 6
    for target, scale in (("inflow", 3.5), ("outflow", 350)):  # standard deviations of the waves
        assert (both[f"{target}_x"] - both[f"{target}_y"]).abs().mean() < 0.5 * scale


def test_the_exported_file_gives_both_targets(flows: Project) -> None:
    said = flows.command("cellsize", "export", "small", "champion", "--onnx", "small.onnx")
    assert said.returncode == 0, said.stderr
    rows = two(HOURS - 24, HOURS).query("place == 'north'").reset_index(drop=True)
    lookback = json.loads(flows.read("small.json"))["inputs"]["past"]["shape"][1]
    session = onnxruntime.InferenceSession(flows.folder / "small.onnx", providers=["CPUExecutionProvider"])
    past = rows[["inflow", "outflow"]].to_numpy()[-lookback:][None]
    (forecast,) = session.run(["forecast"], {"past": past})
    for name_store in (mlflow.set_tracking_uri, mlflow.set_registry_uri):
        name_store(f"sqlite:///{flows.folder}/mlflow.db")
    answered = mlflow.pyfunc.load_model("models:/small@champion").predict(rows)
    assert forecast.shape == (1, 3, 2)
    np.testing.assert_allclose(forecast[0], answered[["inflow", "outflow"]], rtol=1e-5)
