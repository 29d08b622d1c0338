"""The JSON files that pass between stages and to consumers, one model each: written and read here, nowhere else.

They are on the lowest floor that knows what a size is, so that every floor above can read them. Their JSON schema is
in `docs/schemas/`.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from cellsize import files
from cellsize.errors import InputError
from cellsize.params import (
    BoundKind,
    BudgetUnit,
    Cell,
    Counted,
    CountedInputs,
    Head,
    Metric,
    Network,
    Procedure,
    Rule,
    Skip,
)
from cellsize.sizing.adequacy import Verdict
from cellsize.sizing.sizes import Size


class Artefact(BaseModel):
    """A file of results: no key is missing, none is unknown, nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    def write(self, path: Path) -> None:
        """Writes JSON, keys in the order below; whole or not at all."""
        files.write_json(path, self.model_dump(mode="json"))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads what `write` wrote.

        Raises:
            InputError: The file is not there, or another version of cellsize wrote it.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; run `cellsize run`, which makes it") from None
        except ValidationError as error:
            raise InputError(
                f"{path}: {_first(error)}; remove the file and run `cellsize run`, which makes it again"
            ) from None


def _first(error: ValidationError) -> str:
    """The first complaint, as `key.path: what is wrong`; without a key if the file is not JSON."""
    detail = error.errors()[0]
    reasons = {"extra_forbidden": "unknown key", "missing": "missing key"}
    place = [".".join(map(str, detail["loc"]))] if detail["loc"] else []
    return ": ".join([*place, reasons.get(detail["type"], detail["msg"])])


class Sized(Artefact):
    """Something about one size."""

    layers: int
    """Recurrent layers; 0 without memory cells."""
    units: int
    """Memory cells in each layer; 0 without memory cells."""

    @property
    def size(self) -> Size:
        """The size it is about."""
        return Size(self.layers, self.units)


# --- inspection.json --------------------------------------------------------------------------------------------------


class InspectedOption(Artefact):
    """One change of `params.yaml`, tried alone."""

    key: str
    """The key, as `section.key`."""
    value: str
    """What it would be, as YAML."""
    nmse: float
    """Normalised MSE of the ridge-linear model with it."""
    nmae: float
    """Normalised MAE of the same forecasts."""
    gain: float
    """Fraction of the error that `metric` names that it saves."""
    gain_mae: float
    """Fraction of the normalised MAE that it saves."""
    worth: bool
    """Whether it saves at least 2 %, on every fold, and no less in absolute errors."""


class Advice(Artefact):
    """One change of `params.yaml` that is advised."""

    key: str
    """The key, as `section.key`."""
    value: str
    """What it should be, as YAML."""
    gain: float
    """Fraction of the error that `metric` names that it saves in addition to the advice before it."""


class SeriesLeftOut(Artefact):
    """A series from which nothing is learnt."""

    series: str
    """Its name."""
    reason: str
    """Why."""


class GivenAway(Artefact):
    """A target that known-future covariates of the same step tell."""

    target: str
    """Column."""
    covariates: tuple[str, ...]
    """The covariate, or those that tell it together."""
    explained: float
    """Fraction of its variance that they explain on the early-stopping sets, fitted on the training sets."""


class Remarks(Artefact):
    """What is odd about the data before the holdout."""

    series: int
    """Series in the table."""
    left_out: int
    """Series from which nothing is learnt."""
    first_left_out: tuple[SeriesLeftOut, ...]
    """The first 20 of them."""
    given_away: tuple[GivenAway, ...]
    """Targets that are known when they are to be forecast."""
    mostly_missing: dict[str, float]
    """Target → fraction of the rows in which it is missing, if that is more than half."""
    few_values: dict[str, tuple[float, ...]]
    """Target → its values, if there are at most 20."""
    mostly_zero: dict[str, float]
    """Target → fraction of its values that are 0, if that is more than half."""


