"""`params.yaml`: the only configuration, and its schema. No key has a default in code."""

import math
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cellsize.errors import InputError

Positive = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Names = tuple[str, ...]
Metric = Literal["mse", "mae"]
Counted = Literal["targets", "windows", "sequences", "effective"]
CountedInputs = Literal["step", "window"]
Procedure = Literal["climb", "grid", "random", "alpha"]
Cell = Literal["lstm", "gru", "rnn"]
Skip = Literal["none", "linear", "joint"]
Head = Literal["plain", "mixed"]
BoundKind = Literal["neurons", "parameters"]
BudgetUnit = Literal["parameters", "bytes", "milliseconds"]
Rule = Literal["adequate", "one_standard_error", "best", "within_percent", "budget"]


# Keys that had another name before 0.1.0, and None where the key is gone.
RENAMED: dict[str, str | None] = {
    "root": None,
    "prepare.features": "prepare.past_covariates",
    "prepare.categories": "prepare.categorical_covariates",
    "prepare.known": "prepare.known_future_covariates",
    "split.stop": "split.early_stopping",
    "split.stop.share": "split.early_stopping.fraction",
    "split.early_stopping.share": "split.early_stopping.fraction",
    "baseline.season": "baseline.seasons",
    "search.reach": "search.minimum_units",
    "search.effort": None,
    "search.cost_limit": None,
    "search.training.batch": "search.training.batch_size",
    "search.training.clip": "search.training.max_gradient_norm",
    "search.training.average": "search.training.ema_decay",
    "search.training.epochs": None,
    "search.training.schedule": None,
    "choose.tolerance": None,
}

# What became a list with its new name: to rename it alone would be refused.
NOW_LISTS = ("baseline.seasons",)


