"""How often the gate is wrong: ten looks at challengers that are no better than the champion, on simulated series.

Each series has a champion and ten challengers of the same quality. Losses of a block go up and down together for all
of them, and are correlated from block to block; each training adds a draw of its seed. A false move is any look at
which the gate lets a challenger pass:

    false_moves   of equal models, on one holdout, "better" as the gate asks for it
    by_point      the same without a test: the alias moves as soon as a mean loss is lower
    unpaid        the same with the test, but each look asks for what the first one would without paying for others
    plain         as the gate asks for it, but the draws of the bootstrap are not widened
    smaller       of models that are worse by just the margin, on one holdout: each look pays
    newer_rows    of such models too, on rows that are new at each look: no look pays

Also: how often a challenger that is better or worse by so much passes at its first look.

    python -m benchmarks.gate            # writes benchmarks/results/gate.json, half an hour of one core
    python -m benchmarks.gate --smoke
"""

import argparse
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import data
from cellsize import files
from cellsize.data.windows import Floats
from cellsize.evaluation.paired import Paired, level, paired

# As in params.yaml.
MARGIN, PROBABILITY, NOT_WORSE, TWINS = 1.0, 0.9, 0.8, 3
LOOKS = 10
WINDOWS = 4  # of a block
# Whether a challenger passes at some look; as `evaluation.gate` has it, but for `unpaid`.
PASSES: dict[str, Callable[[Paired, int], bool]] = {
    "better": lambda result, look: result.better >= level(PROBABILITY, look),
    "unpaid": lambda result, look: result.better >= PROBABILITY,
    "smaller": lambda result, look: result.not_worse >= level(NOT_WORSE, look),
    "newer_rows": lambda result, look: result.not_worse >= NOT_WORSE,
}


class Series:
    """One simulated holdout.

    Attributes:
        blocks: Blocks of time.
        correlation: Of what a model's loss differs by, from one block to the next.
        own: Standard deviation of that difference on one block.
        seeds: Standard deviation of what a seed adds to the mean loss.
        random: Draws everything.
    """

    def __init__(self, blocks: int, correlation: float, own: float, seeds: float, seed: list[int]) -> None:
        self.random = np.random.default_rng(seed)
        self.blocks, self.correlation, self.own, self.seeds = blocks, correlation, own, seeds
        self.common = 1 + 0.3 * self._walk()

    def _walk(self) -> Floats:
        """A stationary autoregressive path of unit variance, shape (blocks,)."""
        steps = self.random.standard_normal(self.blocks)
        path = np.empty(self.blocks)
        path[0] = steps[0]
        for block in range(1, self.blocks):
            path[block] = self.correlation * path[block - 1] + np.sqrt(1 - self.correlation**2) * steps[block]
        return path

    def losses(self, networks: int, quality: float = 1.0, seeds: Floats | None = None) -> Floats:
        """Losses of trainings by one recipe, shape (networks, windows).

        The recipe has its own strong and weak blocks, which its trainings share and which favour it or not by chance.

        Args:
            networks: How many are trained.
            quality: Mean loss of the recipe, where the champion's is 1.
            seeds: What the seed of each adds, shape (networks,); None: drawn.
        """
        of_recipe = self.own * self._walk()
        if seeds is None:
            seeds = self.seeds * self.random.standard_normal(networks)
        windows = np.repeat(quality * self.common + of_recipe + seeds[:, None], WINDOWS, axis=1)
        return np.asarray(windows + 0.1 * self.random.standard_normal(windows.shape))

    @property
    def block_of(self) -> Any:
        """Block of each window."""
        return np.repeat(np.arange(self.blocks), WINDOWS)


