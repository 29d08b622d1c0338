"""Problems whose right size is known: what is chosen, by climbing and on the whole grid.

`make bench-known` writes benchmarks/results/known_size.json: for each problem the seeds, how many choices were
right and how many too small to solve it, what was chosen, and in how many seeds climbing agrees with the grid. Every
problem is trained with the shipped params.yaml. Bits that come back are a linear function of the window, so that no
memory cells are right there; what plain networks need by themselves is judged apart (`plain`).
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import pandas as pd

from benchmarks import data, problems
from cellsize.sizing.procedures import LARGE, Plan, climb, within_cost_limit
from cellsize.sizing.rules import one_standard_error, within_one_standard_error
from cellsize.sizing.scores import Scores, from_trials, ladders
from cellsize.sizing.sizes import ZERO, Size, cost, shape
from cellsize.training.records import Row, frame
from cellsize.training.train import train

MAKERS: dict[str, Callable[[int], problems.Problem]] = {
    "linear": problems.linear,
    "recall-1": lambda seed: problems.recall(seed, 1),
    "recall-2": lambda seed: problems.recall(seed, 2),
    "recall-4": lambda seed: problems.recall(seed, 4),
    "recall-8": lambda seed: problems.recall(seed, 8),
    "sinusoids-2": lambda seed: problems.sinusoids(seed, 2),
    "sinusoids-4": lambda seed: problems.sinusoids(seed, 4),
    "teacher-1": lambda seed: problems.teacher(seed, 1),
    "teacher-4": lambda seed: problems.teacher(seed, 4),
}
TRUE = {
    **dict.fromkeys(("linear", "sinusoids-2", "sinusoids-4"), "no memory cells"),
    **{
        f"recall-{bits}": "the smallest size that solves it, or one step above; plain, the same among plain networks"
        for bits in (1, 2, 4, 8)
    },
    **{f"teacher-{units}": f"as good as {units} units, at most one step above" for units in (1, 4)},
}


def measure(what: tuple[str, int, bool]) -> dict[str, Any]:
    """Trains the whole grid of one problem and one seed; climbing is replayed on the same trials.

    Args:
        what: The problem, the seed, and whether to try the code with few sizes and steps.
    """
    name, seed, smoke = what
    began = time.perf_counter()
    problem = MAKERS[name](seed)
    if smoke:
        work = replace(problem.work, training=data.changed(problem.work.training, **data.SMOKE))
        units = tuple(units for units in problem.units if units <= max(2, problem.right or 0))
        problem = replace(problem, work=work, units=units, layers=1, mlp_units=problem.mlp_units[:1])
    sizes = grid(problem)
    folds = len(problem.work.folds.labels)
    trials = pd.concat([frame(train(problem.work, size).rows, Row) for size in sizes], ignore_index=True)
    scores = {scored.size: scored for scored in from_trials(trials, name, folds)}
    plain = {scored.size: scored for scored in ladders(trials, folds)["plain"]}
    whole = one_standard_error(list(scores.values()))
    visited = _climb(problem, sizes)(scores).visited
    climbed = one_standard_error([scores[size] for size in visited])
    alone = one_standard_error(list(plain.values())) if plain else None
    return {
        "problem": name,
        "seed": seed,
        "grid": str(whole.size),
        "climb": str(climbed.size),
        "right": bool(judge(problem, whole, scores)),
        "climb_right": bool(judge(problem, climbed, scores)),
        "agrees": climbed.size == whole.size or within_one_standard_error(climbed, whole),
        "plain": str(alone.size) if alone else None,
        # Where no memory cells are right, no network is.
        "plain_right": None if problem.right == 0 else bool(alone and judge(problem, alone, plain)),
        "scores": {str(size): round(scored.mean, 5) for size, scored in scores.items()},
        "plain_scores": {str(size): round(scored.mean, 5) for size, scored in plain.items()},
        "solved_below": problem.solved,
        "surely_solved_below": problem.surely,
        "seconds": round(time.perf_counter() - began, 1),
    }


def grid(problem: problems.Problem) -> list[Size]:
    """Zero cells, MLPs, and the layers of a problem."""
    cells = [Size(layers, units) for layers in range(1, problem.layers + 1) for units in problem.units]
    return [ZERO, *(Size(0, units) for units in problem.mlp_units), *cells]


def _climb(problem: problems.Problem, sizes: list[Size]) -> Plan:
    """The climb over these sizes, with the patience and the limits of params.yaml."""
    search, network, form = problems.shipped().search, problem.work.network, shape(problem.work.windows)
    costs = {size: float(cost(size, network, form).multiply_adds) for size in sizes}
    allowed, large = within_cost_limit(costs, search.cost_limit), min(LARGE, max(problem.units))
    return lambda known: climb(sizes, known, search.patience, search.minimum_units, allowed=allowed, large=large)


def judge(problem: problems.Problem, chosen: Scores, scores: dict[Size, Scores]) -> bool:
    """Whether a choice is right for the problem.

    Known size zero: no memory cells were chosen. Recall: the choice solves it, and is at most one grid step above the
    smallest size that does. Teacher: the choice is as good as the teacher's own size, and not larger than one step
    above it.

    Args:
        problem: The problem.
        chosen: The choice.
        scores: All sizes that were to choose from: the grid, or the steps of one kind's ladder.
    """
    if problem.right == 0:
        return not chosen.size.has_memory
    ladder = [size for size in grid(problem) if size in scores and size.layers < 2]
    if problem.solved is not None:
        solving = [size for size in ladder if scores[size].mean <= problem.solved]
        if not solving or chosen.size not in ladder:
            return False
        return chosen.mean <= problem.solved and ladder.index(chosen.size) <= ladder.index(solving[0]) + 1
    assert problem.right is not None
    own = Size(1, problem.right)
    highest = ladder.index(own) + 1
    not_above = not chosen.size.has_memory or (chosen.size in ladder and ladder.index(chosen.size) <= highest)
    return not_above and within_one_standard_error(chosen, scores[own])


def summarised(name: str, measured: list[dict[str, Any]]) -> dict[str, Any]:
    """What is written of one problem."""
    solvable = measured[0]["solved_below"] is not None
    too_small = {
        limit: sum(line["scores"][line["climb"]] > line[limit] for line in measured) if solvable else None
        for limit in ("solved_below", "surely_solved_below")
    }
    plain_right = [line["plain_right"] for line in measured]
    return {
        "seeds": len(measured),
        "first_seed": measured[0]["seed"],
        "right": sum(line["climb_right"] for line in measured),
        "grid_right": sum(line["right"] for line in measured),
        "too_small": too_small["solved_below"],
        "too_small_by_half_the_limit": too_small["surely_solved_below"],
        "true": TRUE[name],
        "chosen": [line["climb"] for line in measured],
        "chosen_by_grid": [line["grid"] for line in measured],
        "climb_agrees": sum(line["agrees"] for line in measured),
        "climb_is_the_same": sum(line["grid"] == line["climb"] for line in measured),
        "plain": [line["plain"] for line in measured],
        "plain_right": None if plain_right[0] is None else sum(plain_right),
        "seconds": sum(line["seconds"] for line in measured),
        "scores": [line["scores"] for line in measured],
        "plain_scores": [line["plain_scores"] for line in measured],
    }


def main() -> None:
    """Measures every problem over the seeds and writes the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    # Training and rule were settled on data sets 0 to 9 (linear 0 to 19); what is reported is measured on others.
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=list(MAKERS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    smoke = arguments.smoke
    seeds = range(arguments.first, arguments.first + (1 if smoke else arguments.seeds))
    problems_and_seeds = [(name, seed, smoke) for name in arguments.only for seed in seeds]
    with get_context("spawn").Pool(arguments.workers) as pool:
        measured = []
        for line in pool.imap(measure, problems_and_seeds):
            measured.append(line)
            print(json.dumps(line), flush=True)
    path = data.result("known_size", smoke)
    summary = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for name in arguments.only:
        summary[name] = summarised(name, [line for line in measured if line["problem"] == name])
        print(name, {key: value for key, value in summary[name].items() if not key.endswith("scores")})
    data.write("known_size", {name: summary[name] for name in MAKERS if name in summary}, smoke)


if __name__ == "__main__":
    main()
