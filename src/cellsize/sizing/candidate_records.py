"""candidates.json: the sizes that may be trained, what they cost, and the bounds of rules of thumb."""

from cellsize.params import BoundKind, Counted, CountedInputs, Network
from cellsize.sizing.artefacts import Artefact, Sized


class SampleCounts(Artefact):
    """Training samples of the smallest fold, counted in four ways."""

    targets: int
    """Distinct target time points, over all series; labels."""
    windows: int
    """Training windows; labelled sequences."""
    sequences: int
    """Series; labelled sequences."""
    effective: int
    """Targets divided by their integrated autocorrelation time; of labelled
    sequences the groups, equal ones being one."""


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
    """N_o: horizon × targets; of a label one for each class, and one for two classes."""
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