class Inspection(Artefact):
    """`reports/inspection.json`: what a window should show, measured by ridge inside the training parts."""

    metric: Metric
    """Which of the two errors ranks the options and chooses ridge penalties: `mse` or `mae`."""
    folds: int
    """Folds that were looked at."""
    windows: int
    """Windows scored in all of them, of their early-stopping sets; the same for all options."""
    nmse: float
    """As declared: MSE in the table's units, divided by the variance of the training targets."""
    nmae: float
    """As declared: MAE divided by their mean absolute deviation from the median."""
    seasons: tuple[int, ...]
    """Seasons found in the autocorrelation of the training rows, in steps."""
    declared_seasons: tuple[int, ...]
    """Seasons of the seasonal naive baselines."""
    not_tried: tuple[int, ...]
    """Lookbacks that leave too few windows or too many inputs."""
    holidays: str | None
    """Country whose holidays were compared; `holiday` where the table has such a column; null if none was found."""
    options: tuple[InspectedOption, ...]
    """Every change, tried alone."""
    advice: tuple[Advice, ...]
    """The changes that are worth it, each in addition to those before it."""
    gain: float
    """Fraction of the error that `metric` names that all of them save."""
    remarks: Remarks
    """What is odd about the data."""


# --- candidates.json --------------------------------------------------------------------------------------------------


class SampleCounts(Artefact):
    """Training samples of the smallest fold, counted in four ways."""

    targets: int
    """Distinct target time points, over all series."""
    windows: int
    """Training windows."""
    sequences: int
    """Series."""
    effective: int
    """Targets divided by their integrated autocorrelation time."""


class InputCounts(Artefact):
    """Inputs of the network, counted in two ways."""

    step: int
    """Covariates and targets of one step."""
    window: int
    """All inputs fed: past columns × lookback + known-future columns × horizon."""


class Bound(Artefact):
    """What the rules of thumb allow for one count of samples and one α."""

    samples: Counted
    """What was counted."""
    alpha: float
    """The α of the rule."""
    neurons_by_step: int
    """Hidden units in all layers together, N_s / (α (N_i + N_o)), where N_i counts the inputs of a step."""
    neurons_by_window: int
    """The same where N_i counts all inputs fed."""
    parameters_by_outputs: int
    """Recurrent parameters, N_s · N_o / α."""
    parameters_by_samples: int
    """Recurrent parameters, N_s / α."""
    units_by_outputs: int
    """Units of one layer within `parameters_by_outputs`."""
    units_by_samples: int
    """Units of one layer within `parameters_by_samples`."""

    def neurons(self, counted: CountedInputs) -> int:
        """Hidden units in all layers together, N_i counted in one of the two ways."""
        return self.neurons_by_step if counted == "step" else self.neurons_by_window


class GridBound(Artefact):
    """The bound that the grid was made with."""

    kind: BoundKind
    """Whether it bounds units or recurrent parameters."""
    alpha: float
    """The loose α."""
    units: int
    """The most units: in all layers together (neurons), or in one layer (parameters)."""


class Candidate(Sized):
    """A size, and what it costs."""

    parameters: int
    """All parameters."""
    recurrent: int
    """Parameters of the recurrent layers, with PyTorch's two biases."""
    textbook: int
    """The same with one bias for each gate."""
    head: int
    """Parameters of the head."""
    linear: int
    """Parameters of the linear skip connection, or of the ridge-linear model."""
    multiply_adds: int
    """Multiply-adds of the recurrent layers for one step of one window."""
    window_work: int
    """Multiply-adds of one optimizer step for one window, with what each step of a layer costs beside them."""
    bytes: int
    """Bytes of all parameters as float32."""
    past_bound: bool
    """Whether it is past the bound."""
    at_bound: bool
    """Whether it is at the bound or past it."""
    on_grid: bool
    """Whether it is a step of a ladder."""
    guessed: bool
    """Whether a rule of thumb asks for it."""


