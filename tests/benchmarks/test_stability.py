"""When repeats say the same."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.stability import Repeat, adoptable, contradict, key_of, named, numbers, summarised
from cellsize.params import Params


def said(chosen: str, *undecided: str, decided: bool | None = None) -> Repeat:
    return {
        "chosen": chosen, "undecided": list(undecided), "decided": not undecided if decided is None else decided,
        "core_seconds": 60.0,
    }  # fmt: skip


def test_an_answer_names_its_size_and_those_that_are_undecided() -> None:
    assert named(said("1x64", "1x32")) == ("1x32", "1x64")
    assert named(said("1x64")) == ("1x64",)


def test_answers_contradict_each_other_if_neither_names_what_the_other_chose() -> None:
    assert contradict(said("1x64"), said("1x32"))
    assert not contradict(said("1x64", "1x32"), said("1x32"))
    assert not contradict(said("1x64", "1x32"), said("1x64"))
    assert contradict(said("1x64", "1x32"), said("1x16", "0x0"))


def test_repeats_say_the_same_if_they_name_the_same_sizes() -> None:
    found = summarised([said("1x64", "1x32"), said("1x64", "1x32"), said("1x32"), said("1x16")])
    assert found["say_the_same"] == 2
    assert found["said"] == {"1x32 or 1x64": 2, "1x32": 1, "1x16": 1}
    assert (found["repeats"], found["decided"], found["most_undecided"]) == (4, 2, 1)
    # 1x16 against each of the others.
    assert (found["pairs_that_contradict"], found["pairs"]) == (3, 6)
    assert found["core_minutes"] == 1.0


def line(seed: int, key: str, **changes: Any) -> str:
    return json.dumps({"name": "toy", "seed": seed, "key": key, **said("1x4"), **changes})


def test_an_earlier_repeat_counts_for_other_code_unless_two_codes_disagree() -> None:
    lines = "\n".join(
        [line(0, "a"), line(1, "a"), line(0, "b", core_seconds=9.0), line(2, "a"), line(2, "b", best="x")]
    )
    assert adoptable(lines, "toy", 0) == json.loads(line(0, "b", core_seconds=9.0))
    assert adoptable(lines, "toy", 1) == json.loads(line(1, "a"))
    assert adoptable(lines, "toy", 2) is None
    assert adoptable(lines, "toy", 3) is None
    assert adoptable(lines, "other", 0) is None


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("propose", "growth", 3), ("search", "procedure", "grid"), ("search", "patience", 1),
     ("search", "work_limit", 9.0), ("choose", "margin", 2.0), ("choose", "rule", "best")],
)  # fmt: skip
def test_a_changed_rule_procedure_or_limit_makes_another_key(
    params_content: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch, section: str, key: str, value: object
) -> None:
    # The key was that of what is trained alone, so that a changed rule brought back the old rule's answers.
    monkeypatch.setattr("benchmarks.stability.store.key", lambda work: f"trained-{work}")
    plain, changed = params_content(), params_content()
    changed[section][key] = value
    keys = [key_of("data", Params.model_validate(content)) for content in (plain, changed, plain)]  # type: ignore[arg-type]
    assert keys[0] == keys[2] != keys[1]
    assert all(key.startswith("trained-data-") for key in keys)


def test_where_a_search_runs_and_what_comes_after_the_choice_change_no_key(
    params_content: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.stability.store.key", lambda work: f"trained-{work}")
    changed = params_content()
    changed["search"]["compute"]["trials"] = 2
    changed["refit"]["twins"] = 3
    keys = [key_of("data", Params.model_validate(content)) for content in (params_content(), changed)]  # type: ignore[arg-type]
    assert keys[0] == keys[1]


def test_other_code_of_the_rule_makes_another_key(
    params_content: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.stability.store.key", lambda work: f"trained-{work}")
    params = Params.model_validate(params_content())
    hashed: list[tuple[str, ...]] = []
    found = []
    for code in ("one", "other"):

        def code_hash(*modules: str, code: str = code) -> str:
            hashed.append(modules)
            return code

        monkeypatch.setattr("benchmarks.stability.stage.code_hash", code_hash)
        found.append(key_of("data", params))  # type: ignore[arg-type]
    assert found[0] != found[1]
    assert set(hashed) == {("cellsize.sizing.candidates", "cellsize.sizing.procedures", "cellsize.sizing.choice")}


def test_an_adopted_repeat_has_the_numbers_of_the_one_it_is_of() -> None:
    first = json.loads(line(1, "a"))
    assert numbers({**first, "key": "b", "adopted": True, "core_seconds": 1.0}) == numbers(first)
