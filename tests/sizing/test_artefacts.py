"""The JSON files that pass between stages: written whole, read as they were, refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.sizing import artefacts
from cellsize.sizing.artefacts import Artefact, Budget, Choice, LargerSize, Recipe, ScoredSize, UndecidedSize
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
    "median_steps": 60, "ended_by_patience": 0.5,
    "ladders": [
        {"layers": 1, "units": 4, "kind": "plain",
         "steps": [SCORED | {"recurrent": 45, "difference": 0.0, "difference_se": 0.0}]},
    ],
    "difference": 0.0, "difference_se": 0.0,
    "larger": {"layers": 1, "units": 8, "margin": 0.004, "probability": 0.61},
    "margin": 0.004, "decided": True, "undecided_sizes": [{"layers": 0, "units": 0, "probability": 0.4}],
    "bound": 8, "bound_binding": False, "alpha_implied": 2.5, "rule": "budget",
    "budget": {"unit": "bytes", "limit": 1000.0, "cost": 240.0}, "procedure": "climb", "reason": "Because.",
    "caution": "", "at_least": False, "left_out": None, "cells_left_open": False,
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
EVALUATION = {
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
    key: 1 if field.annotation is int else 0.5 for key, field in artefacts.Metrics.model_fields.items()
}  # fmt: skip

INSPECTION = {
    "metric": "mse",
    "folds": 5, "windows": 100, "nmse": 0.3, "nmae": 0.2, "seasons": [24, 168], "declared_seasons": [24],
    "not_tried": [192], "holidays": None,
    "options": [
        {"key": "window.normalise", "value": "last", "nmse": 0.2, "nmae": 0.1, "gain": 0.33, "gain_mae": 0.5,
         "worth": True},
    ],
    "advice": [{"key": "window.normalise", "value": "last", "gain": 0.33}], "gain": 0.33,
    "remarks": {
        "series": 9, "left_out": 1, "first_left_out": [{"series": "b", "reason": "too short (4 rows, 5 needed)"}],
        "given_away": [{"target": "y", "covariates": ["copy"], "explained": 1.0}], "mostly_missing": {"y": 0.6},
        "few_values": {"y": [0.0, 1.0]}, "mostly_zero": {"y": 0.9},
    },
}  # fmt: skip

EXAMPLES: list[Artefact] = [
    artefacts.Inspection.model_validate(INSPECTION),
    candidates(
        [candidate(ZERO), candidate(Size(1, 4), guessed=True)],
        [candidate(Size(1, 8))],
        rules_of_thumb=[{"rule": "α = 2", "layers": 1, "units": 4, "parameters": 15}],
        bounds=[
            {"samples": "targets", "alpha": 2, "neurons_by_step": 8, "neurons_by_window": 2, "parameters_by_outputs": 9,
             "parameters_by_samples": 7, "units_by_outputs": 1, "units_by_samples": 1},
        ],
    ),
    artefacts.Baselines(metric="mse", all={"naive": (0.1, 0.2)}, subset={}, boosting_iterations=((30,), (40,)),
                        boosting_steps=(20, 20), boosting_windows=(10, 10), training_windows=(12, 12)),
    Recipe.model_validate(RECIPE),
    Choice.model_validate(CHOICE),
    artefacts.Evaluation.model_validate(EVALUATION),
    artefacts.Registration.model_validate(REGISTRATION),
    artefacts.Metrics.model_validate(METRICS),
]  # fmt: skip
Write = Callable[[object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes JSON by hand, as another version might have done."""

    def to_file(content: object) -> Path:
        path = tmp_path / "choice.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return to_file


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_an_artefact_reads_back_as_it_was_written(example: Artefact, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "record.json"
    example.write(path)
    assert type(example).read(path) == example
    assert list(json.loads(path.read_text(encoding="utf-8"))) == list(type(example).model_fields)


@settings(max_examples=200, deadline=None)
@given(score=st.floats(allow_nan=False, allow_infinity=False))
def test_every_digit_of_a_number_survives(score: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("digits") / "recipe.json"
    Recipe.model_validate(RECIPE | {"penalty": score}).write(path)
    assert Recipe.read(path).penalty == score


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_is_not_written(number: float, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    with pytest.raises(ValueError, match="JSON"):
        Recipe.model_validate(RECIPE | {"penalty": number}).write(path)
    assert not path.exists()


def test_an_unknown_key_is_refused_in_one_line_that_names_it(write: Write) -> None:
    path = write(CHOICE | {"odds": 0.5})
    with pytest.raises(InputError) as caught:
        Choice.read(path)
    assert str(caught.value) == (
        f"{path}: odds: unknown key; remove the file and run `cellsize run`, which makes it again"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"best": {key: value for key, value in SCORED.items() if key != "score"}}, "best.score: missing key;"),
        (
            {"rule": "cheapest"},
            "rule: Input should be 'adequate', 'one_standard_error', 'best', 'within_percent' or 'budget';",
        ),
        ({"sizes": [SCORED]}, "sizes.0.recurrent: missing key;"),
        ({"units": "many"}, "units: Input should be a valid integer"),
    ],
    ids=["missing", "unknown rule", "in a list", "text"],
)
def test_what_another_version_wrote_is_refused_with_its_key(
    changes: dict[str, Any], message: str, write: Write
) -> None:
    with pytest.raises(InputError) as caught:
        Choice.read(write(CHOICE | changes))
    assert f"choice.json: {message}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"reason": "\xff"}'], ids=["empty", "cut", "list", "latin"])
def test_a_file_that_does_not_hold_json_with_keys_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "choice.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"choice\.json: .*; remove the file and run `cellsize run`") as caught:
        Choice.read(path)
    assert "\n" not in str(caught.value)
    assert "choice.json: :" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"choice\.json: no such file; run `cellsize run`"):
        Choice.read(tmp_path / "choice.json")


def test_what_is_read_does_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Recipe.model_validate(RECIPE).units = 5


def test_a_choice_has_its_parts_and_its_recipe() -> None:
    choice = Choice.model_validate(CHOICE)
    assert choice.recipe == Recipe.model_validate(RECIPE)
    assert choice.size == Size(1, 4)
    assert choice.zero_cells.size == ZERO
    assert choice.best == ScoredSize.model_validate(SCORED)
    assert choice.larger == LargerSize(layers=1, units=8, margin=0.004, probability=0.61)
    assert choice.undecided_sizes == (UndecidedSize(layers=0, units=0, probability=0.4),)
    assert choice.budget == Budget(unit="bytes", limit=1000.0, cost=240.0)


@pytest.mark.parametrize(("counted", "count"), [("targets", 9000), ("windows", 800), ("effective", 70)])
def test_the_candidates_know_how_many_samples_count(counted: str, count: int) -> None:
    assert candidates([candidate(ZERO)], counted=counted).n_samples == count


def test_every_field_says_what_it_means() -> None:
    # Consumers read these files: the schema in the docs is made from these sentences.
    models = [model for model in vars(artefacts).values() if isinstance(model, type) and issubclass(model, Artefact)]
    assert len(models) > 15
    for model in models:
        for key, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{key}"
