"""The JSON files that pass between stages: written whole, read as they were, refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.errors import InputError
from cellsize.sizing.artefacts import Artefact
from cellsize.sizing.choice_records import Choice
from cellsize.sizing.recipe import Recipe
from tests.sizing.artefact_examples import CHOICE, EXAMPLES, RECIPE, SCORED

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


def test_every_field_says_what_it_means() -> None:
    # Consumers read these files: the schema in the docs is made from these sentences.
    pending, models = [Artefact], set[type[Artefact]]()  # EXAMPLES has imported the models of all files
    while pending:
        children = pending.pop().__subclasses__()
        models |= set(children)
        pending += children
    assert len(models) > 15
    for model in models:
        for key, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{key}"
