"""Successive halving of the settings of one size: what each network does next, from early-stopping scores alone.

In each fold the first seed trains every setting (learning rate, dropout, weight decay). At each rung the worse half
of them is dropped; when one is left, the other seeds begin with it. Folds decide for themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

Status = Literal["waiting", "active", "done", "dropped", "failed"]


@dataclass(frozen=True)
class Plan:
    """When a training is decided on, in epochs.

    Attributes:
        rungs: Epochs after which the worse half of a fold's settings is dropped; after the last one a single one is
            left.
        epochs: The most epochs of a network.
        patience: Epochs in a row whose weights are not kept, after which a network is done.
    """

    rungs: tuple[int, ...]
    epochs: int
    patience: int


@dataclass(frozen=True)
class Progress:
    """Where one network stands after an epoch.

    Attributes:
        fold: Its fold.
        seed: Its seed; 0 is the first one.
        status: waiting (for a setting), active, done, dropped (another setting was better) or failed.
        epoch: Epochs it was trained.
        kept_epoch: Latest epoch whose weights are kept.
        score: Early-stopping score of its last epoch.
        lowest_score: Its lowest early-stopping score so far, which settings are compared by.
    """

    fold: int
    seed: int
    status: Status
    epoch: int = 0
    kept_epoch: int = 0
    score: float = 0.0
    lowest_score: float = float("inf")


@dataclass(frozen=True)
class Decision:
    """What happens before the next epoch.

    Attributes:
        statuses: The new status of each network.
        begins: Pairs of a network that begins and the network whose setting it is trained with.
    """

    statuses: tuple[Status, ...]
    begins: tuple[tuple[int, int], ...]


def first_status(seed: int, settings: int) -> Status:
    """Whether a network trains from the first epoch on; with one setting there is nothing to wait for."""
    return "active" if seed == 0 or settings == 1 else "waiting"


def decide(networks: Sequence[Progress], plan: Plan) -> Decision:
    """What each network does after an epoch.

    Args:
        networks: All networks of the size, in each fold at least one of the first seed; of two equal scores the
            earlier network's counts as better.
        plan: When to decide.

    Returns:
        The new statuses, and which networks begin.
    """
    statuses = [_status_by_itself(network, plan) for network in networks]
    begins: list[tuple[int, int]] = []
    for fold in dict.fromkeys(network.fold for network in networks):
        begins += _halve(networks, statuses, fold, plan)
    return Decision(tuple(statuses), tuple(begins))


def _status_by_itself(network: Progress, plan: Plan) -> Status:
    if network.status != "active":
        return network.status
    if not isfinite(network.score):
        return "failed"
    waited = network.epoch - network.kept_epoch
    return "done" if network.epoch >= plan.epochs or waited >= plan.patience else "active"


def _halve(networks: Sequence[Progress], statuses: list[Status], fold: int, plan: Plan) -> list[tuple[int, int]]:
    """Drops settings of a fold, in `statuses`, and says which of its networks begin."""
    mine = [index for index, network in enumerate(networks) if network.fold == fold]
    tried = [index for index in mine if networks[index].seed == 0]
    waiting = [index for index in mine if statuses[index] == "waiting"]
    left = [index for index in tried if statuses[index] in ("active", "done")]
    ended = not any(statuses[index] == "active" for index in left)
    epoch = max(networks[index].epoch for index in tried)
    # Settings that end before a rung are compared at once: nothing will change their scores.
    if len(left) > 1 and (epoch in plan.rungs or (epoch > 0 and ended)):
        last = not plan.rungs or epoch >= plan.rungs[-1] or ended
        keep = 1 if last else (len(left) + 1) // 2
        ranked = sorted(left, key=lambda index: (networks[index].lowest_score, index))
        left = ranked[:keep]
        for index in ranked[keep:]:
            statuses[index] = "dropped"
    if len(left) == 1:
        for index in waiting:
            statuses[index] = "active"
        return [(index, left[0]) for index in waiting]
    if not left:
        for index in waiting:
            statuses[index] = "failed"
    return []
