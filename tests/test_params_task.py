"""Which values suit which task: one line that names the key and a value that does."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from cellsize.params import Params
from cellsize.params_task import OF_A_CLASSIFICATION, misfit

CLASSIFY: dict[str, Any] = {
    "task": "classify", "prepare.categorical_covariates": [], "prepare.known_future_covariates": [],
    "prepare.calendar": [], "prepare.timezone": None, "prepare.frequency": "step", "window.horizon": 1,
    "window.normalise": "none", "split.scheme": "stratified", "baseline.classical": "none",
    "choose.metric": "log_loss", "register.beat": ["majority_class", "boosted_trees"],
}  # fmt: skip

REGRESS = CLASSIFY | {"task": "regress", "choose.metric": "mae", "window.transform": "log1p", "register.beat": []}


TEXT = CLASSIFY | {
    "prepare.text": {"column": "name", "characters": 26, "case": "lower"}, "prepare.time": None, "prepare.series": None,
    "prepare.past_covariates": [],
}  # fmt: skip


def changed(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Content of a params.yaml with other values."""
    for key, value in changes.items():
        *sections, last = key.split(".")
        section = content
        for name in sections:
            section = section[name]
        section[last] = value
    return content


def test_each_task_has_params_that_suit_it(params_content: Callable[[], dict[str, Any]]) -> None:
    assert misfit(Params.model_validate(params_content())) is None
    assert misfit(Params.model_validate(changed(params_content(), CLASSIFY))) is None
    for scheme in ("stratified", "shuffled"):
        assert misfit(Params.model_validate(changed(params_content(), REGRESS | {"split.scheme": scheme}))) is None
    assert misfit(Params.model_validate(changed(params_content(), TEXT))) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split.scheme": "stratified"}, "split.scheme: stratified is for tasks with whole sequences; set contiguous"),
        ({"choose.metric": "log_loss"}, "choose.metric: log_loss is for task: classify; set mse or mae"),
        ({"prepare.group": "who"}, "prepare.group: who does not suit task: forecast; set prepare.group: null"),
        (
            {"split.duplicates": "spread"},
            "split.duplicates: spread does not suit task: forecast; set split.duplicates: gr",
        ),
        (
            {"prepare.text": TEXT["prepare.text"]},
            "prepare.text: {column: name, characters: 26, case: lower} does not suit task: forecast; set prep",
        ),
        (TEXT | {"prepare.time": "when"}, "prepare.time: when does not suit task: classify; set prepare.time: null"),
        (TEXT | {"prepare.past_covariates": ["x"]}, "prepare.past_covariates: [x] does not suit task: classify; set"),
        (CLASSIFY | {"prepare.series": None}, "prepare.series: null, but task: classify has many sequences"),
        (CLASSIFY | {"prepare.targets": ["y", "z"]}, "prepare.targets: 2 columns, but a sequence has one label"),
        (CLASSIFY | {"prepare.past_covariates": []}, "prepare.past_covariates: empty, but task: classify reads"),
        (CLASSIFY | {"window.horizon": 3}, "window.horizon: 3 does not suit task: classify; set window.horizon: 1"),
        (CLASSIFY | {"prepare.calendar": ["hour"]}, "prepare.calendar: [hour] does not suit task: classify; set prepa"),
        (
            CLASSIFY | {"propose.network.head": ["encoder_decoder"]},
            "propose.network.head: encoder_decoder is for task: forecast, which has steps to decode; leave it out",
        ),
        (
            CLASSIFY | {"register.beat": ["majority_class", "naive"]},
            "register.beat: naive is no baseline of task: classify; name some of majority_class, logistic_regression",
        ),
        ({"register.beat": ["majority_class"]}, "register.beat: majority_class is no baseline of task: forecast"),
        (CLASSIFY | {"choose.metric": "mse"}, "choose.metric: mse does not suit task: classify; set choose.metric: lo"),
        (
            REGRESS | {"choose.metric": "log_loss"},
            "choose.metric: log_loss does not suit task: regress; set choose.metri",
        ),
        (REGRESS | {"register.beat": ["mean"]}, "register.beat: mean is not the best constant for mae; name median"),
        (
            REGRESS | {"choose.metric": "mse", "register.beat": ["mean", "median"]},
            "register.beat: median is not the best constant for mse; name mean",
        ),
        (CLASSIFY | {"register.beat": ["mean"]}, "register.beat: mean is no baseline of task: classify; name some of"),
        (REGRESS | {"prepare.series": None}, "prepare.series: null, but task: regress has many sequences"),
    ],
)
def test_what_a_task_cannot_do_is_said_with_a_value_that_it_can(
    params_content: Callable[[], dict[str, Any]], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Params.model_validate(changed(params_content(), changes))
    assert refused.value.errors()[0]["msg"].removeprefix("Value error, ").startswith(message)


def test_every_key_that_is_looked_at_exists(params_content: Callable[[], dict[str, Any]]) -> None:
    content = params_content()
    for key in OF_A_CLASSIFICATION:
        section, _, name = key.partition(".")
        assert name in content[section], key
