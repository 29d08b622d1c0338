"""What nodes say of themselves, held against this machine without a cluster; with one: tests/faults/test_nodes.py."""

from pathlib import Path
from typing import Any

import pytest
import ray

from cellsize.errors import InputError
from cellsize.search import nodes
from cellsize.search.cluster import Node
from cellsize.search.storage import Storage
from cellsize.search.versions import versions

TWO = (Node("10.0.0.0", "n0", 1, 0), Node("10.0.0.1", "n1", 1, 0))


def of(tmp_path: Path, **changes: Any) -> list[str]:
    """What is said of two nodes, the second of which is unlike this machine."""
    storage = Storage(str(tmp_path))
    with storage.reached() as marker:
        seen = nodes.look(storage, marker)
    other = nodes.Seen(**{**vars(seen), **changes})
    return list(nodes._differences(zip(TWO, [seen, other], strict=True), *nodes.expected()))


def test_nodes_that_are_alike_need_no_word(tmp_path: Path) -> None:
    assert of(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"versions": dict(versions()) | {"cellsize.version.torch": "1.0"}}, "node 10.0.0.1 has torch 1.0, this one "),
        ({"versions": {}}, "node 10.0.0.1 has numpy none, this one "),
        ({"code": "another"}, "node 10.0.0.1 has another cellsize; install the same one on every node"),
        ({"storage": "is not shared with it; name a folder"}, "search.compute.storage: node 10.0.0.1: is not shared"),
    ],
)
def test_a_node_that_would_spoil_the_numbers_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        of(tmp_path, **changes)


def test_a_node_that_joins_later_is_refused_by_its_first_trial_if_it_would_spoil_the_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "10.0.0.7")
    mine, code = nodes.expected()
    nodes.joined(mine, code)
    nodes.joined(mine | {nodes.WORKED_WITH: "riscv"}, code)
    with pytest.raises(InputError, match=r"node 10.0.0.7 has torch .*, this one 1.0; install the same"):
        nodes.joined(mine | {"cellsize.version.torch": "1.0"}, code)
    with pytest.raises(InputError, match=r"node 10.0.0.7 has another cellsize"):
        nodes.joined(mine, "another")


def test_another_processor_is_only_said(tmp_path: Path) -> None:
    others = dict(versions()) | {nodes.WORKED_WITH: "riscv"}
    (line,) = of(tmp_path, versions=others)
    assert line.startswith("search: node 10.0.0.1 computes with riscv, this one with ")