class Section(BaseModel):
    """A section refuses unknown keys, and text in place of numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _lists_become_tuples(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class Prepare(Section):
    """Which table, which columns, which clock."""

    table: str
    time: str | Annotated[Names, Field(min_length=1)]
    series: str | None
    targets: Annotated[Names, Field(min_length=1)]
    past_covariates: Names
    categorical_covariates: Names
    known_future_covariates: Names
    calendar: tuple[Literal["hour", "weekday", "weekend", "month"], ...]
    linear_calendar: tuple[
        Literal["hour_of_week", "hour_of_day", "day_of_week", "day_of_year", "day_of_month", "month_of_year"], ...
    ]
    holidays: str | None
    timezone: str | None
    frequency: str
    gap: Positive

    @model_validator(mode="after")
    def _columns_named_once(self) -> "Prepare":
        named = [*self.targets, *self.past_covariates, *self.categorical_covariates, *self.known_future_covariates]
        duplicated = sorted({name for name in named if named.count(name) > 1})
        if duplicated:
            raise ValueError(f"column {duplicated[0]!r} is named twice: give each column one role")
        if self.series in named:
            raise ValueError(f"column {self.series!r} is series and something else: give each column one role")
        for key in ("calendar", "linear_calendar"):
            if len(set(getattr(self, key))) < len(getattr(self, key)):
                raise ValueError(f"{key}: name each feature once")
        return self


class Window(Section):
    """What a window sees, what it predicts, and how both are transformed."""

    lookback: Positive
    linear_lookback: Positive | None
    horizon: Positive
    fill: Annotated[int, Field(ge=0)]
    transform: Literal["none", "log1p", "sqrt"]
    normalise: Literal["none", "last", "standard"]

    @property
    def steps_seen(self) -> int:
        """Steps that a window sees: those that the linear part sees, of which the cells see the last `lookback`."""
        return self.lookback if self.linear_lookback is None else self.linear_lookback

    @model_validator(mode="after")
    def _the_linear_part_sees_what_the_cells_see(self) -> "Window":
        if self.steps_seen < self.lookback:
            raise ValueError("linear_lookback: less than lookback; raise it, or set null: the same steps")
        return self


class EarlyStopping(Section):
    """The early-stopping set of each fold: it decides when to stop, and which settings to use."""

    fraction: Annotated[float, Field(gt=0, le=0.5)]
    blocks: Positive


class Split(Section):
    """The holdout and the folds."""

    holdout: Annotated[float, Field(gt=0, le=0.5)]
    folds: Annotated[int, Field(ge=2)]
    scheme: Literal["contiguous", "expanding", "sliding", "groups", "shuffled"]
    early_stopping: EarlyStopping


class Network(Section):
    """What every candidate has in common."""

    model_config = ConfigDict(use_attribute_docstrings=True)  # they go into the schema of candidates.json

    cell: Cell
    """Kind of recurrent cell."""
    projection: Annotated[int, Field(ge=0)]
    """Width of a recurrent projection (lstm), 0 for none."""
    bidirectional: bool
    """Whether a second direction reads the window backwards."""
    summary: Literal["last", "mean"]
    """What the head reads of the last layer: its last step, or the mean over the steps."""
    skip: Annotated[tuple[Skip, ...], Field(min_length=1)]
    """What the cells stand beside; several are tuned: nothing, the ridge-linear model as it is, or trained along."""
    head: Annotated[tuple[Head, ...], Field(min_length=1)]
    """How the head is made; several are tuned: linear, or in addition one hidden layer over memory and known future."""

    @field_validator("skip", "head", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @property
    def has_linear_skip(self) -> bool:
        """Whether some setting has a linear skip connection."""
        return any(skip != "none" for skip in self.skip)

    @model_validator(mode="after")
    def _projection_is_for_lstm(self) -> "Network":
        if self.projection and self.cell != "lstm":
            raise ValueError("projection needs cell: lstm; set projection to 0")
        return self

    @model_validator(mode="after")
    def _named_once(self) -> "Network":
        for key, values in (("skip", self.skip), ("head", self.head)):
            if len(set(values)) < len(values):
                raise ValueError(f"{key}: name each once")
        return self


class Propose(Section):
    """The grid of sizes, and the rule that bounds it."""

    samples: Counted
    inputs: CountedInputs
    bound: BoundKind
    alpha: tuple[Annotated[float, Field(ge=1)], Annotated[float, Field(ge=1)]]
    layers: Annotated[int, Field(ge=1, le=6)]
    growth: Annotated[float, Field(gt=1)]
    mlp_units: tuple[Positive, ...]
    include_rules_of_thumb: bool
    network: Network

    @model_validator(mode="after")
    def _alpha_is_loose_then_tight(self) -> "Propose":
        if self.alpha[0] > self.alpha[1]:
            raise ValueError("alpha: the loose one comes first, as in [2, 10]")
        return self


class Baseline(Section):
    """The models without memory cells that the network is compared with."""

    seasons: Annotated[tuple[Positive, ...], Field(min_length=1)]
    penalties: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)]
    classical: Literal["AutoETS", "AutoTheta", "none"]
    origins: Positive
    history: Positive

    @model_validator(mode="after")
    def _seasons_named_once(self) -> "Baseline":
        if len(set(self.seasons)) < len(self.seasons):
            raise ValueError("seasons: name each season once")
        return self


class Training(Section):
    """How one network is trained; the same for every size."""

    learning_rates: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)]
    dropouts: Annotated[tuple[Annotated[float, Field(ge=0, lt=1)], ...], Field(min_length=1)]
    weight_decays: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)]
    check_every: Positive
    rungs: tuple[Positive, ...]
    seeds: Positive
    steps: Positive
    maximum_steps: Positive
    patience: Positive
    batch_size: Positive
    max_gradient_norm: Annotated[float, Field(gt=0)]
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    engine: Literal["auto", "fused", "torch"]

    @model_validator(mode="after")
    def _steps_are_whole_checks(self) -> "Training":
        for key in ("steps", "maximum_steps", "patience"):
            if getattr(self, key) % self.check_every:
                raise ValueError(f"{key}: give a multiple of check_every ({self.check_every} steps)")
        if any(rung % self.check_every for rung in self.rungs):
            raise ValueError(f"rungs: give multiples of check_every ({self.check_every} steps)")
        if self.maximum_steps < self.steps:
            raise ValueError("maximum_steps: give at least steps; steps itself prolongs nothing")
        return self

    @model_validator(mode="after")
    def _rungs_rise(self) -> "Training":
        if list(self.rungs) != sorted(set(self.rungs)) or (self.rungs and self.rungs[-1] > self.steps):
            raise ValueError("rungs: give rising numbers of steps, none above steps")
        return self


class Search(Section):
    """Which sizes are trained, where, and how."""

    procedure: Procedure
    patience: Positive
    minimum_units: Positive
    work_limit: Annotated[float, Field(gt=0)]
    maximum_seeds: Positive
    sample: Positive
    seed: Annotated[int, Field(ge=0)]
    workers: Annotated[int, Field(ge=0)]
    gpus_per_trial: Annotated[float, Field(ge=0)]
    training: Training


class Choose(Section):
    """What is scored, and the rule that turns scores into a size."""

    metric: Metric
    rule: Rule
    margin: Annotated[float, Field(ge=0)]
    least_margin: Annotated[float, Field(gt=0)]
    probability: Annotated[float, Field(gt=0.5, lt=1)]
    percent: Annotated[float, Field(ge=0)]
    budget: BudgetUnit
    limit: Annotated[float, Field(gt=0)]


class Refit(Section):
    """The last training."""

    seed: Annotated[int, Field(ge=0)]


class Evaluate(Section):
    """The one look at the holdout."""

    champion: bool


class Register(Section):
    """The gate and the name in the registry."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    beat: tuple[Literal["naive", "seasonal_naive", "ridge_linear", "boosted_trees", "classical"], ...]


class Report(Section):
    """The page a person reads."""

    title: str
    unit: str
    examples: Positive


