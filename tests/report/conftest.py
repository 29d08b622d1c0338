"""Toy artefacts: invented figures that look like those of a real run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cellsize.data import folds
from cellsize.data.schema import Schema
from cellsize.data.windows import Windows
from cellsize.params import Metric, Network, Report
from cellsize.params_data import EarlyStopping, Split
from cellsize.report.page import Inputs
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.candidate_records import (
    Bound,
    Candidate,
    Candidates,
    GridBound,
    InputCounts,
    RuleOfThumb,
    SampleCounts,
)
from cellsize.sizing.choice_records import Choice, Ladder, LadderStep, ScoredRule, ScoredSize, TriedSize
from cellsize.sizing.evaluation_records import ChampionErrors, Errors, Evaluation, Registration, Subset
from cellsize.sizing.inspection_records import Advice, InspectedOption, Inspection, Remarks
from cellsize.sizing.sizes import ZERO, Size

SCORES = {
    (0, 0): 0.3723, (1, 1): 0.3651, (1, 2): 0.3592, (1, 4): 0.3543, (1, 8): 0.3341, (1, 16): 0.3162, (1, 32): 0.2908,
    (1, 64): 0.2893, (1, 128): 0.2931, (2, 16): 0.3020, (2, 32): 0.2921,
}  # fmt: skip
FOLDS, ROWS, LOOKBACK, HORIZON = 5, 1500, 12, 6


def windows() -> Windows:
    """Two series of hours, with a hole of two days in the second."""
    rows, span = ROWS, LOOKBACK + HORIZON
    step = np.tile(np.arange(rows, dtype=np.int64), 2)
    series = np.repeat(np.arange(2, dtype=np.int64), rows)
    hour = np.sin(2 * np.pi * step / 24).astype(np.float32)[:, None]
    first = np.concatenate([np.arange(rows - span + 1), rows + np.arange(rows - span + 1)])
    first = first[(first < rows + 400) | (first > rows + 448)]
    first = first[np.lexsort((series[first], step[first]))]
    return Windows(
        inputs=hour, n_known_future=0, n_own=0, target=hour, offset=np.zeros(1), step=step, series=series, first=first,
        names=("north", "south"), targets=("load",),
        stamp=1_709_251_200_000_000 + step * 3_600_000_000, zone="", seconds=3600.0,
        lookback=LOOKBACK, cell_lookback=LOOKBACK, horizon=HORIZON,
        transform="none", normalise="last", origin=np.zeros((2 * rows, 0), np.int16), linear_calendar=(),
    )  # fmt: skip


def labels(cut: Windows) -> folds.Folds:
    """Five contiguous folds."""
    early_stopping = EarlyStopping(fraction=0.1, blocks=3)
    params = Split(
        holdout=0.2,
        holdout_of="table",
        holdout_part=None,
        searched_until=None,
        folds=FOLDS,
        scheme="contiguous",
        duplicates="group",
        early_stopping=early_stopping,
    )
    return folds.split(cut, params)


def cost(layers: int, units: int) -> dict[str, int]:
    """Parameters of one size, with six inputs and six outputs."""
    recurrent = sum(4 * units * ((6 if depth == 0 else units) + units + 2) for depth in range(layers))
    head = (units + 1) * 6 if units else 0
    return {"parameters": recurrent + head + 438, "recurrent": recurrent, "head": head, "linear": 438}


def candidates() -> Candidates:
    """The grid: every size tried, and two that were not."""
    samples = SampleCounts(targets=4032, windows=3400, sequences=2, effective=310)
    bounds = [
        Bound.model_validate(
            {
                "samples": name,
                "alpha": alpha,
                "neurons_by_step": max(1, int(count / (alpha * 12))),
                "neurons_by_window": max(1, int(count / (alpha * 78))),
                "parameters_by_outputs": int(count * 6 / alpha),
                "parameters_by_samples": int(count / alpha),
                "units_by_outputs": max(1, int((count * 1.5 / alpha) ** 0.5)),
                "units_by_samples": max(1, int((count / 4 / alpha) ** 0.5)),
            }
        )
        for name, count in samples.model_dump().items()
        for alpha in (2.0, 5.0, 10.0)
    ]
    zero, *others = (
        Candidate(
            layers=layers, units=units, **cost(layers, units), textbook=1, multiply_adds=1, window_work=1, bytes=1,
            past_bound=False, at_bound=False, on_grid=True, guessed=False,
        )
        for layers, units in (*SCORES, (1, 256), (2, 64), (1, 168))
    )  # fmt: skip
    return Candidates(
        counted="targets",
        samples=samples,
        folds=5,
        counted_inputs="step",
        inputs=InputCounts(step=6, window=72),
        n_outputs=6,
        bound=GridBound(kind="neurons", alpha=2.0, units=168),
        bounds=tuple(bounds),
        network=Network(
            cell="lstm",
            projection=0,
            bidirectional=False,
            summary="last",
            skip=("none", "joint"),
            head=("plain", "mixed"),
        ),
        candidates=(zero, *others[:-1]),
        rules_of_thumb=(
            RuleOfThumb(rule="alpha = 2, one layer", layers=1, units=168, parameters=120_000),
            RuleOfThumb(rule="published nets", layers=2, units=32, parameters=cost(2, 32)["parameters"]),
        ),
        alpha_ladder=(others[-1], zero),
    )


PROBABILITIES = {(1, 64): 1.0, (1, 32): 0.91}


def choice(layers: int = 1, units: int = 32) -> Choice:
    """The choice of one of the sizes in `SCORES`; the best is 1 × 64."""
    error = 0.007 if units else 0.1
    sizes = {
        Size(*size): TriedSize(
            layers=size[0],
            units=size[1],
            **cost(*size),
            learning_rate=3e-3 if size[1] else 0.0,
            skip="joint" if size[1] else "none",
            head_type="mixed" if size == (1, 32) else "plain",
            seeds=2,
            failure_rate=0.2 if size == (1, 1) else 0.0,
            probability=PROBABILITIES.get(size, 0.03),
            verdict="adequate" if size in ((1, 32), (1, 64)) else "too_small",
            score=score,
            score_se=0.09,
            difference=score - 0.2893,
            difference_se=0.0 if size == (1, 64) else error,
            within=score - 0.2893 <= error,
        )
        for size, score in SCORES.items()
    }

    def scored(size: Size) -> ScoredSize:
        return ScoredSize(**{key: getattr(sizes[size], key) for key in ScoredSize.model_fields})

    chosen = sizes[Size(layers, units)]
    return Choice(
        **scored(chosen.size).model_dump(),
        recurrent=chosen.recurrent,
        learning_rate=chosen.learning_rate,
        dropout=0.0,
        weight_decay=0.0,
        skip=chosen.skip,
        head=chosen.head_type,
        steps=840 if units else 0,
        penalty=100.0,
        metric="mse",
        cell="lstm",
        linear=chosen.linear,
        best=scored(Size(1, 64)),
        zero_cells=scored(ZERO),
        zero_cells_see="window",
        mlp=None,
        ladders=(),
        prolonged=0.25,
        median_steps=1260,
        ended_by_patience=0.5,
        difference=chosen.difference,
        difference_se=chosen.difference_se,
        larger=None,
        margin=0.0029,
        decided=True,
        undecided_sizes=(),
        bound=168,
        bound_binding=False,
        alpha_implied=10.5 if units else None,
        rule="one_standard_error",
        budget=None,
        procedure="climb",
        reason=f"{layers} × {units} is the smallest of the sizes within one standard error of 1 × 64.",
        caution="",
        at_least=False,
        left_out=None,
        cells_left_open=False,
        rules_of_thumb=(
            ScoredRule(
                rule="alpha = 2, one layer", layers=1, units=168, parameters=120_000,
                score=None, difference=None, difference_se=None,
            ),
            ScoredRule(
                rule="published nets", layers=2, units=32, parameters=cost(2, 32)["parameters"],
                score=SCORES[2, 32], difference=0.01, difference_se=0.004,
            ),
        ),
        sizes=tuple(sizes.values()),
    )  # fmt: skip


def ladder(kind: str, chosen: tuple[int, int], **scores: float) -> Ladder:
    """One kind's sizes; `_1x32=0.29` is a step's score."""
    steps = []
    for name, score in scores.items():
        layers, units = map(int, name.removeprefix("_").split("x"))
        plain = cost(layers, units)
        steps.append(
            LadderStep(
                layers=layers, units=units, parameters=plain["parameters"], recurrent=plain["recurrent"], score=score,
                score_se=0.09, difference=0.0, difference_se=0.0,
            )
        )  # fmt: skip
    return Ladder.model_validate({"kind": kind, "layers": chosen[0], "units": chosen[1], "steps": tuple(steps)})


def ladders() -> tuple[Ladder, ...]:
    """Plain networks need 64 cells, beside a linear model 32 will do; 1 × 1 was complete beside it alone."""
    return (
        ladder("plain", (1, 64), _1x32=0.3215, _1x64=0.2995),
        ladder("linear", (1, 32), _1x1=0.3651, _1x32=0.2908, _1x64=0.2893),
    )


def mlp(score: float = 0.3105) -> ScoredSize:
    return ScoredSize(layers=0, units=64, parameters=14_000, score=score, score_se=0.09)


def with_mlp(chosen: Choice, score: float = 0.3105) -> Choice:
    """The same, with an MLP among the sizes."""
    entry = TriedSize(
        **mlp(score).model_dump(), recurrent=0, head=14_000, linear=0, learning_rate=0.01, skip="none",
        head_type="plain", failure_rate=0.1, seeds=2, probability=0.02, verdict="too_small",
        difference=score - 0.2893, difference_se=0.007, within=False,
    )  # fmt: skip
    zero, *others = chosen.sizes
    return chosen.model_copy(update={"mlp": mlp(score), "sizes": (zero, entry, *others)})


def of_an_mlp(score: float = 0.2893) -> Choice:
    """The choice of an MLP."""
    changed = with_mlp(choice(), score)
    facts = mlp(score).model_dump() | {
        "recurrent": 0,
        "linear": 0,
        "skip": "none",
        "head": "plain",
        "alpha_implied": None,
    }
    return changed.model_copy(update=facts)


def errors(scale: float) -> dict[str, Any]:
    """Errors of a model that is so many times as bad as ours."""
    return {"mae": 0.0117 * scale, "rmse": 0.0241 * scale, "mase": 0.71 * scale, "nmse": 0.31 * scale**2,
            "nmae": 0.48 * scale, "by_step": (0.2, 0.4)}  # fmt: skip


def evaluation(nmse: float = 0.31, metric: Metric = "mse", trees: float = 1.05) -> Evaluation:
    """The model before every baseline, or with another error; `trees` is how many times as bad boosted trees are."""
    scales = {"naive": 2.1, "seasonal_naive_24": 1.4, "ridge_linear": 1.13, "boosted_trees": trees}
    at_origins = {"model": 1.02, "naive": 2.0, "AutoETS": 1.3}
    return Evaluation(
        metric=metric,
        windows=580,
        rows_from="2026-01-05T00:00:00",
        rows_until="2026-01-29T00:00:00",
        series=1,
        model=Errors(**errors(1) | {"nmse": nmse}),
        twins=(Errors(**errors(1) | {"nmse": nmse}),),
        baselines={name: Errors(**errors(scale)) for name, scale in scales.items()},
        by_series=(),
        subset=Subset(
            origins=40,
            models={name: Errors(**errors(scale)) for name, scale in at_origins.items()},
            difference_se={"naive": 0.2, "AutoETS": 0.03},
        ),
        champion=ChampionErrors(version="3", **errors(1.038)),
        comparison=None,
        champion_not_measured=None,
        champion_version="3",
        clipped={},
        coverage={"80": 0.79, "90": 0.875, "95": 0.94},
    )


def registration() -> Registration:
    """A model that was promoted."""
    return Registration(
        name="toy",
        version="4",
        alias="champion",
        registered=True,
        promoted=True,
        reason="Better than every baseline, and than version 3.",
    )


def inspection() -> Inspection:
    """A longer lookback is worth it, and so is a calendar; a normalisation is not."""
    options = (
        ("window.linear_lookback", "24", 0.246, 0.18, True),
        ("prepare.linear_calendar", "[hour_of_day]", 0.273, 0.09, True),
        ("window.normalise", "none", 0.306, -0.02, False),
    )
    return Inspection(
        metric="mse",
        folds=5,
        windows=400,
        nmse=0.3,
        nmae=0.2,
        seasons=(24,),
        declared_seasons=(6,),
        not_tried=(48,),
        holidays="US",
        options=tuple(
            InspectedOption(key=key, value=value, nmse=nmse, nmae=0.1, gain=gain, gain_mae=gain, worth=worth)
            for key, value, nmse, gain, worth in options
        ),
        advice=(
            Advice(key="window.linear_lookback", value="24", gain=0.18),
            Advice(key="prepare.linear_calendar", value="[hour_of_day]", gain=0.02439),
        ),
        gain=0.2,
        remarks=remarks(),
    )


def remarks(**changes: Any) -> Remarks:
    """Nothing is odd about the data."""
    plain: dict[str, Any] = {
        "series": 2, "left_out": 0, "series_left_out": (), "unscored": {}, "given_away": (),
        "never_there": (), "mostly_missing": {}, "few_values": {},
        "mostly_zero": {},
    }  # fmt: skip
    return Remarks(**(plain | changes))


def baselines() -> Baselines:
    """Two baselines on two folds."""
    return Baselines(
        metric="mse",
        all={"naive": (2.0, 1.0), "ridge_linear": (0.3, 0.5)},
        subset={},
        boosting_iterations=((40,), (60,)),
        boosting_steps=(48_000, 48_000),
        boosting_windows=(7_001, 7_003),
        training_windows=(9_000, 9_100),
    )


def trials() -> pd.DataFrame:
    """One row a fold and size; one training has failed."""
    rows = [
        {"layers": layers, "units": units, "fold": fold, "seed": 0, "learning_rate": 3e-3, "dropout": 0.0,
         "weight_decay": 0.0, "skip": "joint", "head": "mixed" if (layers, units) == (1, 32) else "plain",
         "status": "ok", "steps": 840, "score": score * (0.55 + 0.25 * fold),
         "early_stopping_score": score}
        for (layers, units), score in SCORES.items()
        for fold in range(1, FOLDS + 1)
    ]  # fmt: skip
    failed = {"layers": 2, "units": 64, "fold": 3, "seed": 0, "learning_rate": 3e-3, "status": "failed"}
    return pd.DataFrame([*rows, failed])


def curves() -> pd.DataFrame:
    """Falling and then slightly rising, at two learning rates."""
    rows = [
        {"layers": 1, "units": 32, "fold": fold, "seed": seed, "learning_rate": rate, "dropout": 0.0,
         "weight_decay": 0.0, "skip": "joint", "head": "mixed", "step": 60 * check, "train_loss": 1.0,
         "early_stopping_score": (0.1 + 0.1 * fold) * (1 + np.exp(-check / (2 + seed)) + 0.002 * max(0, check - 8))}
        for fold in range(1, FOLDS + 1)
        for seed in (0, 1)
        for rate in (1e-3, 3e-3)
        for check in range(1, 15 + fold)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def forecasts() -> pd.DataFrame:
    """One origin every six hours over the holdout, two series."""
    origin = pd.Timestamp("2024-05-01") + pd.to_timedelta(6 * np.arange(48), "h")
    index = pd.MultiIndex.from_product([["north", "south"], ["load"], origin, range(1, 7)])
    table = index.to_frame(index=False, name=["series", "target", "origin", "step"])
    table["time"] = table["origin"] + pd.to_timedelta(table["step"], "h")
    noise = np.random.default_rng(0).normal(size=(4, len(table)))
    table["truth"] = 5 + np.sin(2 * np.pi * table["time"].dt.hour / 24) + 0.1 * noise[0]
    for row, name in enumerate(("model", "ridge_linear", "seasonal_naive_24"), 1):
        table[name] = table["truth"] + 0.1 * row * noise[row]
    return table


def timings() -> pd.DataFrame:
    """Larger sizes train longer."""
    rows = [{"layers": size[0], "units": size[1], "seconds": 3.2 + size[1], "milliseconds": 0.1} for size in SCORES]
    return pd.DataFrame(rows)


def inputs() -> Inputs:
    """Everything that the page is made from."""
    cut = windows()
    schema = Schema(
        time=("time",), series="place", targets=("load",), past_covariates=(), categorical_covariates={},
        known_future_covariates=(), calendar=(), linear_calendar=(), holidays=None, timezone=None,
        other_zones=0, is_naive=True, frequency="h", gap=48, flagged=(), time_format=None, ambiguous="refuse",
        static_covariates={}, series_levels=(),
    )  # fmt: skip
    return Inputs(
        candidates=candidates(),
        trials=trials(),
        curves=curves(),
        timings=timings(),
        folds=labels(cut),
        windows=cut,
        schema=schema,
        inspection=inspection(),
        baselines=baselines(),
        choice=choice(),
        evaluation=evaluation(),
        forecasts=forecasts(),
        registration=registration(),
    )


@pytest.fixture
def report() -> Report:
    return Report(title="Toy load", unit="MW", examples=2)


@pytest.fixture
def toy() -> Callable[..., Inputs]:
    """Inputs of the page, with some of them replaced."""
    return lambda **changed: replace(inputs(), **changed)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The folders `build` and `reports` as the stages before the report leave them."""
    build, reports = tmp_path / "build", tmp_path / "reports"
    results = inputs()
    for name in ("candidates", "baselines"):
        getattr(results, name).write(build / f"{name}.json")
    for name in ("inspection", "choice", "evaluation", "registration"):
        getattr(results, name).write(reports / f"{name}.json")
    for name in ("trials", "curves", "timings"):
        getattr(results, name).to_csv(build / f"{name}.csv", index=False)
    seconds = {"baseline": ["ridge_linear", "boosted_trees"] * 2, "fold": [1, 1, 2, 2], "seconds": [0.5, 2.5, 0.5, 3.5]}
    pd.DataFrame(seconds).to_csv(build / "baseline_timings.csv", index=False)
    pd.DataFrame(folds.save_labels(results.folds)).to_parquet(build / "searched_folds.parquet")
    results.forecasts.to_parquet(build / "forecasts.parquet")
    results.schema.save(build / "schema.json")
    results.windows.save(build / "searched_windows.npz")
    return build, reports


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the charts out: a rule about words need not wait for them."""
    for name in ("size_chart.sizes", "charts.folds", "charts.curves", "charts.forecasts"):
        monkeypatch.setattr(f"cellsize.report.{name}", lambda *_: "<svg></svg>")


@pytest.fixture
def toy_choice() -> Callable[..., Choice]:
    return choice


@pytest.fixture
def toy_mlp_choice() -> Callable[..., Choice]:
    return of_an_mlp


@pytest.fixture
def toy_with_mlp() -> Callable[..., Choice]:
    return with_mlp


@pytest.fixture
def toy_ladders() -> tuple[Ladder, ...]:
    return ladders()


@pytest.fixture
def toy_candidates() -> Candidates:
    return candidates()


@pytest.fixture
def toy_evaluation() -> Callable[..., Evaluation]:
    return evaluation


@pytest.fixture
def toy_registration() -> Registration:
    return registration()


@pytest.fixture
def toy_inspection() -> Inspection:
    return inspection()


@pytest.fixture
def toy_baselines() -> Baselines:
    return baselines()


@pytest.fixture
def toy_trials() -> pd.DataFrame:
    return trials()


@pytest.fixture
def toy_timings() -> pd.DataFrame:
    return timings()


@pytest.fixture
def toy_windows() -> Windows:
    return windows()


@pytest.fixture
def toy_folds(toy_windows: Windows) -> folds.Folds:
    return labels(toy_windows)


@pytest.fixture
def toy_forecasts() -> pd.DataFrame:
    return forecasts()


@pytest.fixture
def toy_curves() -> pd.DataFrame:
    """Learning curves at both learning rates."""
    return curves()
