"""The candidates: from what the data hold to a grid of sizes, and what the rules of thumb would say."""

from dataclasses import asdict
from typing import get_args

from cellsize.data.folds import Folds
from cellsize.errors import InputError
from cellsize.params import Counted, Propose
from cellsize.sizing.bound import count_inputs, count_outputs, count_samples, neurons, units_within
from cellsize.sizing.candidate_records import (
    Bound,
    Candidate,
    Candidates,
    GridBound,
    InputCounts,
    RuleOfThumb,
    SampleCounts,
)
from cellsize.sizing.sizes import Size, cost, grid, largest, shape
from cellsize.tasks.samples import Samples

ALPHAS = (2.0, 5.0, 10.0)


def propose(windows: Samples, folds: Folds, params: Propose) -> Candidates:
    """The content of `candidates.json`.

    Args:
        windows: Base arrays and index.
        folds: The smallest fold's training part says how many samples there are.
        params: What a sample is, what an input is, which bound holds, and how the grid grows.

    Returns:
        Samples and inputs counted in every way, the bounds, the grid with its costs, the rules of thumb.

    Raises:
        InputError: A projection is asked for that no candidate can have.
    """
    samples, form = count_samples(windows, folds), shape(windows)
    n_decoder = form.n_decoder if largest(params.network).head == "encoder_decoder" else 0
    n_samples: int = getattr(samples, params.samples)
    inputs, n_outputs = count_inputs(windows), count_outputs(windows)
    n_inputs: int = getattr(inputs, params.inputs)
    bounds = [
        _bound(windows, params, samples, inputs, counted, alpha, n_decoder)
        for counted in get_args(Counted)
        for alpha in sorted({*ALPHAS, *params.alpha})
    ]
    loose = next(bound for bound in bounds if bound.samples == params.samples and bound.alpha == params.alpha[0])

    def units_bound(depth: int) -> int:
        """The bound on the units of one layer: the neurons are shared among the layers, and so are the parameters."""
        if params.bound == "neurons":
            return max(1, loose.neurons(params.inputs) // depth)
        return units_within(loose.parameters_by_outputs, params.network, windows.n_cell_inputs, depth, n_decoder)

    rules = tuple(
        RuleOfThumb(
            rule=rule, layers=size.layers, units=size.units, parameters=cost(size, params.network, form).parameters
        )
        for rule, size in rules_of_thumb(n_samples, n_inputs, windows)
    )
    steps = grid([units_bound(depth) for depth in range(1, params.layers + 1)], params.growth, params.mlp_units)
    guessed = {rule.size for rule in rules} if params.include_rules_of_thumb else set()
    proposed = sorted({*steps, *guessed})
    most = max(size.units for size in proposed if size.has_memory)
    if params.network.projection and most <= params.network.projection:
        raise InputError(
            f"propose.network.projection: {params.network.projection} is not smaller than the units of any candidate "
            f"(at most {most}), so that no layer would have one; lower it, or set 0"
        )
    ladder = [Size(1, neurons(n_samples, alpha, n_inputs, n_outputs)) for alpha in _alphas(*params.alpha)]

    def candidate(size: Size) -> Candidate:
        costs, limit = cost(size, params.network, form), units_bound(max(1, size.layers))
        return Candidate(
            layers=size.layers,
            units=size.units,
            parameters=costs.parameters,
            **asdict(costs),
            past_bound=size.has_memory and size.units > limit,
            at_bound=size.has_memory and size.units >= limit,
            on_grid=size in steps,
            guessed=size in guessed,
        )

    return Candidates(
        counted=params.samples,
        samples=samples,
        folds=len(folds.labels),
        counted_inputs=params.inputs,
        inputs=inputs,
        n_outputs=n_outputs,
        bound=GridBound(
            kind=params.bound,
            alpha=params.alpha[0],
            units=loose.neurons(params.inputs) if params.bound == "neurons" else loose.units_by_outputs,
        ),
        bounds=tuple(bounds),
        network=params.network,
        candidates=tuple(candidate(size) for size in proposed),
        rules_of_thumb=rules,
        alpha_ladder=tuple(candidate(size) for size in dict.fromkeys(ladder)),
    )


def sizes(candidates: Candidates) -> list[Size]:
    """All candidates, in grid order."""
    return [candidate.size for candidate in candidates.candidates]


def on_grid(candidates: Candidates) -> list[Size]:
    """The candidates that are steps of a ladder."""
    return [candidate.size for candidate in candidates.candidates if candidate.on_grid]


def guesses(candidates: Candidates) -> list[Size]:
    """The candidates that a rule of thumb asks for, on the grid or not."""
    return [candidate.size for candidate in candidates.candidates if candidate.guessed]


def alpha_ladder(candidates: Candidates) -> list[Size]:
    """The sizes of the α procedure, from loose to tight; they need not be on the grid."""
    return [candidate.size for candidate in candidates.alpha_ladder]


def rules_of_thumb(n_samples: int, n_inputs: int, windows: Samples) -> list[tuple[str, Size]]:
    """What people would have picked without measuring: each rule in words, and its size.

    Args:
        n_samples: N_s.
        n_inputs: N_i; the rules without α mean the inputs of a step all the same.
        windows: Base arrays and index.
    """
    n_in, n_out = windows.n_cell_inputs, count_outputs(windows)
    return [
        *((f"α = {alpha:g}", Size(1, neurons(n_samples, alpha, n_inputs, n_out))) for alpha in ALPHAS),
        ("as many units as inputs", Size(1, n_in)),
        ("twice as many units as inputs", Size(1, 2 * n_in)),
        ("2 layers of 50 units", Size(2, 50)),
        ("100 units", Size(1, 100)),
    ]


def alpha_implied(n_samples: int, size: Size, n_inputs: int, n_outputs: int) -> float | None:
    """The α at which the rule gives this many units in all layers together; None without memory cells."""
    if not size.has_memory:
        return None
    return n_samples / (size.layers * size.units * (n_inputs + n_outputs))


def _alphas(loose: float, tight: float) -> list[float]:
    """From the loose α to the tight one in steps of 1, both ends included."""
    steps = [loose + step for step in range(int(tight - loose) + 1)]
    return steps if steps[-1] == tight else [*steps, tight]


def _bound(
    windows: Samples, params: Propose, samples: SampleCounts, inputs: InputCounts, counted: Counted, alpha: float,
    n_decoder: int,
) -> Bound:  # fmt: skip
    """What the rules of thumb allow for one way to count the samples."""
    count: int = getattr(samples, counted)
    n_outputs = count_outputs(windows)
    by_outputs, by_samples = int(count * n_outputs / alpha), int(count / alpha)
    return Bound(
        samples=counted,
        alpha=alpha,
        neurons_by_step=neurons(count, alpha, inputs.step, n_outputs),
        neurons_by_window=neurons(count, alpha, inputs.window, n_outputs),
        parameters_by_outputs=by_outputs,
        parameters_by_samples=by_samples,
        units_by_outputs=units_within(by_outputs, params.network, windows.n_cell_inputs, n_decoder=n_decoder),
        units_by_samples=units_within(by_samples, params.network, windows.n_cell_inputs, n_decoder=n_decoder),
    )
