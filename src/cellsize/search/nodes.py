"""The nodes of a cluster, asked for their versions, code, storage and GPUs before one of them trains anything."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cellsize import stage
from cellsize.errors import InputError
from cellsize.search import store
from cellsize.search.cluster import SECTION, Node, Resources
from cellsize.search.storage import KEY, Storage
from cellsize.search.versions import gpu, gpu_memory, versions

ANSWER_SECONDS = 180.0  # a node that answers late has its packages on a slow disk; see docs/scaling.md
WORKED_WITH = "cellsize.kernels"  # other last digits, but no other code


@dataclass(frozen=True)
class Seen:
    """What a node says of itself.

    Attributes:
        versions: What decides the last digits.
        code: The hash of what a trial runs.
        storage: What is wrong with the storage there; empty if nothing is.
        gpu_memory: Bytes of its smallest GPU; None if there is none.
    """

    versions: dict[str, str]
    code: str
    storage: str
    gpu_memory: float | None


def expected() -> tuple[dict[str, str], str]:
    """The versions and the code that every node is held against: this machine's."""
    return dict(versions()), _code()


def look(storage: Storage, marker: str) -> Seen:
    """Looks at the machine that it runs on.

    Args:
        storage: Where trials leave their results.
        marker: What the driver has left there.
    """
    return Seen(dict(versions()), _code(), storage.unseen(marker), gpu_memory())


class Probe:
    """An actor on a node: after a network was cut Ray gives up an actor, where a task may hang for ever."""

    def look(self, storage: Storage, marker: str) -> Seen:
        """See `look`."""
        return look(storage, marker)

    def gpu(self) -> str:
        """See `versions.gpu`."""
        return gpu()


def compare(
    resources: Resources, storage: Storage, marker: str, with_head: bool = False
) -> tuple[Resources, list[str]]:
    """Asks every node of a cluster for its versions, its code, the storage and its GPUs.

    Args:
        resources: The nodes.
        storage: Where trials leave their results.
        marker: What was left there.
        with_head: Also asks the head, where it has no cores to give away.

    Returns:
        The same with the memory of the smallest GPU, and lines to print about what is not alike and does no harm.

    Raises:
        InputError: A node does not answer, runs other code or other versions, or does not reach the storage.
    """
    nodes = resources.asked(with_head)
    seen: list[Seen] = _ask(nodes, "look", storage, marker)
    lines = list(dict.fromkeys(_differences(zip(nodes, seen, strict=True), *expected())))
    known = [of.gpu_memory for of in seen if of.gpu_memory]
    return replace(resources, gpu_memory=min(known, default=None)), lines


def _ask(nodes: Sequence[Node], what: str, *given: object) -> list[Any]:
    """What each node answers.

    Raises:
        InputError: One does not answer, or cannot run this package.
    """
    probe: Any = ray.remote(Probe)
    actors = [
        probe.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node.key, soft=False)).remote()
        for node in nodes
    ]
    answers: list[Any] = []
    for node, actor in zip(nodes, actors, strict=True):
        try:
            answers.append(ray.get(getattr(actor, what).remote(*given), timeout=ANSWER_SECONDS))
        except GetTimeoutError:
            raise InputError(
                f"{SECTION}.address: node {node.name} has not answered for {ANSWER_SECONDS:g} s; remove it from the "
                "cluster, or look at its logs"
            ) from None
        except (RayError, ImportError) as error:
            reason = next((line for line in reversed(str(error).splitlines()) if "Error" in line), type(error).__name__)
            raise InputError(
                f"{SECTION}.address: node {node.name} cannot run cellsize ({reason.strip()}); install the same "
                "requirements.txt on every node"
            ) from None
    for actor in actors:
        ray.kill(actor)
    return answers


def _differences(seen: Iterable[tuple[Node, Seen]], mine: Mapping[str, str], code: str) -> Iterable[str]:
    """Refuses what would spoil the numbers; says what only moves their last digits.

    Args:
        seen: What nodes say of themselves.
        mine: The driver's versions.
        code: The driver's hash of what a trial runs.
    """
    for node, of in seen:
        if of.storage:
            raise InputError(f"{KEY}: node {node.name}: {of.storage}")
        for name, here in mine.items():
            there = of.versions.get(name, "none")
            if name != WORKED_WITH and there != here:
                package = name.rpartition(".")[2]
                raise InputError(
                    f"{SECTION}.address: node {node.name} has {package} {there}, this one {here}; install the same "
                    "requirements.txt on every node"
                )
        if of.code != code:
            raise InputError(
                f"{SECTION}.address: node {node.name} has another cellsize; install the same one on every node"
            )
        if of.versions.get(WORKED_WITH) != mine.get(WORKED_WITH):
            yield f"search: node {node.name} computes with {of.versions.get(WORKED_WITH)}, this one with " + (
                f"{mine.get(WORKED_WITH)}: last digits depend on which of them trains a size"
            )


def joined(expected: Mapping[str, str], code: str) -> None:
    """Looks at the node that it runs on, from a trial: one that joined later has not been compared.

    Args:
        expected: The driver's versions.
        code: The driver's hash of what a trial runs.

    Raises:
        InputError: The node runs other code or other versions.
    """
    node = Node(ray.util.get_node_ip_address(), "", 0.0, 0.0)  # type: ignore[no-untyped-call]
    mine = Seen(_versions(), _code(), "", None)
    for _ in _differences([(node, mine)], expected, code):
        continue  # it only moves last digits


@functools.cache
def _versions() -> dict[str, str]:
    return dict(versions())


@functools.cache
def _code() -> str:
    return stage.code_hash(store.CODE, "cellsize.search.trial")


def kinds_of_gpus(resources: Resources) -> list[str]:
    """The kinds of GPUs that a cluster has, as each node names its own: see `versions.gpu`.

    Args:
        resources: The nodes.

    Raises:
        InputError: A node does not answer.
    """
    return sorted({kind for kind in _ask([node for node in resources.nodes if node.gpus], "gpu") if kind})
