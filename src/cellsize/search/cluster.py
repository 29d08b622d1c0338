"""Ray's cluster: connected to, counted, and held against what is asked for, before anything is trained."""

import logging
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import ray
from ray._private import ray_constants
from ray.exceptions import AuthenticationError, RayError

from cellsize import lineage, process
from cellsize.errors import InputError
from cellsize.params import Compute
from cellsize.search import exposure
from cellsize.search.storage import KEY, Storage
from cellsize.search.versions import gpu_memory

HEAD = "node:__internal_head__"  # what Ray has its head give away besides cores
SECTION = "search.compute"
REACH_SECONDS = 10.0
ANSWER_SECONDS = 30.0
JOIN_SECONDS = 120.0  # what nodes that are starting are waited for; a cluster may have none to begin with

# What processes that train one size together take a port of: the interface's name for gloo, and for NCCL.
INTERFACES = {"GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "lo"}
# Asks a cluster for its nodes. In a process of its own: Ray reads once in a process whether it sends a token.
ASK = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1]).get_all_node_info()"


@dataclass(frozen=True)
class Node:
    """A machine of the cluster.

    Attributes:
        name: Its address.
        key: Ray's name for it.
        cpus: Cores that Ray may give away.
        gpus: GPUs that Ray may give away.
    """

    name: str
    key: str
    cpus: float
    gpus: float


@dataclass(frozen=True)
class Resources:
    """What there is for trials.

    Attributes:
        nodes: The machines that have cores to give away.
        head: The cluster's head, which may have none.
        gpu_memory: Bytes of the smallest GPU; None if there is none, or nobody knows.
    """

    nodes: tuple[Node, ...]
    gpu_memory: float | None = None
    head: Node | None = None

    @property
    def gpus(self) -> float:
        """GPUs of all nodes."""
        return sum(node.gpus for node in self.nodes)

    @property
    def gpus_of_a_node(self) -> int:
        """GPUs of the node that has most of them, at least 1."""
        return max([1, *(int(node.gpus) for node in self.nodes)])

    def asked(self, with_head: bool) -> tuple[Node, ...]:
        """The nodes that run something of a search: those with cores, and the head if it is to wait for others."""
        is_beside = with_head and self.head is not None and self.head not in self.nodes
        return (*self.nodes, self.head) if is_beside and self.head is not None else self.nodes

    def slots(self, cpus: float, gpus: float) -> int:
        """How many trials fit at once.

        Args:
            cpus: Cores of each.
            gpus: GPUs of each, or a part of one: of one GPU a trial's parts are never put together with another's.
        """
        total = 0
        for node in self.nodes:
            fits = int(node.cpus / cpus)
            if gpus:
                of_gpus = int(node.gpus) * int(1 / gpus + 1e-9) if gpus <= 1 else int(node.gpus / gpus)
                fits = min(fits, of_gpus)
            total += fits
        return total


def connect(compute: Compute) -> Resources:
    """Starts Ray on this machine, or connects to a cluster; once only, however often it is called.

    Args:
        compute: Where.

    Raises:
        InputError: There is no cluster, it refuses, or this machine is no node of it.
    """
    process.set_environment()
    if not ray.is_initialized():
        if compute.address == "local":
            exposure.protect_token()
            _listen_on_loopback()
            # Never a cluster that happens to run here: nobody has asked for it.
            ray.init(
                address="local",
                num_cpus=compute.trials * compute.cpus_per_trial * (compute.devices_per_trial or 1) or None,
                include_dashboard=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
                _temp_dir=lineage.temporary(),  # of a run: Ray itself removes nothing there
            )
        else:
            _join(compute.address)
    resources = _there()
    deadline = time.monotonic() + (JOIN_SECONDS if compute.address != "local" else 0.0)
    while not resources.nodes and time.monotonic() < deadline:
        time.sleep(1.0)
        resources = _there()
    return replace(resources, gpu_memory=gpu_memory()) if compute.address == "local" else resources


def _there() -> Resources:
    """The nodes that are alive, and the head."""
    alive = [
        (Node(node["NodeManagerAddress"], node["NodeID"], of.get("CPU", 0.0), of.get("GPU", 0.0)), HEAD in of)
        for node in ray.nodes()  # type: ignore[no-untyped-call]
        if node["Alive"] and (of := node["Resources"])
    ]
    nodes = tuple(node for node, _ in alive if node.cpus > 0)
    head = next((node for node, is_head in alive if is_head), None)
    return Resources(nodes, None, head)


def _listen_on_loopback() -> None:
    """Has Ray's processes on this machine listen on the loopback alone: their ports lead to running code.

    Ray has no setting for it on Linux. Where it makes no clusters it takes the loopback as this machine's address, and
    a server that has this address listens there only. Processes that train together would take the address that this
    machine's name has, which others may reach; Ray hands them this environment. torch's store, where they meet, listens
    everywhere whatever is set. See SECURITY.md.
    """
    ray_constants.ENABLE_RAY_CLUSTER = False
    for key, value in INTERFACES.items():
        os.environ.setdefault(key, value)