class RuleOfThumb(Sized):
    """What one rule of thumb would have picked."""

    rule: str
    """The rule."""
    parameters: int
    """All parameters of that size."""


class Candidates(Artefact):
    """`build/candidates.json`: the sizes that may be trained, and the bounds."""

    counted: Counted
    """What N_s counts here."""
    samples: SampleCounts
    """N_s, counted in four ways."""
    folds: int
    """Number of folds."""
    counted_inputs: CountedInputs
    """What N_i counts here."""
    inputs: InputCounts
    """N_i, counted in two ways."""
    n_outputs: int
    """N_o: horizon × targets."""
    bound: GridBound
    """The bound that the grid was made with."""
    bounds: tuple[Bound, ...]
    """All bounds."""
    network: Network
    """What every candidate has in common."""
    candidates: tuple[Candidate, ...]
    """The sizes."""
    rules_of_thumb: tuple[RuleOfThumb, ...]
    """What guessing would have picked."""
    alpha_ladder: tuple[Candidate, ...]
    """The sizes of the α procedure, from loose to tight."""

    @property
    def n_samples(self) -> int:
        """N_s, in the way that counts here."""
        count: int = getattr(self.samples, self.counted)
        return count

    @property
    def n_inputs(self) -> int:
        """N_i, in the way that counts here."""
        return self.inputs.step if self.counted_inputs == "step" else self.inputs.window


# --- baselines.json ---------------------------------------------------------------------------------------------------


class Baselines(Artefact):
    """`build/baselines.json`: the baselines' normalised MSE or MAE on each fold's validation set."""

    metric: Metric
    """What the scores are: normalised MSE (`mse`) or normalised MAE (`mae`)."""
    all: dict[str, tuple[float, ...]]
    """Name → score of each fold, on all windows."""
    subset: dict[str, tuple[float, ...]]
    """The same at the origins where the classical model was fitted, itself included."""
    boosting_iterations: tuple[tuple[int, ...], ...]
    """For each fold, iterations of the boosted trees of each target: the best on the early-stopping set."""
    boosting_steps: tuple[int, ...]
    """For each fold, steps to predict that the boosted trees learnt from; all, or drawn at random."""
    boosting_windows: tuple[int, ...]
    """For each fold, windows that these are steps of."""
    training_windows: tuple[int, ...]
    """For each fold, windows of the training set."""


# --- choice.json and recipe.json --------------------------------------------------------------------------------------


class ScoredSize(Sized):
    """A size with its score."""

    parameters: int
    """All parameters."""
    score: float
    """Mean score over the folds' validation sets."""
    score_se: float
    """Plain standard error of that mean over the folds."""


class TriedSize(ScoredSize):
    """A size that was tried, compared with the best one."""

    recurrent: int
    """Parameters of the recurrent layers."""
    head: int
    """Parameters of the head."""
    linear: int
    """Parameters of the linear skip connection, or of the ridge-linear model."""
    learning_rate: float
    """The learning rate that most folds chose."""
    skip: Skip
    """What the cells stand beside, as most folds chose it."""
    head_type: Head
    """The head that most folds chose."""
    seeds: int
    """Seeds that it was trained with in each fold."""
    failure_rate: float
    """Fraction of its trainings that diverged or learnt nothing."""
    probability: float
    """Probability that it is no more than the margin worse than the best; 1 for the best."""
    verdict: Verdict
    """What the probability says: adequate, undecided, or too small."""
    difference: float
    """Score minus the best one's, paired over the folds."""
    difference_se: float
    """Corrected standard error of the difference."""
    within: bool
    """Whether the difference is no more than its standard error."""


class LadderStep(ScoredSize):
    """A size as a step of one kind's ladder."""

    recurrent: int
    """Parameters of the recurrent layers."""
    difference: float
    """Score minus the ladder's best, paired over the folds."""
    difference_se: float
    """Corrected standard error of the difference."""


