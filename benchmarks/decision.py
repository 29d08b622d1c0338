"""Is the rule right, and does it say the same twice? Simulated losses whose truth is known.

    python -m benchmarks.decision                 writes results/decision.json, some two minutes on one core

A *problem* is a curve of true losses over sizes. *Data* add what the folds are: how hard each one is, and what it adds
to one size alone (interaction). A *run* adds what is drawn anew whenever somebody trains: the seeds, and which setting
each fold happened to choose. Two runs on the same data are compared with each other, and each with the truth.

Methods: `adequate` (`sizing.adequacy`, seeds added to exactly the undecided sizes), the same with two seeds and no
more, `blocks` (the variance of blocks of window losses in each fold in place of the folds' own), one standard error,
and the best.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import data
from benchmarks.machine import machine
from cellsize.params import Choose
from cellsize.sizing import adequacy, rules
from cellsize.sizing.scores import Scores
from cellsize.sizing.sizes import ZERO, Size

Floats = npt.NDArray[np.float64]

LOSS = 0.3  # of the best size
CHOOSE = Choose(
    metric="mse", quantiles=None,
    rule="adequate", margin=1.0, least_margin=0.001, probability=0.8, percent=1.0, budget="parameters",
    limit=1.0,
)  # fmt: skip
FIRST_SEEDS, MOST_SEEDS = 2, 8
BLOCKS = 16  # of a fold's validation windows: weeks
EDGES = (0.0, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)

# True excess over the best loss, in percent, for no memory cells and 1, 2, 4, … cells.
CURVES: dict[str, tuple[float, ...]] = {
    "steep": (60.0, 45.0, 33.0, 22.0, 13.0, 6.0, 2.5, 0.0),
    "flat tail": (30.0, 18.0, 8.0, 3.0, 0.0, 0.0, 0.0, 0.0),
    "0.5 % below the plateau": (30.0, 20.0, 12.0, 6.0, 0.5, 0.0, 0.0, 0.0),
    "1 % below the plateau": (30.0, 20.0, 12.0, 6.0, 1.0, 0.0, 0.0, 0.0),
    "2 % below the plateau": (30.0, 20.0, 12.0, 6.0, 2.0, 0.0, 0.0, 0.0),
    "larger ones worse": (20.0, 12.0, 6.0, 2.0, 0.0, 0.5, 1.0, 2.0),
    "no memory needed": (0.0, 0.3, 0.2, 0.4, 0.5, 0.8, 1.0, 1.5),
    "hardly any gain": (1.5, 1.2, 1.0, 0.6, 0.3, 0.1, 0.0, 0.2),
}
DRAWN = ("drawn 1", "drawn 2", "drawn 3", "drawn 4")  # curves of their own for each data set


def draw_curve(rng: np.random.Generator) -> tuple[float, ...]:
    """A curve that falls by larger or smaller steps to a needed size, and beyond stays or rises a little."""
    count = len(CURVES["steep"])
    needed, step, ratio = rng.integers(0, count), np.exp(rng.uniform(np.log(0.2), np.log(6))), rng.uniform(1.2, 2.5)
    rise = rng.choice([0.0, rng.uniform(0.1, 1.0)])
    below = [step * sum(ratio**power for power in range(at)) for at in range(needed, 0, -1)]
    above = np.cumsum([0.0, *(rise * rng.uniform(0, 2, count - needed - 1))])
    return tuple(float(min(excess, 100.0)) for excess in (*below, *above))


@dataclass(frozen=True)
class World:
    """How noisy everything is; standard deviations in fractions of the loss.

    Attributes:
        folds: Number of folds.
        interaction: Of what a fold adds to one size alone.
        unequal: Standard deviation of the logarithm of that, among the sizes.
        of_training: Fraction of that variance that comes from the fold's training part and not from its windows.
        settings: Of what the setting adds that a fold happened to choose in a run, as a fraction of the seed's.
        seeds: Smallest and largest of the seeds, over the sizes.
        failures: Probability that a training learns little.
        linear: Whether the smaller half of the sizes is hardly more than the ridge-linear model that it stands beside.
    """

    folds: int = 5
    interaction: float = 0.01
    unequal: float = 0.5
    of_training: float = 0.5
    settings: float = 0.3
    seeds: tuple[float, float] = (0.01, 0.04)
    failures: float = 0.0
    linear: bool = False


WORLDS = {
    "traffic": World(interaction=0.0),
    "interaction 1 %": World(),
    "interaction 3 %": World(interaction=0.03),
    "interaction of windows": World(interaction=0.02, of_training=0.0),
    "quiet seeds": World(seeds=(0.002, 0.01), interaction=0.005),
    "unequal sizes": World(interaction=0.015, unequal=1.0, seeds=(0.002, 0.04)),
    "beside a linear model": World(interaction=0.02, seeds=(0.002, 0.02), linear=True),
    "failures": World(failures=0.02),
    "3 folds": World(folds=3),
    "10 folds": World(folds=10),
}


@dataclass(frozen=True)
class Data:
    """What is the same in each run.

    Attributes:
        truth: Loss of each size, shape (sizes,).
        hard: Factor of each fold, shape (folds,).
        expected: Loss of each size in each fold and block before setting and seed, shape (sizes, folds, blocks).
        noise: Standard deviation of the seed, shape (sizes,).
        world: How noisy everything is.
    """

    truth: Floats
    hard: Floats
    expected: Floats
    noise: Floats
    world: World


def sizes(count: int) -> list[Size]:
    """No memory cells, then 1, 2, 4, … of them."""
    return [ZERO, *(Size(1, 2**power) for power in range(count - 1))]


def draw_data(curve: Sequence[float], world: World, rng: np.random.Generator) -> Data:
    """Draws what the folds are."""
    excess = np.array(curve) / 100
    count = len(excess)
    hard = np.exp(rng.normal(0, 0.35, world.folds))
    hard /= hard.mean()

    def smooth(shape: tuple[int, ...]) -> Floats:
        """Normal numbers, alike for neighbouring sizes (correlation 0.5)."""
        steps = rng.normal(size=(count, *shape))
        for at in range(1, count):
            steps[at] = 0.5 * steps[at - 1] + np.sqrt(0.75) * steps[at]
        return steps

    # What a size is worse is worse by another amount in each fold.
    spread = world.interaction * np.exp(world.unequal * rng.normal(size=count)) + 0.3 * (excess - excess.min())
    between = np.sqrt(world.of_training) * smooth((world.folds,))
    # Neighbouring weeks are alike; the mean of 16 has the variance that remains.
    weeks = smooth((world.folds, BLOCKS))
    for at in range(1, BLOCKS):
        weeks[..., at] = 0.4 * weeks[..., at - 1] + np.sqrt(1 - 0.16) * weeks[..., at]
    lags = np.arange(1, BLOCKS)
    weeks /= np.sqrt((1 + 2 * ((1 - lags / BLOCKS) * 0.4**lags).sum()) / BLOCKS)
    interaction = between[..., None] + np.sqrt(1 - world.of_training) * weeks
    expected = LOSS * hard[None, :, None] * (1 + excess[:, None, None] + spread[:, None, None] * interaction)
    low, high = world.seeds
    noise: Floats = low * (high / low) ** rng.random(count)
    if world.linear:
        half = count // 2
        expected[1:half] = expected[0] + 0.02 * (expected[1:half] - expected[[0]])
        excess[1:half] = excess[0] + 0.02 * (excess[1:half] - excess[0])
        noise[1:half] *= 0.05
    noise[0] = 0.0  # the ridge-linear model
    return Data(LOSS * (1 + excess), hard, expected, noise, world)


class Run:
    """One run on some data: trains a size when it is asked to."""

    def __init__(self, data: Data, rng: np.random.Generator) -> None:
        count, folds = len(data.truth), data.world.folds
        self.data, self.rng, self.sizes = data, rng, sizes(count)
        # Settings differ in what they score where seeds do.
        settings = data.world.settings * data.noise[:, None] * rng.normal(size=(count, folds))
        self.settings = LOSS * data.hard * settings
        self.trainings: list[Floats] = [np.empty((folds, 0)) for _ in range(count)]
        for at in range(count):
            self.train(at, FIRST_SEEDS if at else 1)

    def train(self, at: int, seeds: int = 1) -> None:
        """Adds seeds to one size."""
        folds = self.data.world.folds
        drawn = self.data.noise[at] * self.rng.normal(size=(folds, seeds))
        if at:
            fails = self.rng.random((folds, seeds)) < self.data.world.failures
            drawn = np.where(fails, drawn + self.rng.uniform(0.1, 0.5, (folds, seeds)), drawn)
        losses = self.data.expected[at].mean(axis=1) + self.settings[at]
        added = losses[:, None] + LOSS * self.data.hard[:, None] * drawn
        self.trainings[at] = np.concatenate([self.trainings[at], added], axis=1)

    def scores(self) -> list[Scores]:
        """What the rule sees."""
        ratio = 1 / max(1, 0.6 * (self.data.world.folds - 1))
        table = zip(self.sizes, self.trainings, strict=True)
        return [Scores(size, 10 * size.units, 10 * size.units, of, of, ratio) for size, of in table]

    @property
    def count(self) -> int:
        """Networks trained in all folds."""
        return sum(of.shape[1] for of in self.trainings[1:])


# --- methods ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What a method said of one run.

    Attributes:
        answer: Position of the size.
        undecided: Positions of the undecided sizes below it.
        probabilities: Of each size; empty for a rule without.
        trainings: Seeds of all sizes together.
    """

    answer: int
    undecided: tuple[int, ...]
    probabilities: tuple[float, ...]
    trainings: int


