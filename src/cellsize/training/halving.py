"""The race of one size's settings: what each network does next, from early-stopping scores alone.

In each fold the first seed trains every setting (learning rate, dropout, weight decay, skip connection, head). The
settings stand in families, with a linear skip connection and without one. At each rung a family keeps its best quarter,
after the last one its winner. While none of them has learnt anything, the best one of each learning rate stays, and the
race is longer. A winner that has learnt and whose learning rate is the end of the list is compared with one beyond it.
Then the other seeds begin with every winner, and all of these run to the end. Folds decide for themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import Literal

from cellsize.sizing.race import KEPT, finalists

Status = Literal["waiting", "active", "done", "dropped", "failed"]

# How often a winner's learning rate may be taken beyond its list, in each fold and family.
EXTENSIONS = 2
# A network has learnt something once its score is lower than that of no training by this fraction.
GAIN = 0.02
# A training is prolonged while its last quarter lowers its early-stopping score by more than this fraction.
WORTH_MORE = 0.01


@dataclass(frozen=True)
class Plan:
    """When a training is decided on, in checks: looks at the early-stopping set, a fixed number of steps apart.

    Attributes:
        rungs: Checks after which a family keeps its best quarter of settings; after the last one its winners.
        checks: Checks of a training that may win.
        most: Checks after which it is not prolonged any more.
        patience: Checks in a row without a lower score, after which a network is done.
    """

    rungs: tuple[int, ...]
    checks: int
    most: int
    patience: int


@dataclass(frozen=True)
class Progress:
    """Where one network stands after a check.

    Attributes:
        fold: Its fold.
        seed: Its seed; 0 is the first one.
        family: Of the first seed its setting's family; of another seed the winner that it begins with, from 0.
        status: waiting (for a setting), active, done, dropped (another setting was better) or failed.
        is_spare: Whether it waits for, or has, a learning rate beyond the list.
        at_end: Whether its learning rate is the lowest or the highest that its fold and family have tried, of several.
        kept: Check with the lowest score, whose weights are kept; 0 is before any training.
        scores: Early-stopping score of each check.
        start: The score of no training.
        rate: Its learning rate.
        is_patient: Whether it is trained to the end of its schedule as long as it has learnt nothing.
    """

    fold: int
    seed: int
    family: int
    status: Status
    is_spare: bool = False
    at_end: bool = False
    kept: int = 0
    scores: tuple[float, ...] = ()
    start: float = inf
    rate: float = 0.0
    is_patient: bool = False

    @property
    def checks(self) -> int:
        """Checks that it was trained for."""
        return len(self.scores)

    @property
    def has_learnt(self) -> bool:
        """Whether it is better than no training by more than a trifle."""
        return self.has_learnt_by(self.checks)

    def has_learnt_by(self, check: int) -> bool:
        """Whether it was by a check."""
        return min(self.scores[:check], default=inf) < (1 - GAIN) * self.start


@dataclass(frozen=True)
class Decision:
    """What happens before the next check.

    Attributes:
        statuses: The new status of each network.
        begins: Pairs of a network that begins and the network whose setting it is trained with; a spare with the next
            learning rate beyond it.
    """

    statuses: tuple[Status, ...]
    begins: tuple[tuple[int, int], ...]


def first_status(seed: int, settings: int) -> Status:
    """Whether a network trains from the beginning; with one setting there is nothing to wait for."""
    return "active" if seed == 0 or settings == 1 else "waiting"


def decide(networks: Sequence[Progress], plan: Plan) -> Decision:
    """What each network does after a check.

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
        begins += _race(networks, statuses, fold, plan)
    return Decision(tuple(statuses), tuple(begins))


