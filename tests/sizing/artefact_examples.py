"""One example of each artefact, as JSON holds it and as it is read."""

from typing import Any

from cellsize.sizing.artefacts import Artefact
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.evaluation_records import Evaluation, Metrics, Registration
from cellsize.sizing.inspection_records import Inspection
from cellsize.sizing.recipe import Recipe
from cellsize.sizing.sizes import ZERO, Size
from tests.sizing.conftest import candidate, candidates

ERRORS = {"mae": 1.5, "rmse": 2.0, "mase": None, "nmse": 0.1, "nmae": 0.3, "by_step": [0.1, 0.2]}
RECIPE = {
    "layers": 1, "units": 4, "learning_rate": 1e-3, "dropout": 0.2, "weight_decay": 0.0, "skip": "joint",
    "head": "mixed", "steps": 60, "penalty": 1.0,
}  # fmt: skip
SCORED = {"layers": 1, "units": 4, "parameters": 60, "score": 0.3, "score_se": 0.01}
CHOICE: dict[str, Any] = {
    **RECIPE,
    "metric": "mse", "cell": "lstm", "parameters": 60, "recurrent": 45, "linear": 10, "score": 0.3, "score_se": 0.01,
    "best": SCORED, "zero_cells": SCORED | {"layers": 0, "units": 0},
    "zero_cells_see": "window", "mlp": SCORED | {"layers": 0, "units": 16}, "prolonged": 0.25,
    "median_steps": 60, "ended_by_maximum": 0.25, "ended_by_patience": 0.5,
    "ladders": [
        {"layers": 1, "units": 4, "kind": "plain",
         "steps": [SCORED | {"recurrent": 45, "difference": 0.0, "difference_se": 0.0}]},
    ],
    "difference": 0.0, "difference_se": 0.0,
    "larger": {"layers": 1, "units": 8, "margin": 0.004, "probability": 0.61},
    "margin": 0.004, "decided": True, "undecided_sizes": [{"layers": 0, "units": 0, "probability": 0.4}],
    "undecided_since": "folds",
    "bound": 8, "bound_binding": False, "alpha_implied": 2.5, "rule": "budget",
    "budget": {"unit": "bytes", "limit": 1000.0, "cost": 240.0}, "procedure": "climb", "reason": "Because.",
    "caution": "", "at_least": False, "left_out": None,
    "not_ruled_out": {"layers": 1, "units": 8, "minutes": 7.0}, "cells_left_open": False,
    "rules_of_thumb": [
        {"layers": 1, "units": 9, "rule": "α = 2", "parameters": 90, "score": None, "difference": None,
         "difference_se": None},
    ],
    "sizes": [
        SCORED | {"recurrent": 45, "head": 5, "linear": 10, "learning_rate": 1e-3,
                  "skip": "joint", "head_type": "mixed", "seeds": 2, "failure_rate": 0.1,
                  "probability": 1.0, "verdict": "adequate", "difference": 0.0,
                  "difference_se": 0.0, "within": True},
    ],
}  # fmt: skip
EVALUATION: dict[str, Any] = {
    "metric": "mse",
    "windows": 40,
    "rows_from": "2026-01-05T00:00:00",
    "rows_until": "2026-01-09T00:00:00",
    "series": 1,
    "model": ERRORS,
    "twins": [ERRORS, ERRORS],
    "baselines": {"naive": ERRORS},
    "by_series": [{"series": "north", "windows": 7, "mae": 1.5, "score": 0.4, "seasonal_naive": 0.5}],
    "subset": {"origins": 3, "difference_se": {"AutoETS": 0.01}, "models": {"model": ERRORS, "AutoETS": ERRORS}},
    "champion": ERRORS | {"version": "4"},
    "comparison": {
        "version": "4",
        "how": "served",
        "windows": 40,
        "rows_from": "2026-01-05T00:00:00",
        "rows_until": "2026-01-09T00:00:00",
        "blocks": 20,
        "challenger": 0.4,
        "champion": 0.41,
        "margin": 1.0,
        "better": 0.5,
        "not_worse": 0.7,
        "smaller": False,
        "same_network": False,
        "newer_rows": False,
        "rerun": False,
    },
    "champion_not_measured": None,
    "champion_version": "4",
    "clipped": {"rain": 3},
    "coverage": {"90": 0.88},
}
REGISTRATION = {
    "name": "toy", "version": "5", "alias": "champion", "registered": True, "promoted": True, "reason": "Because.",
}  # fmt: skip
METRICS = {
    key: 1 if field.annotation is int else 0.5 for key, field in Metrics.model_fields.items()
}  # fmt: skip

INSPECTION: dict[str, Any] = {
    "metric": "mse",
    "folds": 5, "windows": 100, "nmse": 0.3, "nmae": 0.2, "seasons": [24, 168], "declared_seasons": [24],
    "not_tried": [192], "holidays": None,
    "options": [
        {"key": "window.normalise", "value": "last", "nmse": 0.2, "nmae": 0.1, "gain": 0.33, "gain_mae": 0.5,
         "worth": True},
    ],
    "advice": [{"key": "window.normalise", "value": "last", "gain": 0.33}], "gain": 0.33,
    "remarks": {
        "series": 9, "left_out": 1, "series_left_out": [{"series": "b", "reason": "too short (4 rows, 5 needed)"}],
        "unscored": {"a": [2]}, "never_there": [{"covariate": "late", "known_future": False, "steps": 24}],
        "given_away": [{"target": "y", "covariates": ["copy"], "explained": 1.0}], "mostly_missing": {"y": 0.6},
        "few_values": {"y": [0.0, 1.0]}, "mostly_zero": {"y": 0.9},
    },
}  # fmt: skip

EXAMPLES: list[Artefact] = [
    Inspection.model_validate(INSPECTION),
    candidates(
        [candidate(ZERO), candidate(Size(1, 4), guessed=True)],
        [candidate(Size(1, 8))],
        rules_of_thumb=[{"rule": "α = 2", "layers": 1, "units": 4, "parameters": 15}],
        bounds=[
            {"samples": "targets", "alpha": 2, "neurons_by_step": 8, "neurons_by_window": 2, "parameters_by_outputs": 9,
             "parameters_by_samples": 7, "units_by_outputs": 1, "units_by_samples": 1},
        ],
    ),
    Baselines(metric="mse", all={"naive": (0.1, 0.2)}, subset={}, boosting_iterations=((30,), (40,)),
                        boosting_steps=(20, 20), boosting_windows=(10, 10), training_windows=(12, 12)),
    Recipe.model_validate(RECIPE),
    Choice.model_validate(CHOICE),
    Evaluation.model_validate(EVALUATION),
    Registration.model_validate(REGISTRATION),
    Metrics.model_validate(METRICS),
]  # fmt: skip
