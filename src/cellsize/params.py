"""The schema of `params.yaml`, the only configuration. No key has a default in code."""

import math
import re
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from cellsize import params_task
from cellsize.errors import masked
from cellsize.params_data import Natural, Positive, Prepare, Section, Split, Window

Task = Literal["forecast", "classify", "regress"]
Metric = Literal["mse", "mae", "quantile", "log_loss"]
Counted = Literal["targets", "windows", "sequences", "effective"]
CountedInputs = Literal["step", "window"]
Procedure = Literal["climb", "grid", "random", "alpha"]
Cell = Literal["lstm", "gru", "rnn"]
Skip = Literal["none", "linear", "joint"]
Head = Literal["plain", "mixed", "encoder_decoder"]
BoundKind = Literal["neurons", "parameters"]
BudgetUnit = Literal["parameters", "bytes", "milliseconds"]
Precision = Literal["32-true", "bf16-mixed"]
Beaten = Literal[
    "naive",
    "seasonal_naive",
    "ridge_linear",
    "boosted_trees",
    "classical",
    "majority_class",
    "logistic_regression",
    "mean",
    "median",
]
Rule = Literal["adequate", "one_standard_error", "best", "within_percent", "budget"]


class Network(Section):
    """What every candidate has in common."""

    model_config = ConfigDict(use_attribute_docstrings=True)  # they go into the schema of candidates.json

    cell: Cell
    """Kind of recurrent cell."""
    projection: Natural
    """Width of a recurrent projection (lstm), 0 for none."""
    bidirectional: bool
    """Whether a second direction reads the window backwards."""
    summary: Literal["last", "mean"]
    """What the head reads of the last layer: its last step, or the mean over the steps."""
    skip: Annotated[tuple[Skip, ...], Field(min_length=1)]
    """What the cells stand beside; several are tuned: nothing, the ridge-linear model as it is, or trained along."""
    head: Annotated[tuple[Head, ...], Field(min_length=1)]
    """How the head is made; several are tuned: linear, or in addition one hidden layer over memory and known future, or
    a decoder: recurrent layers of the same units that carry the state on over the steps to be predicted."""

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
    def _a_decoder_carries_one_state_on(self) -> "Network":
        if "encoder_decoder" in self.head and (self.bidirectional or self.projection):
            key = "bidirectional: true" if self.bidirectional else f"projection: {self.projection}"
            remedy = "bidirectional: false" if self.bidirectional else "projection: 0"
            raise ValueError(
                f"{key} has no state that a decoder could carry on; set {remedy}, or leave encoder_decoder out of head"
            )
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


class Compute(Section):
    """Where trials run, and on what: Ray's cluster, devices, and the storage of what is finished."""

    address: Annotated[str, Field(min_length=1)]
    trials: Natural
    cpus_per_trial: Positive
    gpus_per_trial: Annotated[float, Field(ge=0)] | None
    devices_per_trial: Positive | None
    precision: Precision
    storage: Annotated[str, Field(min_length=1)] | None
    timeout: Annotated[float, Field(gt=0)]

    @field_validator("address")
    @classmethod
    def _ray_is_reached_from_a_node_of_its_own(cls, value: str) -> str:
        # Through Ray's client the driver would run elsewhere, and what it prints and records with it.
        if "://" in value:
            raise ValueError("give local, auto or host:port, and start the search on a node of the cluster")
        if value not in ("local", "auto") and not re.fullmatch(r"[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:.]+\]:\d{1,5}", value):
            raise ValueError("give local, auto or the host:port of a cluster's head, such as 10.0.0.1:6379")
        return value

    @field_validator("gpus_per_trial")
    @classmethod
    def _gpus_are_shared_or_whole(cls, value: float | None) -> float | None:
        if value is not None and value > 1 and value != int(value):
            raise ValueError("give a part of one GPU, or whole ones: 0.5, 1, 2")
        return value

    @field_validator("storage")
    @classmethod
    def _a_folder_or_a_bucket_and_no_secret(cls, value: str | None) -> str | None:
        if value is not None and "://" in value:
            scheme, _, rest = value.partition("://")
            if "@" in rest.split("/")[0]:
                raise ValueError("names a user or a key; give s3://bucket/prefix: keys come from the environment")
            if scheme != "s3" or not re.match(r"[a-z0-9.-]{3,63}(/|\?|$)", rest):
                raise ValueError("give a folder that all nodes share, s3://bucket/prefix, or null")
        return value


class Search(Section):
    """Which sizes are trained, where, and how."""

    procedure: Procedure
    patience: Positive
    minimum_units: Positive
    work_limit: Annotated[float, Field(gt=0)]
    maximum_seeds: Positive
    sample: Positive
    seed: Natural
    compute: Compute
    training: Training


class Choose(Section):
    """What is scored, and the rule that turns scores into a size."""

    metric: Metric
    quantiles: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=1, max_length=20)] | None
    rule: Rule
    margin: Annotated[float, Field(ge=0)]
    least_margin: Annotated[float, Field(gt=0)]
    probability: Annotated[float, Field(gt=0.5, lt=1)]
    percent: Annotated[float, Field(ge=0)]
    budget: BudgetUnit
    limit: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _quantiles_are_for_their_metric(self) -> "Choose":
        if self.metric != "quantile":
            if self.quantiles is not None:
                raise ValueError(f"quantiles are for metric: quantile, not {self.metric}; set quantiles: null")
            return self
        if self.quantiles is None:
            raise ValueError("quantiles: null, but metric: quantile needs levels; set quantiles: [0.1, 0.5, 0.9]")
        if list(self.quantiles) != sorted(set(self.quantiles)) or 0.5 not in self.quantiles:
            raise ValueError("quantiles: give rising levels, 0.5 among them, which is the forecast: [0.1, 0.5, 0.9]")
        return self


class Refit(Section):
    """The last trainings."""

    seed: Natural
    twins: Annotated[int, Field(ge=2, le=100)]


class Evaluate(Section):
    """The one look at the holdout."""

    champion: bool


class Register(Section):
    """The gate and the name in the registry."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    beat: tuple[Beaten, ...]
    margin: Annotated[float, Field(ge=0, lt=100)]
    probability: Annotated[float, Field(gt=0.5, lt=1)]
    not_worse: Annotated[float, Field(gt=0.5, lt=1)]
    blocks: Annotated[int, Field(ge=4)]


class Report(Section):
    """The page a person reads."""

    title: str
    unit: str
    examples: Positive


class Mlflow(Section):
    """Where runs and models are kept; a relative SQLite path starts in the folder of params.yaml."""

    uri: str
    experiment: str

    @field_validator("uri")
    @classmethod
    def _is_no_secret(cls, value: str) -> str:
        # DVC copies this section to dvc.lock, and both files are committed.
        if masked(value) != value:
            raise ValueError(
                "a password here would be in git and in dvc.lock; set the environment variable MLFLOW_TRACKING_URI to "
                "the whole address, and write it here without the password"
            )
        return value


class Params(Section):
    """The whole file: one section a stage."""

    task: Task
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
    def _values_suit_the_task(self) -> "Params":
        found = params_task.misfit(self)
        if found is not None:
            raise ValueError(found)
        return self

    @model_validator(mode="after")
    def _quantiles_have_what_they_need(self) -> "Params":
        if self.choose.metric == "quantile":
            if self.baseline.classical != "none":
                raise ValueError(
                    f"baseline.classical: {self.baseline.classical} gives no quantiles (choose.metric); set none"
                )
            if self.window.scale == "series":
                raise ValueError("window.scale: series is not for choose.metric: quantile; set window.scale: global")
        return self

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