class Ladder(Sized):
    """The sizes with memory cells of one kind of network; its own size is the one that the rule chooses of them."""

    kind: Literal["plain", "linear"]
    """plain: without a linear skip connection; linear: with one."""
    steps: tuple[LadderStep, ...]
    """The sizes, from the smallest."""

    @property
    def score(self) -> float:
        """Score of the size that is chosen of these."""
        return self._chosen.score

    @property
    def score_se(self) -> float:
        """Plain standard error of that score."""
        return self._chosen.score_se

    @property
    def _chosen(self) -> LadderStep:
        return next(step for step in self.steps if step.size == self.size)


class ScoredRule(RuleOfThumb):
    """A rule of thumb, with what its size scored where it was tried."""

    score: float | None
    """Its score."""
    difference: float | None
    """Its score minus the chosen size's."""
    difference_se: float | None
    """Corrected standard error of the difference."""


class LargerSize(Sized):
    """The larger size most likely to be better than the chosen one."""

    margin: float
    """Better means by more than this, in normalised errors."""
    probability: float
    """Probability that it is better."""


class LeftOut(Sized):
    """The next size of a ladder that still helped when `search.work_limit` ended it."""

    minutes: float
    """Minutes of one core that it would take."""


class UndecidedSize(Sized):
    """A size smaller than the answer of which it is not known whether it is adequate."""

    probability: float
    """Probability that it is no more than the margin worse than the best."""


class Budget(Artefact):
    """The limit that was set, and how much of it the choice costs."""

    unit: BudgetUnit
    """What is counted."""
    limit: float
    """What was set."""
    cost: float
    """What the chosen size costs."""


class Recipe(Sized):
    """`build/recipe.json`: what the refit trains."""

    learning_rate: float
    """Of the network; 0 without memory cells."""
    dropout: float
    """Fraction dropped after every layer."""
    weight_decay: float
    """Decoupled weight decay."""
    skip: Skip
    """What the cells stand beside: nothing (none), the ridge-linear model (linear), the same trained along (joint)."""
    head: Head
    """plain, or mixed: known-future covariates and what is remembered through one hidden layer."""
    steps: int
    """Optimizer steps."""
    penalty: float
    """Ridge penalty of the ridge-linear model."""


class Choice(Recipe):
    """`reports/choice.json`: the size, what it was compared with, and why."""

    metric: Metric
    """What the scores are: normalised MSE (`mse`) or normalised MAE (`mae`)."""
    cell: Cell
    """Kind of recurrent cell."""
    parameters: int
    """All parameters."""
    recurrent: int
    """Parameters of the recurrent layers."""
    linear: int
    """Weights of the linear model that the cells stand beside, or that takes their place."""
    score: float
    """Mean score over the folds' validation sets."""
    score_se: float
    """Plain standard error of that mean over the folds."""
    best: ScoredSize
    """The size with the lowest score."""
    zero_cells: ScoredSize
    """The ridge-linear model, without memory cells."""
    zero_cells_see: Literal["window", "known_future"]
    """What that model reads: the whole window, or what is known in future alone (every skip connection: none)."""
    mlp: ScoredSize | None
    """The best MLP, without memory cells; null if none was tried."""
    ladders: tuple[Ladder, ...]
    """The sizes with memory cells, apart for each kind of network that was trained."""
    prolonged: float
    """Fraction of the trainings that count that were prolonged beyond `search.training.steps`."""
    median_steps: int
    """Median of the optimizer steps of the trainings that count; 0 if no network was trained."""
    ended_by_patience: float
    """Fraction of them that ended because their early-stopping score had long not fallen."""
    difference: float
    """Score minus the best one's, paired over the folds."""
    difference_se: float
    """Corrected standard error of the difference."""
    larger: LargerSize | None
    """The larger size most likely to be better; null if none was tried."""
    margin: float
    """How much worse than the best a size may be and still be adequate, in normalised errors."""
    decided: bool
    """Whether a run with other seeds should say the same: nothing smaller is undecided, and cells are not left open."""
    undecided_sizes: tuple[UndecidedSize, ...]
    """Undecided sizes smaller than the answer, smallest first; none where the rule is not `adequate`."""
    bound: int
    """The bound that the grid was made with, in units."""
    bound_binding: bool
    """Whether the chosen size is at the bound or past it."""
    alpha_implied: float | None
    """The α at which the rule gives the chosen size; null without memory cells."""
    rule: Rule
    """The rule that chose."""
    budget: Budget | None
    """Limit and cost, where the rule is `budget`."""
    procedure: Procedure
    """How the sizes were searched."""
    reason: str
    """Why, in words."""
    caution: str
    """What to be careful about; empty if nothing."""
    at_least: bool
    """Whether larger sizes may well be better: the search ended while they helped, or with the best as the last one."""
    left_out: LeftOut | None
    """The size that `search.work_limit` left out while larger ones helped; null if there is none."""
    cells_left_open: bool
    """Whether no memory cells were chosen although some sizes learnt in some trainings and not in others."""
    rules_of_thumb: tuple[ScoredRule, ...]
    """What guessing would have picked, and what it scored."""
    sizes: tuple[TriedSize, ...]
    """Every size tried."""

    @property
    def recipe(self) -> Recipe:
        """What the refit trains: another reason for the same size needs no other model."""
        return Recipe(**{key: getattr(self, key) for key in Recipe.model_fields})


