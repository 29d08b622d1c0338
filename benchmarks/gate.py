"""How often the gate is wrong: ten looks at equal models on one holdout, on simulated series.

Each series has a champion and ten challengers of the same quality. Losses of a block go up and down together for all
of them, and are correlated from block to block; each training adds a draw of its seed. A false move is any look at
which the gate finds a challenger better. `by_point` is what happens without a test: the alias moves as soon as a mean
loss is lower. Also: how often a challenger that is better or worse by so much passes at its first look.

    python -m benchmarks.gate            # writes benchmarks/results/gate.json, ten minutes of one core
    python -m benchmarks.gate --smoke
"""

import argparse
from typing import Any

import numpy as np

from benchmarks import data
from cellsize import files
from cellsize.data.windows import Floats
from cellsize.evaluation.paired import level, paired

# As in params.yaml.
MARGIN, PROBABILITY, NOT_WORSE, TWINS = 1.0, 0.9, 0.8, 3
WINDOWS = 4  # of a block


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

    def losses(self, networks: int, quality: float = 1.0) -> Floats:
        """Losses of trainings by one recipe, shape (networks, windows).

        The recipe has its own strong and weak blocks, which its trainings share and which favour it or not by chance.
        """
        of_recipe = self.own * self._walk()
        seeds = self.seeds * self.random.standard_normal(networks)
        windows = np.repeat(quality * self.common + of_recipe + seeds[:, None], WINDOWS, axis=1)
        return np.asarray(windows + 0.1 * self.random.standard_normal(windows.shape))

    @property
    def block_of(self) -> Any:
        """Block of each window."""
        return np.repeat(np.arange(self.blocks), WINDOWS)


def false_moves(
    series: int, looks: int, blocks: int, correlation: float, seeds: float, own: float = 0.1, seed: int = 0,
    by_point: bool = False, served: bool = True,
) -> int:  # fmt: skip
    """Series of which a champion is replaced by an equal one in some look.

    Args:
        series: How many are simulated.
        looks: Challengers, one after another, on the same holdout.
        blocks: See `Series`.
        correlation: See `Series`.
        seeds: See `Series`.
        own: See `Series`.
        seed: Of the simulation.
        by_point: Whether a lower mean loss is enough.
        served: Whether the champion is one model, else as many twins as a challenger.
    """
    moved = 0
    for number in range(series):
        holdout = Series(blocks, correlation, own, seeds, [seed, number])
        champion = holdout.losses(1 if served else TWINS)
        for look in range(1, looks + 1):
            challenger = holdout.losses(TWINS)
            if by_point:
                passes = bool(challenger.mean() < champion.mean())
            else:
                result = paired(challenger, champion, holdout.block_of, MARGIN)
                passes = result.better >= level(PROBABILITY, look)
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
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    series = 20 if given.smoke else given.series
    lines: list[dict[str, Any]] = []
    for blocks in (20, 40, 100):
        for correlation in (0.0, 0.3, 0.5):
            seeds = 0.013  # of the default data; of the mean loss, in fractions
            line: dict[str, Any] = {"blocks": blocks, "correlation": correlation, "seeds": seeds, "series": series}
            line["looks"] = 10
            line["false_moves"] = false_moves(series, 10, blocks, correlation, seeds)
            line["false_moves_same_cut"] = false_moves(series, 10, blocks, correlation, seeds, served=False)
            line["by_point"] = false_moves(series, 10, blocks, correlation, seeds, by_point=True)
            line["passes_of"] = max(series // 5, 1)
            line["passes"] = {
                f"{quality:g}": passing(line["passes_of"], blocks, correlation, seeds, quality)
                for quality in (0.9, 0.95, 0.98, 1.0, 1.03)
            }
            print(line, flush=True)
            lines.append(line)
    files.write_json(data.result("gate", given.smoke), lines)


if __name__ == "__main__":
    main()