def length(scores: Sequence[float], plan: Plan) -> int:
    """Checks of a training with these scores: the schedule, prolonged by quarters while they pay."""
    quarter, end = max(1, plan.checks // 4), plan.checks
    while len(scores) >= end and end < plan.most:
        before, last = scores[: end - quarter], scores[end - quarter : end]
        if not before or min(last) >= (1 - WORTH_MORE) * min(before):
            break
        end = min(end + quarter, plan.most)
    return end


def _status_by_itself(network: Progress, plan: Plan) -> Status:
    if network.status != "active" or not network.scores:
        return network.status
    if not isfinite(network.scores[-1]):
        return "failed"
    is_late = network.checks - network.kept >= plan.patience and not (network.is_patient and not network.has_learnt)
    is_over = network.checks >= length(network.scores, plan) or is_late
    return "done" if is_over else "active"


def _race(networks: Sequence[Progress], statuses: list[Status], fold: int, plan: Plan) -> list[tuple[int, int]]:
    """Drops settings of a fold, in `statuses`, and says which of its networks begin."""
    mine = [index for index, network in enumerate(networks) if network.fold == fold]
    if any(networks[index].seed and statuses[index] != "waiting" for index in mine):
        return []  # the other seeds have begun: the race is over
    first = [index for index in mine if networks[index].seed == 0]
    families = sorted({networks[index].family for index in first})
    settings = sum(not networks[index].is_spare for index in first)
    wanted = finalists(len(families), settings) // len(families)
    begins: list[tuple[int, int]] = []
    winners: list[int] = []
    is_settled = True
    for family in families:
        members = [index for index in first if networks[index].family == family]
        left = _halve(networks, statuses, members, plan, wanted)
        winners += left
        spares = [index for index in members if networks[index].is_spare and statuses[index] == "waiting"]
        # While a spare may still begin, fewer settings than wanted are no reason to decide before the last rung.
        if len(left) > wanted or (spares and not _have_raced(networks, statuses, left, plan)):
            is_settled = False
        elif left and spares and networks[left[0]].at_end and networks[left[0]].has_learnt:
            is_settled = False
            statuses[spares[0]] = "active"
            begins.append((spares[0], left[0]))
    if not is_settled:
        return begins
    for index in mine:
        if networks[index].seed == 0 or statuses[index] != "waiting":
            continue
        place = networks[index].family
        if place < len(winners):
            statuses[index] = "active"
            begins.append((index, winners[place]))
        else:
            statuses[index] = "dropped" if winners else "failed"
    return begins


def _halve(
    networks: Sequence[Progress], statuses: list[Status], members: list[int], plan: Plan, wanted: int
) -> list[int]:
    """A family's settings that are left after a check, best first; more than wanted while they still race."""
    left = [index for index in members if statuses[index] in ("active", "done")]
    race = plan.rungs[-1] if plan.rungs else 0
    # Where nothing was learnt by the last rung, the race is longer.
    is_long = bool(plan.rungs) and not any(networks[index].has_learnt_by(race) for index in left)
    compared = race if plan.rungs and not is_long else plan.most
    left.sort(key=lambda index: (min(networks[index].scores[:compared], default=0.0), index))
    if len(left) <= wanted:
        return left
    # A learning rate beyond the list is compared with the winners after as many checks as they had then.
    spares = [index for index in left if networks[index].is_spare and networks[index].checks < race]
    if any(statuses[index] == "active" for index in spares):
        return left
    checks = max(networks[index].checks for index in members if not networks[index].is_spare)
    # Settings that end before a rung are compared at once: nothing will change their scores.
    ended = checks > 0 and not any(statuses[index] == "active" for index in left)
    is_last = not plan.rungs or checks >= race or ended
    if not (checks in plan.rungs or is_last):
        return left
    if plan.rungs and not ended and not any(networks[index].has_learnt for index in left):
        # The lowest score is that of whoever did the least harm: each learning rate gets more time.
        kept = _best_of_each_rate(networks, left)
    elif is_long and not ended and checks > race and checks not in _later_rungs(race, plan):
        return left
    else:
        kept = left[: wanted if is_last else max(wanted, ceil(KEPT * len(left)))]
    if not any(statuses[index] == "active" for index in kept):
        kept = kept[:wanted]  # at a rung too: those that stay have ended, so that no later check would decide
    for index in left:
        if index not in kept:
            statuses[index] = "dropped"
    return kept


def _best_of_each_rate(networks: Sequence[Progress], left: list[int]) -> list[int]:
    """The best setting of each learning rate, of those that stand in order."""
    best: dict[float, int] = {}
    for index in left:
        best.setdefault(networks[index].rate, index)
    return list(best.values())


def _later_rungs(race: int, plan: Plan) -> set[int]:
    """When a race is decided in which nothing was learnt by its last rung: after twice as many checks, and so on."""
    return {race * 2**power for power in range(1, plan.most.bit_length())}


def _have_raced(networks: Sequence[Progress], statuses: list[Status], left: list[int], plan: Plan) -> bool:
    """Whether each setting left has come to the last rung, or ended before it."""
    race = plan.rungs[-1] if plan.rungs else 0
    return all(networks[index].checks >= race or statuses[index] != "active" for index in left)
