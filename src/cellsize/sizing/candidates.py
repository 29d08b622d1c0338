"""The candidates: from what the data hold to a grid of sizes, and what the rules of thumb would say."""

from dataclasses import asdict
from typing import Any

from cellsize.data.folds import Folds
from cellsize.data.windows import Windows
from cellsize.errors import InputError
from cellsize.params import Propose
from cellsize.sizing.bound import Samples, count_samples, neurons, units_within
from cellsize.sizing.sizes import ZERO, Size, cost, grid, shape

ALPHAS = (2.0, 5.0, 10.0)


def propose(windows: Windows, folds: Folds, params: Propose) -> dict[str, Any]:
    """The content of `candidates.json`.

    Args:
        windows: Base arrays and index.
        folds: The smallest fold's training part says how many samples there are.
        params: What a sample is, which bound holds, and how the grid grows.

    Returns:
        Samples counted in every way, the bounds, the grid with its costs, the rules of thumb.

    Raises:
        InputError: A projection is asked for that no candidate can have.
    """
    samples, form = count_samples(windows, folds), shape(windows)
    bounds = [
        _bounds(windows, params, samples, kind, alpha)
        for kind in asdict(samples)
        for alpha in sorted({*ALPHAS, *params.alpha})
    ]
    loose = next(one for one in bounds if one["samples"] == params.samples and one["alpha"] == params.alpha[0])
    units = loose["neurons"] if params.bound == "neurons" else loose["units_by_outputs"]

    def each(depth: int) -> int:
        """The bound on the units of one layer: the neurons are shared among the layers, and so are the parameters."""
        if params.bound == "neurons":
            return max(1, int(units) // depth)
        return units_within(loose["parameters_by_outputs"], params.network, windows.n_inputs, depth)

    rules = [
        {**rule, "parameters": cost(Size(rule["layers"], rule["units"]), params.network, form).parameters}
        for rule in rules_of_thumb(getattr(samples, params.samples), windows)
    ]
    plain = grid([each(depth) for depth in range(1, params.layers + 1)], params.growth)
    guessed = {Size(rule["layers"], rule["units"]) for rule in rules} if params.include_rules_of_thumb else set()
    sizes = sorted({*plain, *guessed})
    if params.network.projection and all(size.units <= params.network.projection for size in sizes):
        raise InputError(
            f"propose.network.projection: {params.network.projection} is no smaller than the units of any candidate "
            f"(at most {max(size.units for size in sizes)}), so that no layer would have one; take less, or 0"
        )
    ladder = [
        Size(1, neurons(getattr(samples, params.samples), alpha, windows.n_inputs, windows.n_outputs))
        for alpha in _alphas(*params.alpha)
    ]

    def described(size: Size) -> dict[str, Any]:
        costs = cost(size, params.network, form)
        limit = each(max(1, size.layers))
        past = size != ZERO and size.units > limit
        named = {"layers": size.layers, "units": size.units, "parameters": costs.parameters}
        bounded = {"past_bound": past, "at_bound": size != ZERO and size.units >= limit}
        return {**named, **asdict(costs), **bounded, "on_grid": size in plain, "guessed": size in guessed}

    return {
        "counted": params.samples,
        "samples": asdict(samples),
        "n_inputs": windows.n_inputs,
        "n_outputs": windows.n_outputs,
        "bound": {"kind": params.bound, "alpha": params.alpha[0], "units": units},
        "bounds": bounds,
        "network": params.network.model_dump(),
        "candidates": [described(size) for size in sizes],
        "rules_of_thumb": rules,
        "alpha_ladder": [described(size) for size in dict.fromkeys(ladder)],
    }


def sizes(candidates: dict[str, Any], key: str = "candidates") -> list[Size]:
    """All candidates of a `candidates.json`, or its `alpha_ladder`."""
    return [Size(one["layers"], one["units"]) for one in candidates[key]]


def on_grid(candidates: dict[str, Any]) -> list[Size]:
    """The candidates that are steps of a ladder."""
    return [Size(one["layers"], one["units"]) for one in candidates["candidates"] if one["on_grid"]]


def guesses(candidates: dict[str, Any]) -> list[Size]:
    """The candidates that a rule of thumb asks for, on the grid or not."""
    return [Size(one["layers"], one["units"]) for one in candidates["candidates"] if one["guessed"]]


def rules_of_thumb(samples: int, windows: Windows) -> list[dict[str, Any]]:
    """What people would have picked without measuring."""
    n_in, n_out = windows.n_inputs, windows.n_outputs
    rules = [(f"α = {alpha:g}", 1, neurons(samples, alpha, n_in, n_out)) for alpha in ALPHAS]
    rules += [
        ("as many units as inputs", 1, n_in),
        ("twice as many units as inputs", 1, 2 * n_in),
        ("2 layers of 50 units", 2, 50),
        ("100 units", 1, 100),
    ]
    return [{"rule": rule, "layers": layers, "units": units} for rule, layers, units in rules]


def alpha_implied(samples: int, size: Size, n_inputs: int, n_outputs: int) -> float | None:
    """The α at which the rule gives this many units in all layers together; None without memory cells."""
    if size == ZERO:
        return None
    return samples / (size.layers * size.units * (n_inputs + n_outputs))


def _alphas(loose: float, tight: float) -> list[float]:
    """From the loose α to the tight one in steps of 1, both ends included."""
    steps = [loose + step for step in range(int(tight - loose) + 1)]
    return steps if steps[-1] == tight else [*steps, tight]


def _bounds(windows: Windows, params: Propose, samples: Samples, kind: str, alpha: float) -> dict[str, Any]:
    count = getattr(samples, kind)
    by_outputs, by_samples = int(count * windows.n_outputs / alpha), int(count / alpha)
    return {
        "samples": kind,
        "alpha": alpha,
        "neurons": neurons(count, alpha, windows.n_inputs, windows.n_outputs),
        "parameters_by_outputs": by_outputs,
        "parameters_by_samples": by_samples,
        "units_by_outputs": units_within(by_outputs, params.network, windows.n_inputs),
        "units_by_samples": units_within(by_samples, params.network, windows.n_inputs),
    }
