"""What a cluster is held against, without one; with one: tests/faults/test_nodes.py."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray._private import ray_constants
from ray.exceptions import AuthenticationError

from cellsize.errors import InputError
from cellsize.params import Compute
from cellsize.search import cluster, exposure
from cellsize.search.cluster import Node, Resources
from cellsize.search.storage import Storage

MakeCompute = Callable[..., Compute]
HERE = Storage("/somewhere")


@pytest.fixture
def make_compute(params_content: Callable[[], dict[str, Any]]) -> MakeCompute:
    return lambda **changes: Compute(**params_content()["search"]["compute"] | changes)


def resources(*nodes: tuple[float, float]) -> Resources:
    """Nodes of so many cores and GPUs."""
    return Resources(tuple(Node(f"10.0.0.{at}", f"n{at}", *node) for at, node in enumerate(nodes)))


@pytest.mark.parametrize(
    ("nodes", "cpus", "gpus", "slots"),
    [
        ([(2, 0)], 1, 0.0, 2),
        ([(3, 0), (3, 0)], 2, 0.0, 2),
        ([(8, 2)], 1, 0.5, 4),
        ([(8, 2)], 1, 0.4, 4),  # two of each GPU, and not five of both
        ([(8, 2)], 1, 0.3333, 6),
        ([(8, 4)], 1, 2.0, 2),
        ([(3, 4)], 1, 1.0, 3),
        ([(8, 0), (8, 1)], 1, 0.25, 4),
    ],
)
def test_slots_worked_out_by_hand(nodes: list[tuple[float, float]], cpus: float, gpus: float, slots: int) -> None:
    assert resources(*nodes).slots(cpus, gpus) == slots


@pytest.mark.parametrize(
    ("asked", "nodes", "message"),
    [
        (
            {"gpus_per_trial": 1.0}, [(8, 0), (8, 0)],
            "search.compute.gpus_per_trial: asks for 1 GPU a trial, the cluster has none; set it to 0",
        ),
        (
            {"gpus_per_trial": 2.0, "devices_per_trial": 2}, [(8, 0), (8, 0)],
            "search.compute.gpus_per_trial: asks for 2 GPUs a trial, the cluster has none; set it to 0",
        ),
        (
            {"gpus_per_trial": 2.0}, [(8, 4)],
            "search.compute.gpus_per_trial: asks for 2 GPUs a trial, and a trial on one device uses one of them; set "
            "it to 1, and devices_per_trial to 2 to train one size on all of them",
        ),
        (
            {"gpus_per_trial": 2.0, "devices_per_trial": None}, [(8, 0)],
            "search.compute.gpus_per_trial: asks for 2 GPUs a trial, the cluster has none; set it to 0",
        ),
        (
            {"gpus_per_trial": 2.0}, [(8, 0), (8, 0)],
            "search.compute.gpus_per_trial: asks for 2 GPUs a trial, the cluster has none; set it to 0",
        ),
        (
            {"gpus_per_trial": 4.0, "devices_per_trial": 2}, [(8, 2), (8, 3)],
            "search.compute.gpus_per_trial: asks for 4 GPUs a trial, no node of the cluster has more than 3; set it to "
            "0 or up to 3",
        ),
        (
            {"cpus_per_trial": 9}, [(8, 0), (4, 0)],
            "search.compute.cpus_per_trial: asks for 9 cores a trial, the cluster's largest node has 8; set it to 8 or "
            "less",
        ),
        (
            {"devices_per_trial": 5}, [(2, 0), (2, 0)],
            "search.compute.devices_per_trial: asks for 5 cores a trial, the cluster has 4; set it to 4 or less",
        ),
        (
            {"devices_per_trial": 3, "cpus_per_trial": 2}, [(2, 0), (3, 0)],
            "search.compute.devices_per_trial: asks for 3 cores a trial with 2 cores each, the cluster has 2; set it "
            "to 2 or less",
        ),
        (
            {"devices_per_trial": 4, "gpus_per_trial": 0.5}, [(8, 1), (8, 2)],
            "search.compute.devices_per_trial: asks for 4 GPUs a trial, the cluster has 3; set it to 3 or less",
        ),
        (
            {"storage": None}, [(1, 0), (1, 0)],
            "search.compute.storage: null is a folder of this machine, and the cluster has 2 nodes; name a folder that "
            "all share, or s3://bucket/prefix (not /somewhere)",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_with_what_there_is(
    make_compute: MakeCompute, asked: dict[str, Any], nodes: list[tuple[float, float]], message: str
) -> None:
    compute = make_compute(**{"address": "auto", "storage": "/mnt/all"} | asked)
    with pytest.raises(InputError) as caught:
        cluster.check(compute, resources(*nodes), HERE)
    assert str(caught.value) == message


def test_a_cluster_without_nodes_is_said_and_not_taken_for_one_without_cores(make_compute: MakeCompute) -> None:
    with pytest.raises(InputError, match="no node with cores to give away has joined the cluster yet; wait until"):
        cluster.check(make_compute(address="auto"), Resources(()), HERE)


def test_nodes_that_are_starting_are_waited_for(make_compute: MakeCompute, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [Resources(()), Resources(()), resources((4, 0))]
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(cluster, "_there", lambda: seen.pop(0))
    assert cluster.connect(make_compute(address="auto")).slots(1, 0.0) == 4
    assert seen == []


def test_on_one_machine_words_are_of_this_machine(make_compute: MakeCompute) -> None:
    with pytest.raises(InputError, match="asks for 1 GPU a trial, this machine has none; set it to 0"):
        cluster.check(make_compute(gpus_per_trial=1.0), resources((8, 0)), HERE)
    cluster.check(make_compute(gpus_per_trial=0.5), resources((8, 1)), HERE)


def test_an_address_that_nobody_answers_at_is_said_at_once(make_compute: MakeCompute) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=rf"search.compute.address: {address}: cannot be reached \(.*\); start the"):
        cluster.connect(make_compute(address=address))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionError("x"), "auto: no cluster is there; start one"),
        (AuthenticationError("x"), "auto: this process and the cluster have different tokens; set the same RAY_AUTH_"),
        (RuntimeError("no raylet\n  here"), "auto: no raylet here; start the search on a node of the cluster"),
    ],
)
def test_what_ray_refuses_is_one_line(
    make_compute: MakeCompute, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(InputError, match=f"search.compute.address: {words}") as caught:
        cluster.connect(make_compute(address="auto"))
    assert "\n" not in str(caught.value)


def test_a_head_without_cores_is_asked_where_it_waits_for_others_and_takes_no_trial() -> None:
    head = Node("10.0.0.9", "head", 0, 0)
    there = replace(resources((8, 0)), head=head)
    assert [node.key for node in there.asked(with_head=False)] == ["n0"]
    assert [node.key for node in there.asked(with_head=True)] == ["n0", "head"]
    assert [node.key for node in replace(there, head=there.nodes[0]).asked(with_head=True)] == ["n0"]
    assert there.slots(1, 0.0) == 8


def test_the_gpus_of_a_node_are_those_of_the_largest() -> None:
    assert resources((8, 2), (8, 4), (8, 0)).gpus_of_a_node == 4
    assert resources((8, 0)).gpus_of_a_node == 1


@pytest.mark.parametrize(
    ("nodes", "asked", "trials"),
    [
        ([(8, 0), (4, 0)], {}, 12),
        ([(8, 0), (4, 0)], {"trials": 5}, 5),
        ([(8, 0), (4, 0)], {"trials": 50}, 12),
        ([(8, 0), (4, 0)], {"devices_per_trial": 3}, 4),
        ([(8, 2), (8, 2)], {"gpus_per_trial": 0.5}, 8),
        ([(8, 2), (8, 2)], {"gpus_per_trial": None}, 4),
        ([(8, 2), (8, 2)], {"gpus_per_trial": 2.0, "devices_per_trial": 2}, 2),
        ([(8, 0)], {"gpus_per_trial": None}, 8),
        ([(2, 0)], {"cpus_per_trial": 3}, 1),  # never none: time that is left is divided by it
    ],
)
def test_how_many_trials_run_at_once_worked_out_by_hand(
    make_compute: MakeCompute,
    monkeypatch: pytest.MonkeyPatch,
    nodes: list[tuple[float, float]],
    asked: dict[str, Any],
    trials: int,
) -> None:
    monkeypatch.setattr(cluster, "_there", lambda: resources(*nodes))
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    assert cluster.at_once(make_compute(address="auto", **asked)) is None
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    assert cluster.at_once(make_compute(address="auto", **asked)) == trials


@pytest.mark.parametrize(
    ("mode", "answers", "is_said"), [("token", True, True), ("token", False, False), ("disabled", True, False)]
)
def test_a_cluster_without_a_token_is_said_unless_somebody_has_decided_so(
    monkeypatch: pytest.MonkeyPatch, mode: str, answers: bool, is_said: bool
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", mode)
    monkeypatch.setattr(ray, "get_runtime_context", lambda: SimpleNamespace(gcs_address="10.0.0.1:6379"))
    monkeypatch.setattr(cluster, "answers_anybody", lambda address: address == "10.0.0.1:6379" and answers)
    assert cluster.warning() == is_said * (
        "search: search.compute.address: 10.0.0.1:6379: the cluster checks no token, so that whoever reaches its ports "
        "can run code there; start it with RAY_AUTH_MODE=token (docs/scaling.md)"
    )


def test_processes_that_train_together_meet_on_the_loopback_unless_somebody_has_decided_otherwise(
    make_compute: MakeCompute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "init", lambda **_: None)
    monkeypatch.setattr(ray, "nodes", list)
    monkeypatch.setattr(exposure, "protect_token", lambda: None)
    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", True)
    monkeypatch.setenv("NCCL_SOCKET_IFNAME", "eth7")
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "")  # so that it is put back
    monkeypatch.delenv("GLOO_SOCKET_IFNAME")
    cluster.connect(make_compute(address="local"))
    assert (os.environ["GLOO_SOCKET_IFNAME"], os.environ["NCCL_SOCKET_IFNAME"]) == ("lo", "eth7")
