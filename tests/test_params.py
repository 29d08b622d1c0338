"""The rules of params.yaml; see test_bad_input.py for what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize import params
from cellsize.errors import InputError

Write = Callable[[dict[str, Any]], Path]
Content = Callable[[], dict[str, Any]]


def test_a_full_file_is_read_key_by_key(write_params: Write, params_content: Content) -> None:
    found = params.load(write_params(params_content()))
    assert found.model_dump(mode="json", by_alias=True) == params_content()


def test_lists_are_kept_as_tuples_so_that_nobody_changes_them(write_params: Write, params_content: Content) -> None:
    found = params.load(write_params(params_content()))
    assert found.prepare.targets == ("y",)
    assert found.propose.alpha == (2.0, 10.0)
    assert found.search.training.learning_rates == (1e-3, 3e-3)


def test_the_time_may_be_spread_over_columns(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["prepare"]["time"] = ["year", "month", "day", "hour"]
    assert params.load(write_params(content)).prepare.time == ("year", "month", "day", "hour")


def test_a_number_with_an_exponent_and_no_point_is_a_number(write_params: Write, params_content: Content) -> None:
    # YAML 1.1 reads 1e-3 as text; DVC reads YAML 1.2, and so must we.
    path = write_params(params_content())
    text = path.read_text().replace("max_gradient_norm: 1.0", "max_gradient_norm: 1e-3")
    assert "max_gradient_norm: 1e-3" in text
    path.write_text(text)
    assert params.load(path).search.training.max_gradient_norm == 1e-3


def test_whole_numbers_serve_where_fractions_may_stand(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["propose"]["growth"] = 2
    content["search"]["training"]["weight_decays"] = [0]
    found = params.load(write_params(content))
    assert isinstance(found.propose.growth, float)
    assert found.search.training.weight_decays == (0.0,)


def test_parameters_cannot_be_changed_once_read(write_params: Write, params_content: Content) -> None:
    found = params.load(write_params(params_content()))
    with pytest.raises(Exception, match="frozen"):
        found.split.folds = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("section", "changes", "told"),
    [
        ("prepare", {"past_covariates": ["y"]}, "prepare: column 'y' is named twice"),
        ("propose", {"alpha": [10, 2]}, "propose: alpha: the loose one comes first"),
    ],
)
def test_keys_of_a_section_must_fit_each_other(
    write_params: Write, params_content: Content, section: str, changes: dict[str, Any], told: str
) -> None:
    content = params_content()
    content[section] |= changes
    with pytest.raises(InputError, match=told):
        params.load(write_params(content))


def test_a_projection_needs_an_lstm(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["propose"]["network"] |= {"cell": "gru", "projection": 4}
    with pytest.raises(InputError, match=r"propose\.network: projection needs cell: lstm"):
        params.load(write_params(content))


@pytest.mark.parametrize("rungs", [[3, 2], [2, 2], [11], []])
def test_rungs_rise_within_the_epochs_and_several_settings_need_one(
    write_params: Write, params_content: Content, rungs: list[int]
) -> None:
    content = params_content()
    content["search"]["training"]["rungs"] = rungs
    with pytest.raises(InputError, match=r"search\.training: rungs"):
        params.load(write_params(content))


def test_one_setting_needs_no_rung(write_params: Write, params_content: Content) -> None:
    content = params_content()
    content["search"]["training"] |= {"learning_rates": [1e-3], "rungs": []}
    assert params.load(write_params(content)).search.training.rungs == ()


def test_a_window_must_see_one_season(write_params: Write, params_content: Content) -> None:
    # The seasonal naive forecast has nothing to repeat otherwise.
    content = params_content()
    content["baseline"]["season"] = 7
    path = write_params(content)
    with pytest.raises(InputError) as caught:
        params.load(path)
    assert str(caught.value).startswith(f"{path}: baseline.season is longer than window.lookback")