class Mlflow(Section):
    """Where runs and models are kept; a relative SQLite path starts in the folder of params.yaml."""

    uri: str
    experiment: str


class Params(Section):
    """The whole file: one section a stage."""

    mlflow: Mlflow
    prepare: Prepare
    window: Window
    split: Split
    propose: Propose
    baseline: Baseline
    search: Search
    choose: Choose
    refit: Refit
    evaluate: Evaluate
    register_: Annotated[Register, Field(alias="register")]
    report: Report

    @model_validator(mode="after")
    def _several_settings_are_decided_on(self) -> "Params":
        training, network = self.search.training, self.propose.network
        tuned = (training.learning_rates, training.dropouts, training.weight_decays, network.skip, network.head)
        if math.prod(map(len, tuned)) > 1 and not training.rungs:
            raise ValueError("search.training.rungs: with several settings to try, give at least one step to decide at")
        return self

    @model_validator(mode="after")
    def _beaten_is_measured(self) -> "Params":
        if "classical" in self.register_.beat and self.baseline.classical == "none":
            raise ValueError("register.beat names classical, but baseline.classical is none; remove it or name a model")
        return self


def load(path: Path) -> Params:
    """Reads and checks the whole file.

    Args:
        path: A YAML 1.2 file (`1e-3` is a number, as it is for DVC).

    Returns:
        The checked parameters.

    Raises:
        InputError: The file is missing, is not YAML, or a key is old, unknown, missing or out of range.
    """
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; copy params.yaml from the cellsize repository") from None
    except IsADirectoryError:
        raise InputError(f"{path}: a folder; give a file with the parameters") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InputError(f"{path}, line {line}: {error.problem}; fix the YAML") from None
    except YAMLError as error:
        raise InputError(f"{path}: {error}; fix the YAML") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: holds no keys; copy params.yaml from the cellsize repository")
    _refuse_old_keys(path, content)
    _refuse_infinite(path, content)
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_complaint(error)}") from None


def _refuse_old_keys(path: Path, content: dict[str, object]) -> None:
    """Names all old keys at once, so that they can be renamed at once."""
    remedies = []
    for old, new in RENAMED.items():
        if _holds(content, old):
            remove = new is None or _holds(content, new)
            as_list = ", as a list" * (new in NOW_LISTS)
            remedies.append(f"remove {old}" if remove else f"rename {old} to {new}{as_list}")
    head, summary = "propose.network.head", "propose.network.summary"
    if _value(content, head) in ("last", "mean"):  # what another key says now; a head is something else
        if _holds(content, summary):
            remedies.append(f"set {head}: [plain, mixed]; what it was is {summary} now")
        else:
            remedies.append(f"rename {head} to {summary} and add {head}: [plain, mixed]")
    if remedies:
        raise InputError(f"{path}: keys of an older version; {', '.join(remedies)}")


def _holds(content: dict[str, object], key: str) -> bool:
    """Whether a dotted key stands in the content."""
    *sections, name = key.split(".")
    section = _value(content, ".".join(sections)) if sections else content
    return isinstance(section, dict) and name in section


def _value(content: dict[str, object], key: str) -> object:
    """What stands at a dotted key; None if it does not stand in the content."""
    value: object = content
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _complaint(error: ValidationError) -> str:
    """One of the errors, as `key.path: what is wrong; what to do`."""
    details = error.errors()
    # An unknown key comes first: where it is a misspelling, that is why the right one is missing.
    detail = next((detail for detail in details if detail["type"] == "extra_forbidden"), details[0])
    # Where a key may be of two kinds, pydantic adds the kind to the place: prepare.time.str.
    kinds = ("function", "str", "tuple[")
    key = ".".join(str(name) for name in detail["loc"] if not str(name).startswith(kinds))
    if detail["type"] == "extra_forbidden":
        section, name = detail["loc"][:-1], str(detail["loc"][-1])
        missing = [other["loc"] for other in details if other["type"] == "missing"]
        similar = get_close_matches(name, [str(place[-1]) for place in missing if place[:-1] == section], n=1)
        return f"{key}: unknown key; " + (f"rename it to {similar[0]}" if similar else "remove it or fix its spelling")
    if detail["type"] == "missing":
        return f"{key}: missing; add it: copy it from params.yaml of the cellsize repository"
    message = detail["msg"].removeprefix("Value error, ")
    if not key:
        return message
    return f"{key}: {message} (found {detail['input']!r})" if _is_plain(detail["input"]) else f"{key}: {message}"


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool | None | tuple)


def _refuse_infinite(path: Path, content: dict[str, object]) -> None:
    """Refuses `.nan` and `.inf`: each passes some of the range checks."""
    stack: list[tuple[str, object]] = [("", content)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{path}: {key.lstrip('.')}: {value} is not a finite number; give one that is")
        if isinstance(value, dict):
            stack += [(f"{key}.{name}", entry) for name, entry in value.items()]
        if isinstance(value, list):
            stack += [(key, entry) for entry in value]