# Two runs on the same data, and the truth.
Pair = tuple[Said, Said, Floats]
Probabilities = Callable[[Run], dict[Size, float]]


def by_adequacy(run: Run) -> dict[Size, float]:
    """As shipped."""
    return adequacy.probabilities(run.scores(), adequacy.margin(CHOOSE))


def by_blocks(run: Run) -> dict[Size, float]:
    """The same with the variance of blocks of window losses within each fold in place of the folds' own."""
    scores, world = run.scores(), run.data.world
    means = np.array([one.mean for one in scores])
    best = int(means.argmin())
    allowed = adequacy.margin(CHOOSE).of(float(means[best]))
    total, of_seeds = adequacy.variances(scores, allowed)
    # Blocks of two weeks, since neighbouring weeks are alike; what a block adds to every size cancels.
    blocks = run.data.expected.reshape(len(scores), world.folds, BLOCKS // 2, 2).mean(axis=3)
    blocks = blocks - ((1 / total) @ blocks.reshape(len(scores), -1) / (1 / total).sum()).reshape(blocks.shape[1:])
    of_blocks = blocks.var(axis=2, ddof=1).sum(axis=1) / (BLOCKS // 2) / world.folds**2
    degrees = world.folds * (BLOCKS // 2 - 1)
    votes = 1 / adequacy.alike(scores, allowed).sum(axis=1)
    within = adequacy.within_margin(means, np.sqrt(of_seeds + of_blocks), degrees, allowed, votes)
    within[best] = 1.0
    return {one.size: round(float(probability), 3) for one, probability in zip(scores, within, strict=True)}


def with_seeds(run: Run, probabilities: Probabilities, most: int) -> Said:
    """Decides, adds seeds to what is undecided, and decides again."""
    while True:
        found = tuple(probabilities(run).values())
        said = [adequacy.verdict(probability, CHOOSE) for probability in found]
        answer = said.index("adequate")
        undecided = tuple(at for at in range(answer) if said[at] == "undecided")
        scores = run.scores()
        wanted = [
            run.sizes.index(size)
            for size in adequacy.seeds_for(scores, [run.sizes[at] for at in undecided], adequacy.margin(CHOOSE))
            if run.trainings[run.sizes.index(size)].shape[1] < most
        ]
        if not wanted:
            return Said(answer, undecided, found, run.count)
        for at in wanted:
            run.train(at)


def plain(rule: Callable[[list[Scores]], Scores]) -> Callable[[Run], Said]:
    """A rule that asks for nothing more."""
    return lambda run: Said(run.sizes.index(rule(run.scores()).size), (), (), run.count)


METHODS: dict[str, Callable[[Run], Said]] = {
    "adequate": lambda run: with_seeds(run, by_adequacy, MOST_SEEDS),
    "adequate, 2 seeds": lambda run: with_seeds(run, by_adequacy, FIRST_SEEDS),
    "blocks": lambda run: with_seeds(run, by_blocks, MOST_SEEDS),
    "one standard error": plain(rules.one_standard_error),
    "best": plain(rules.lowest),
}


# --- judged by the truth ----------------------------------------------------------------------------------------------


def is_within(truth: Floats) -> npt.NDArray[np.bool_]:
    """Which sizes are truly within the margin."""
    best = float(truth.min())
    return np.asarray(truth <= best + adequacy.margin(CHOOSE).of(best) + 1e-12)


def is_right(answer: int, truth: Floats) -> bool:
    """Whether the answer is within the margin, and no size two steps smaller is."""
    within = is_within(truth)
    return bool(within[answer]) and not within[: max(0, answer - 1)].any()


def excluded(one: Said, other: Said) -> bool:
    """Whether two runs contradict each other: of their answers the smaller one is not left open by the other run."""
    smaller, larger = sorted((one, other), key=lambda said: said.answer)
    return smaller.answer not in (larger.answer, *larger.undecided)


def judged(said: list[Pair]) -> dict[str, Any]:
    """Figures over many data sets."""
    each = [(one, truth) for first, second, truth in said for one in (first, second)]
    result: dict[str, Any] = {
        "right": np.mean([is_right(one.answer, truth) for one, truth in each]),
        "within_margin": np.mean([is_within(truth)[one.answer] for one, truth in each]),
        "same": np.mean([first.answer == second.answer for first, second, _ in said]),
        "neither_excluded": np.mean([not excluded(first, second) for first, second, _ in said]),
        "decided": np.mean([not one.undecided for one, _ in each]),
        "more_than_one_undecided": np.mean([len(one.undecided) > 1 for one, _ in each]),
        "excess_percent": 100 * np.mean([truth[one.answer] / truth.min() - 1 for one, truth in each]),
        "seeds_a_size": np.mean([one.trainings / (len(truth) - 1) for one, truth in each]),
    }
    return {key: round(float(value), 3) for key, value in result.items()}


def reliability(said: list[Pair]) -> list[dict[str, float]]:
    """Of all sizes given about a probability, which fraction is truly within the margin; the best ones are left out."""
    pairs = [
        (probability, bool(within))
        for first, second, truth in said
        for one in (first, second)
        if one.probabilities
        for probability, within in zip(one.probabilities, is_within(truth), strict=True)
        if probability < 1.0
    ]
    table = []
    for low, high in pairwise(EDGES):
        inside = [pair for pair in pairs if low <= pair[0] < high]
        if inside:
            given, true = (float(np.mean(values)) for values in zip(*inside, strict=True))
            table.append({"from": low, "given": round(given, 3), "true": round(true, 3), "sizes": len(inside)})
    return table


def simulate(
    methods: dict[str, Callable[[Run], Said]], curves: Sequence[str], worlds: Sequence[str], data_sets: int
) -> Iterator[tuple[str, str, str, Pair]]:
    """World, curve, method, and what it said in two runs on the same data."""
    for world, curve in product(worlds, curves):
        for number in range(data_sets):
            key = (list(WORLDS).index(world), [*CURVES, *DRAWN].index(curve), number)
            rng = np.random.default_rng((0, *key))
            drawn = draw_data(CURVES[curve] if curve in CURVES else draw_curve(rng), WORLDS[world], rng)
            for name, method in methods.items():
                first, second = (method(Run(drawn, np.random.default_rng((run, *key)))) for run in (1, 2))
                yield world, curve, name, (first, second, drawn.truth)


COLUMNS = ("right", "within_margin", "same", "neither_excluded", "decided", "more_than_one_undecided", "seeds_a_size")


def main() -> None:
    """Simulates all worlds and curves, and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-sets", type=int, default=6, help="of each world and curve")
    parser.add_argument("--smoke", action="store_true", help="one world and two curves")
    given = parser.parse_args()
    worlds = list(WORLDS)[: 1 if given.smoke else None]
    curves = [*CURVES, *DRAWN][: 2 if given.smoke else None]
    said: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for world, curve, name, pair in simulate(METHODS, curves, worlds, 1 if given.smoke else given.data_sets):
        kind = "drawn" if curve in DRAWN else curve
        for key in (("all", "all", name), (world, "all", name), ("all", kind, name)):
            said[key].append(pair)
    kinds = list(dict.fromkeys("drawn" if curve in DRAWN else curve for curve in curves))
    tables: dict[str, Any] = {
        name: {
            "all": judged(said["all", "all", name]),
            "reliability": reliability(said["all", "all", name]),
            "worlds": {
                world: {**judged(said[world, "all", name]), "reliability": reliability(said[world, "all", name])}
                for world in worlds
            },
            "curves": {kind: judged(said["all", kind, name]) for kind in kinds},
        }
        for name in METHODS
    }
    content = {"machine": machine(), "data_sets": given.data_sets, "methods": tables}
    data.show([{"method": name, **table["all"]} for name, table in tables.items()])
    for name, table in tables.items():
        if table["reliability"]:
            print(f"\n{name}: probability given, fraction truly within the margin, sizes")
            data.show(table["reliability"])
    print()
    worlds_of = tables["adequate"]["worlds"]
    data.show([{"world": world, **{key: worlds_of[world][key] for key in COLUMNS}} for world in worlds_of])
    data.show([{"curve": curve, **figures} for curve, figures in tables["adequate"]["curves"].items()])
    data.write("decision", content, given.smoke)


if __name__ == "__main__":
    main()
