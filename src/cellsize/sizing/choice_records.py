"""choice.json: the size, what it was compared with, and why."""

from typing import Literal

from cellsize.params import BudgetUnit, Cell, Head, Metric, Procedure, Rule, Skip
from cellsize.sizing.adequacy import Verdict
from cellsize.sizing.artefacts import Artefact, Sized
from cellsize.sizing.candidate_records import RuleOfThumb
from cellsize.sizing.evaluation_records import MAY_BE_LEFT_OUT
from cellsize.sizing.recipe import Recipe


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
    ended_by_maximum: float | None = MAY_BE_LEFT_OUT
    """Fraction of them that `search.training.maximum_steps` ended, before patience did; left out where nobody has
    counted."""
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
    """Whether nothing smaller is undecided and cells are not left open. Of the rule `adequate` it says that a run with
    other seeds should say the same; other rules leave nothing undecided, whatever other seeds would say."""
    undecided_sizes: tuple[UndecidedSize, ...]
    """Undecided sizes smaller than the answer, smallest first; none where the rule is not `adequate`."""
    undecided_since: Literal["maximum_seeds", "work_limit", "folds"] | None = MAY_BE_LEFT_OUT
    """Why they stay undecided: all seeds that there may be were trained, the work limit was spent, or the folds
    disagree, so that more seeds would hardly help; left out where none is undecided, or nobody asked."""
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
    """The size that `search.work_limit` left out while larger ones helped, or after the best one; null if there is
    none."""
    not_ruled_out: LeftOut | None = MAY_BE_LEFT_OUT
    """The size that it left out before it was clear that none larger than an answer with memory cells helps; left out
    if there is none, or nobody asked."""
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