# --- evaluation.json --------------------------------------------------------------------------------------------------


class Errors(Artefact):
    """Errors of one model on some windows of the holdout."""

    mae: float
    """Mean absolute error, in the data's units."""
    rmse: float
    """Root mean squared error, in the data's units."""
    mase: float | None
    """MAE divided by the seasonal naive error before the holdout; null where that is 0."""
    nmse: float
    """Normalised MSE: MSE divided by the variance of the training targets, = 1 − R²."""
    nmae: float
    """Normalised MAE: MAE divided by the mean absolute deviation of the training targets from their median."""
    by_step: tuple[float | None, ...]
    """The normalised error that `metric` names, of each step of the horizon; null where none of it was observed."""


class ChampionErrors(Errors):
    """Errors of the current champion."""

    version: str
    """Its version."""


class Comparison(Artefact):
    """Challenger and champion on the same windows of the holdout, paired over blocks of time."""

    version: str
    """The champion's version."""
    how: Literal["served", "same_cut"]
    """served: the champion as it is served, on windows that it has learned no target of; same_cut: its recipe trained
    on the windows that the challenger's twins learned from."""
    windows: int
    """Windows compared."""
    rows_from: str
    """Time of the first target that is compared."""
    rows_until: str
    """Time of the last one."""
    blocks: int
    """Blocks of time that they lie in: seasons, at least as long as the horizon."""
    challenger: float
    """The challenger's normalised error that `metric` names on these windows, mean over its twins."""
    champion: float
    """The champion's; where its recipe was trained again, mean over the twins of it."""
    margin: float
    """What counts as better or worse, in percent of the champion's error."""
    better: float
    """Probability that the challenger is better by more than the margin."""
    not_worse: float
    """Probability that it is worse by no more than the margin."""
    smaller: bool
    """Whether it has fewer parameters."""
    same_network: bool
    """Whether both have the same size, cells, skip connection and head."""
    newer_rows: bool
    """Whether what would be served has learned from rows that the champion has not."""
    rerun: bool
    """Whether it is the champion's recipe on the champion's rows."""


class Subset(Artefact):
    """Errors at the origins where the classical model was fitted."""

    origins: int
    """Number of origins."""
    models: dict[str, Errors]
    """Name → errors, the classical model among them."""
    difference_se: dict[str, float]
    """Name → standard error of its score (by `metric`) minus the model's, paired over the origins."""


