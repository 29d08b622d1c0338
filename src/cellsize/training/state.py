"""Where each network's training stands: its setting, its scores, and the weights that are kept. No Lightning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import isfinite
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from cellsize.params import Network, Training
from cellsize.sizing.race import families, finalists
from cellsize.sizing.sizes import Size
from cellsize.training import halving
from cellsize.training.records import Setting, Work


class Scored(Protocol):
    """Makes a score of a sum of errors; a `Task` does."""

    def score(self, error_sum: float, values: int) -> float:
        """The score, from the sum over all samples and the number of values in it."""


@dataclass
class NetworkState:
    """Where one network's training stands.

    Attributes:
        fold: Its fold, from 0.
        seed: Its seed, from 0.
        family: Of the first seed its setting's family, of another seed the winner that it begins with; from 0.
        setting: What it is trained with; a waiting network has the first one of its family until it begins.
        status: waiting, active, done, dropped or failed.
        is_spare: Whether it is for a learning rate beyond the list.
        first_check: Check of the joint training after which it began, from 0.
        steps: Optimizer steps it was trained.
        kept_check: Check with the lowest early-stopping score; 0 if none was below that of no training.
        kept_step: Optimizer steps until then.
        kept_score: That score.
        start: The score of no training.
        kept: Its weights then, shape (parameters,).
        last: Its weights after its last step, shape (parameters,).
        loss_sum: Sum of the training losses since the last check.
        loss_count: Number of these losses.
        curve: Training loss and early-stopping score of each check.
    """

    fold: int
    seed: int
    family: int
    setting: Setting
    status: halving.Status
    is_spare: bool = False
    first_check: int = 0
    steps: int = 0
    kept_step: int = 0
    kept_check: int = 0
    kept_score: float = float("inf")
    start: float = float("inf")
    kept: Tensor = field(default_factory=lambda: torch.empty(0))
    last: Tensor = field(default_factory=lambda: torch.empty(0))
    loss_sum: float = 0.0
    loss_count: int = 0
    curve: list[tuple[float, float]] = field(default_factory=list)

    @property
    def key(self) -> tuple[int, int, int]:
        """Which batches it reads: those of its fold and seed, as far as it is."""
        return self.fold, self.seed, len(self.curve)

    def end_check(self, error_sum: float | None, values: int, task: Scored) -> bool:
        """Notes a check's score; returns whether its weights are the ones to keep.

        Args:
            error_sum: Over the early-stopping set; None in a refit, which has no such set and keeps its last
                weights.
            values: Targets that were observed in that set.
            task: How a score is made of their sums.
        """
        score = 0.0 if error_sum is None else task.score(error_sum, values)
        self.curve.append((self.loss_sum / max(1, self.loss_count), score))
        is_kept = error_sum is None or (isfinite(score) and score < self.kept_score)
        if is_kept:
            self.kept_check, self.kept_step, self.kept_score = len(self.curve), self.steps, score
        return is_kept


def settings(network: Network, training: Training, size: Size) -> list[list[Setting]]:
    """Every combination that is tuned for each size, one list for each family."""
    heads = network.head if size.layers else ("plain",)  # an MLP's hidden units read what is known in future already
    return [
        [
            Setting(rate, dropout, decay, skip, head)
            for skip, head, rate, dropout, decay in product(
                family, heads, training.learning_rates, training.dropouts, training.weight_decays
            )
        ]
        for family in families(network)
    ]


def of_seeds(chosen: Mapping[int, Setting], seeds: Sequence[int]) -> list[NetworkState]:
    """More seeds of settings that are chosen: nothing races.

    Args:
        chosen: The setting of each fold.
        seeds: The seeds, from 1.
    """
    return [NetworkState(fold, seed, 0, setting, "active") for fold, setting in chosen.items() for seed in seeds]


def racing(work: Work, folds: Sequence[int], tuned: list[list[Setting]]) -> list[NetworkState]:
    """One network for each setting of the first seed, spares for learning rates beyond, and those of other seeds."""
    count = sum(map(len, tuned))
    extensible = len(work.training.learning_rates) > 1 and work.training.rungs
    result: list[NetworkState] = []
    for fold in folds:
        for family, members in enumerate(tuned):
            first = halving.first_status(0, count)
            result += [NetworkState(fold, 0, family, setting, first) for setting in members]
            spares = halving.EXTENSIONS if extensible else 0
            result += [NetworkState(fold, 0, family, members[0], "waiting", is_spare=True) for _ in range(spares)]
        for seed in range(1, work.training.seeds):
            status = halving.first_status(seed, count)
            result += [
                NetworkState(fold, seed, place, tuned[min(place, len(tuned) - 1)][0], status)
                for place in range(finalists(len(tuned), count))
            ]
    return result


def progress(all_states: Sequence[NetworkState]) -> list[halving.Progress]:
    """What the race decides by."""
    tried: dict[tuple[int, int], set[float]] = {}
    for state in all_states:
        if state.seed == 0 and (not state.is_spare or state.status != "waiting"):
            tried.setdefault((state.fold, state.family), set()).add(state.setting.learning_rate)

    def at_end(state: NetworkState) -> bool:
        rates = tried.get((state.fold, state.family), set()) if state.seed == 0 else set()
        return len(rates) > 1 and state.setting.learning_rate in (min(rates), max(rates))

    return [
        halving.Progress(
            fold=state.fold,
            seed=state.seed,
            family=state.family,
            status=state.status,
            is_spare=state.is_spare,
            at_end=at_end(state),
            kept=state.kept_check,
            scores=tuple(score for _, score in state.curve),
            start=state.start,
            rate=state.setting.learning_rate,
            # Some things are not learnt gradually. Beside a linear model there may be nothing to learn at all.
            is_patient=state.setting.skip == "none",
        )
        for state in all_states
    ]


def beyond(winner: Setting, tried: Sequence[float]) -> Setting:
    """The winner's setting with the learning rate that continues what was tried, by its last factor.

    Args:
        winner: Has the lowest or the highest learning rate of those tried.
        tried: At least two learning rates.
    """
    rates = sorted(set(tried))
    if winner.learning_rate == rates[-1]:
        return replace(winner, learning_rate=float(f"{rates[-1] ** 2 / rates[-2]:.3g}"))
    return replace(winner, learning_rate=float(f"{rates[0] ** 2 / rates[1]:.3g}"))


def derive(*numbers: int | Size) -> int:
    """A seed that depends on every number and on nothing else."""
    words = [
        word for number in numbers for word in ((number.layers, number.units) if isinstance(number, Size) else [number])
    ]
    return int(np.random.SeedSequence(words).generate_state(1)[0])