def _join(address: str) -> None:
    """Connects to a cluster."""
    if address != "auto":
        host, _, port = address.rpartition(":")
        try:  # Ray itself would look for a minute
            socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{SECTION}.address: {address}: cannot be reached ({error}); start the cluster's head there, or set "
                "local"
            ) from None
    try:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except AuthenticationError:
        raise InputError(
            f"{SECTION}.address: {address}: this process and the cluster have different tokens; set the same "
            "RAY_AUTH_TOKEN for both, and start the cluster with RAY_AUTH_MODE=token"
        ) from None
    except ConnectionError:
        raise InputError(
            f"{SECTION}.address: {address}: no cluster is there; start one (docs/scaling.md), or set local"
        ) from None
    except (RayError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{SECTION}.address: {address}: {reason}; start the search on a node of the cluster, with the cluster's "
            "Ray and token"
        ) from None


def answers_anybody(address: str) -> bool:
    """Whether a cluster answers a process without a token, which `ray start` has it do unless it is told otherwise.

    Args:
        address: Of its head.

    Returns:
        False also if it has not answered in time.
    """
    try:
        asked = subprocess.run(
            [sys.executable, "-c", ASK, address], env={**os.environ, "RAY_AUTH_MODE": "disabled"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=ANSWER_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def warning() -> str:
    """What to say of the cluster that this process has joined; empty if its token is on, or nobody wants one."""
    address = ray.get_runtime_context().gcs_address
    if os.environ.get("RAY_AUTH_MODE", "").lower() != "token" or not answers_anybody(address):
        return ""
    return (
        f"search: {SECTION}.address: {address}: the cluster checks no token, so that whoever reaches its ports can run "
        "code there; start it with RAY_AUTH_MODE=token (docs/scaling.md)"
    )


def at_once(compute: Compute) -> int | None:
    """How many trials run at once on what this process has joined; None if it has joined nothing yet.

    Args:
        compute: Where. Of GPUs that sizes share each counts as one trial: who shares one is slower.
    """
    if not ray.is_initialized():
        return None
    there = _there()
    gpus = compute.gpus_per_trial
    each = gpus if gpus is not None else float(there.gpus > 0)
    if (compute.devices_per_trial or 1) > 1:
        each = min(each, 1.0)  # of each of its processes
    fit = there.slots(compute.cpus_per_trial, each) // (compute.devices_per_trial or 1)
    return max(1, min(fit, compute.trials) if compute.trials else fit)


def check(compute: Compute, resources: Resources, storage: Storage) -> None:
    """Holds what is asked for against what there is.

    Raises:
        InputError: No node is there, a trial fits nowhere, or several machines have no storage in common.
    """
    if not resources.nodes:
        raise InputError(
            f"{SECTION}.address: {compute.address}: no node with cores to give away has joined the cluster yet; wait "
            "until one has (ray status), or have the cluster keep one at least"
        )
    where = "this machine" if compute.address == "local" else "the cluster"
    cpus, gpus = (max((getattr(node, kind) for node in resources.nodes), default=0.0) for kind in ("cpus", "gpus"))
    if compute.cpus_per_trial > cpus:
        largest = "" if compute.address == "local" else "'s largest node"
        raise InputError(
            f"{SECTION}.cpus_per_trial: asks for {_count(compute.cpus_per_trial, 'core')} a trial, {where}{largest} "
            f"has {cpus:g}; set it to {max(1, int(cpus))} or less"
        )
    wanted = compute.gpus_per_trial or 0.0
    if gpus and wanted > 1 and compute.devices_per_trial in (None, 1):
        raise InputError(
            f"{SECTION}.gpus_per_trial: asks for {_count(wanted, 'GPU')} a trial, and a trial on one device uses one "
            f"of them; set it to 1, and devices_per_trial to {wanted:g} to train one size on all of them"
        )
    if wanted > gpus:
        has = f"{where} has none" if not resources.gpus else f"no node of {where} has more than {gpus:g}"
        remedy = "0" if not gpus else f"0 or up to {gpus:g}"
        raise InputError(
            f"{SECTION}.gpus_per_trial: asks for {_count(wanted, 'GPU')} a trial, {has}; set it to {remedy}"
        )
    together = compute.devices_per_trial or 1
    device, each = ("GPU", 1.0) if wanted or (compute.gpus_per_trial is None and gpus) else ("core", 0.0)
    there = resources.slots(compute.cpus_per_trial, each)
    if together > there:
        of_cores = f" with {_count(compute.cpus_per_trial, 'core')} each" if compute.cpus_per_trial > 1 else ""
        raise InputError(
            f"{SECTION}.devices_per_trial: asks for {_count(together, device)} a trial{of_cores}, {where} has {there}; "
            f"set it to {max(1, there)} or less"
        )
    if len(resources.nodes) > 1 and compute.storage is None:
        raise InputError(
            f"{KEY}: null is a folder of this machine, and the cluster has {len(resources.nodes)} nodes; name a folder "
            f"that all share, or s3://bucket/prefix (not {storage.address})"
        )


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'s' * (number > 1)}"