class SeriesErrors(Artefact):
    """Errors of the model on the holdout windows of one series."""

    series: str
    """Its name."""
    windows: int
    """Its windows in the holdout."""
    mae: float
    """Mean absolute error, in the data's units."""
    score: float
    """The normalised error that `metric` names; normalised over all series, so that those of all have it as mean."""
    seasonal_naive: float
    """The same of the seasonal naive forecast of the first season."""


class Evaluation(Artefact):
    """`reports/evaluation.json`: errors on the untouched holdout."""

    metric: Metric
    """Which of them opens the gate: normalised MSE (`mse`) or normalised MAE (`mae`)."""
    windows: int
    """Windows of the holdout."""
    rows_from: str
    """Time of the first target of the holdout."""
    rows_until: str
    """Time of the last one."""
    series: int
    """Series that the holdout has windows of."""
    model: Errors
    """The refitted choice: the mean errors of its twins, which have not learned from the holdout."""
    twins: tuple[Errors, ...]
    """Errors of each twin, in the order of the seeds; one without memory cells, where seeds change nothing."""
    baselines: dict[str, Errors]
    """Name → errors of the simple baselines, of the ridge-linear model and of boosted trees."""
    by_series: tuple[SeriesErrors, ...]
    """Errors of each series of the holdout, the worst score first; none if there is one series."""
    subset: Subset | None
    """All models where the classical one was fitted; null without one."""
    champion: ChampionErrors | None
    """The current champion on all of these windows; null if there is none, it cannot be measured, or only on some."""
    comparison: Comparison | None
    """Challenger and champion, paired; null if there is no champion or it cannot be measured."""
    champion_not_measured: str | None
    """Why the champion cannot be compared on the same windows; null if it can, or there is none."""
    champion_version: str | None
    """Version of the current champion, measured or not; null if there is none."""
    clipped: dict[str, int]
    """Column → values of the holdout that the model saw clipped, beyond what its training rows have shown."""
    coverage: dict[str, float]
    """Level of prediction intervals in percent → fraction of the holdout's targets within them: measured, never tuned.
    A level that the residuals of the folds are too few for is left out."""

    def error(self, errors: Errors) -> float:
        """Of some errors the one that opens the gate."""
        return errors.nmse if self.metric == "mse" else errors.nmae


# --- registration.json ------------------------------------------------------------------------------------------------


class Registration(Artefact):
    """`reports/registration.json`: what became of the model."""

    name: str
    """Name in the registry."""
    version: str
    """Version in the registry."""
    alias: str | None
    """`champion`, `challenger`, or null."""
    registered: bool
    """Whether the version is in the registry."""
    promoted: bool
    """Whether it is champion."""
    reason: str
    """Why it was promoted, or why not."""


# --- metrics.json -----------------------------------------------------------------------------------------------------


class Metrics(Artefact):
    """`reports/metrics.json`: the numbers that `dvc metrics diff` compares between commits."""

    layers: int
    """Chosen layers."""
    units: int
    """Chosen units a layer."""
    parameters: int
    """All parameters of the choice."""
    recurrent: int
    """Its recurrent parameters."""
    score: float
    """Its cross-validated score."""
    score_best: float
    """The best size's score."""
    score_zero_cells: float
    """The score without memory cells."""
    holdout_nmse: float
    """The model's normalised MSE on the holdout."""
    holdout_nmae: float
    """Its normalised MAE on the holdout."""
    holdout_mae: float
    """Its mean absolute error on the holdout, in the data's units."""
    holdout_nmse_naive: float
    """The naive forecast's normalised MSE on the holdout."""
    holdout_nmse_seasonal_naive: float
    """The best seasonal naive forecast's."""
    holdout_nmse_ridge_linear: float
    """The ridge-linear model's."""
    holdout_nmse_boosted_trees: float
    """The boosted trees'."""