def false_moves(
    series: int, looks: int, blocks: int, correlation: float, seeds: float, own: float = 0.1, seed: int = 0,
    way: str = "better", served: bool = True, quality: float = 1.0,
) -> int:  # fmt: skip
    """Series of which a champion is replaced in some look by a challenger that is no better.

    Args:
        series: How many are simulated.
        looks: Challengers, one after another.
        blocks: See `Series`.
        correlation: See `Series`.
        seeds: See `Series`.
        own: See `Series`.
        seed: Of the simulation.
        way: A key of `PASSES`, or `by_point`. For `newer_rows` each look has rows of its own.
        served: Whether the champion is one model, else as many twins as a challenger.
        quality: Loss of the challengers, where the champion's is 1.
    """
    moved = 0
    for number in range(series):
        holdout = Series(blocks, correlation, own, seeds, [seed, number])
        champion = holdout.losses(1 if served else TWINS)
        kept = seeds * np.random.default_rng([seed, 2, number]).standard_normal(1)  # the served champion stays itself
        for look in range(1, looks + 1):
            if way == "newer_rows":
                holdout = Series(blocks, correlation, own, seeds, [seed, 3, number, look])
                champion = holdout.losses(1, seeds=kept)
            challenger = holdout.losses(TWINS, quality)
            if way == "by_point":
                passes = bool(challenger.mean() < champion.mean())
            else:
                passes = PASSES[way](paired(challenger, champion, holdout.block_of, MARGIN), look)
            if passes:
                moved += 1
                break
    return moved


def passing(
    series: int, blocks: int, correlation: float, seeds: float, quality: float, seed: int = 0
) -> dict[str, int]:
    """Of how many series a challenger passes at its first look, in each of the three ways.

    Args:
        series: See `false_moves`.
        blocks: See `Series`.
        correlation: See `Series`.
        seeds: See `Series`.
        quality: Its loss, where the champion's is 1.
        seed: Of the simulation.
    """
    counts = dict.fromkeys(("better", "smaller", "refresh"), 0)
    for number in range(series):
        holdout = Series(blocks, correlation, 0.1, seeds, [seed, 1, number])
        result = paired(holdout.losses(TWINS, quality), holdout.losses(1), holdout.block_of, MARGIN)
        counts["better"] += result.better >= level(PROBABILITY, 1)
        counts["smaller"] += result.not_worse >= level(NOT_WORSE, 1)
        counts["refresh"] += result.not_worse >= NOT_WORSE
    return counts


def main() -> None:
    """Simulates and writes `gate.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--blocks", type=int, nargs="+", default=[10, 20, 40, 100])
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    series = 20 if given.smoke else given.series
    path = data.result("gate", given.smoke)
    before: list[dict[str, Any]] = files.read_json(path) if path.is_file() else []
    lines = [line for line in before if line["blocks"] not in given.blocks]
    for blocks in given.blocks:
        for correlation in (0.0, 0.3, 0.5):
            seeds = 0.013  # of the default data; of the mean loss, in fractions
            line: dict[str, Any] = {"blocks": blocks, "correlation": correlation, "seeds": seeds, "series": series}
            case = (series, LOOKS, blocks, correlation, seeds)
            line["looks"] = LOOKS
            line["false_moves"] = false_moves(*case)
            line["false_moves_same_cut"] = false_moves(*case, served=False)
            for way in ("by_point", "unpaid"):
                line[way] = false_moves(*case, way=way)
            with patch("cellsize.evaluation.paired.wider", return_value=1.0):
                line["plain"] = false_moves(*case)
            for way in ("smaller", "newer_rows"):
                line[f"{way}_worse_by_the_margin"] = false_moves(*case, way=way, quality=1 + MARGIN / 100)
            line["passes_of"] = max(series // 5, 1)
            line["passes"] = {
                f"{quality:g}": passing(line["passes_of"], blocks, correlation, seeds, quality)
                for quality in (0.9, 0.95, 0.98, 1.0, 1.03)
            }
            print(line, flush=True)
            lines.append(line)
    files.write_json(path, sorted(lines, key=lambda line: (line["blocks"], line["correlation"])))


if __name__ == "__main__":
    main()
