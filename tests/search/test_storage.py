"""Folders and buckets that hold whole files."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from pyarrow import fs
from ray import cloudpickle

from cellsize.errors import InputError
from cellsize.search import storage
from cellsize.search.storage import Storage, opened, patiently

SECRET = "a-secret-that-nobody-prints"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of S3 on this machine, with one bucket; its address is in the environment, as a user sets it."""
    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {
            "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            patch.setenv(key, value)
        fs.S3FileSystem(endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True).create_dir(
            "searches"
        )
        storage._opened.cache_clear()
        yield f"http://{host}:{port}"
        served.stop()
    storage._opened.cache_clear()


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage(str(tmp_path / "all"))
    request.getfixturevalue("server")
    return Storage(f"s3://searches/{tmp_path.name}")


def test_what_was_written_is_read_again(place: Storage) -> None:
    assert place.names() == []
    assert place.read("a") is None
    place.write("b.npz", b"one")
    place.write("a.npz", b"")
    place.write("b.npz", b"two")
    assert place.names() == ["a.npz", "b.npz"]
    assert (place.read("a.npz"), place.read("b.npz")) == (b"", b"two")
    place.remove("b.npz")
    place.remove("never there")
    assert place.names() == ["a.npz"]


def test_a_folder_below_is_apart(place: Storage) -> None:
    place.below("x").write("a", b"1")
    assert place.names() == []
    assert place.below("x").names() == ["a"]


def test_large_files_are_whole(place: Storage) -> None:
    content = bytes(range(256)) * 50_000  # more than S3 takes in one part
    place.write("large", content)
    assert place.read("large") == content


def test_what_is_reached_leaves_nothing(place: Storage) -> None:
    with place.reached() as marker:
        assert place.unseen(marker) == ""
        assert place.unseen(".reached-by-nobody").startswith("is not shared with it")
    assert place.read(marker) is None


def test_a_storage_can_be_sent_to_a_worker_without_a_secret(place: Storage) -> None:
    place.write("a", b"1")
    sent: bytes = cloudpickle.dumps(place)  # type: ignore[no-untyped-call]
    assert SECRET.encode() not in sent
    assert cloudpickle.loads(sent).read("a") == b"1"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=9) | st.none()), max_size=8))
def test_a_folder_is_a_dictionary(tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, bytes]]) -> None:
    place, expected = Storage(str(tmp_path_factory.mktemp("all"))), dict[str, bytes]()
    for name, content in actions:
        if content is None:
            place.remove(name)
            expected.pop(name, None)
        else:
            place.write(name, content)
            expected[name] = content
    assert {name: place.read(name) for name in place.names()} == expected
    assert {path.name for path in Path(place.address).iterdir()} == set(expected)


# --- what cannot be used ----------------------------------------------------------------------------------------------


def refusal(place: Storage) -> str:
    with pytest.raises(InputError) as caught, place.reached():
        pass
    message = str(caught.value)
    assert SECRET not in message
    assert "\n" not in message
    return message


def test_a_bucket_that_is_not_there_is_said_and_not_made(server: str) -> None:
    message = "search.compute.storage: s3://nobody/x: there is no such bucket; make it or name another one"
    assert refusal(Storage("s3://nobody/x")) == message


def test_a_server_that_is_not_there_is_said(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"s3://searches/x?scheme=http&endpoint_override=127.0.0.1:{port}"
    assert "cannot be reached; look at the network, AWS_ENDPOINT_URL" in refusal(Storage(address))


def test_what_may_not_be_written_to_is_said() -> None:
    # Not even by root.
    assert "not permitted; give this user the right to write there" in refusal(Storage("/sys/kernel/all"))


@pytest.mark.parametrize("path", ["/proc/nobody/all", "/dev/null/all"])
def test_a_folder_that_cannot_be_made_is_said(path: str) -> None:
    assert refusal(Storage(path)).endswith("; name a place that can be written to")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "not permitted; give this user the right to write there"),
        (OSError(28, "No space left on device"), "No space left on device; name a place that can be written to"),
        (OSError("When X: AWS Error ACCESS_DENIED during PutObject operation: Access Denied"), "not permitted; give"),
        (OSError("When X: AWS Error INVALID_ACCESS_KEY_ID during Y: The AWS Access"), "the credentials are not known"),
        (OSError("When X: AWS Error SLOW_DOWN during PutObject operation: wait"), "slow down; name another place"),
        (OSError("strange\nthings"), "strange; name another place"),
    ],
)
def test_errors_of_storages_in_words(error: OSError, words: str) -> None:
    assert storage.reason(error).startswith(words)


def test_an_unknown_option_of_an_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"unknown option secret_key; remove it \(endpoint_override, region, scheme are"
    ):
        opened("s3://searches/x?secret_key=1", tmp_path)


def test_a_folder_is_named_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert opened(None, Path(".cache/search")).address == str(tmp_path / ".cache/search")
    assert opened("shared", Path("x")).address == str(tmp_path / "shared")
    assert opened("s3://b/p?region=eu-west-1", Path("x")).below("k").address == "s3://b/p/k?region=eu-west-1"


# --- interruptions ----------------------------------------------------------------------------------------------------


def test_a_writer_that_is_killed_leaves_the_old_content_and_its_rest_is_removed(tmp_path: Path) -> None:
    place = Storage(str(tmp_path))
    place.write("a.npz", b"old")
    program = (
        "import os, signal\n"
        "from pyarrow import fs\n"
        "from cellsize.search.storage import Storage\n"
        "import cellsize.search.storage as storage\n"
        "local = fs.LocalFileSystem()\n"
        "class Stops:\n"
        "    create_dir = local.create_dir\n"
        "    open_output_stream = local.open_output_stream\n"
        "    def move(self, *_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "storage._opened = lambda address: (Stops(), address)\n"
        f"Storage({str(tmp_path)!r}).write('a.npz', b'new')\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert place.read("a.npz") == b"old"
    assert place.names() == ["a.npz"]
    assert len(list(tmp_path.iterdir())) == 2
    place.clean()
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_what_is_being_written_elsewhere_is_left_alone(tmp_path: Path) -> None:
    here = f".a.{storage._host()}.{os.getpid()}.partial"
    mine, of_a_node = (f".reached-1.{storage._host()}.{os.getpid()}{end}" for end in ("", "-2"))
    kept = {here, mine, of_a_node, ".a.elsewhere.1.partial", ".reached-1.elsewhere.1", ".other"}
    old = {".b.elsewhere.1.partial", ".reached-2.elsewhere.1", ".reached-2.elsewhere.1-3"}
    for name in kept | old:
        (tmp_path / name).write_text("")
    for name in old:
        os.utime(tmp_path / name, (0, 0))
    Storage(str(tmp_path)).clean()
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_what_a_killed_search_of_this_machine_has_left_is_removed_at_once_in_a_bucket_too(place: Storage) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead, living = (f".reached-1.{storage._host()}.{process}" for process in (ended.pid, os.getpid()))
    place.write(dead, b"here")
    place.write(living, b"here")
    place.clean()
    assert (place.read(dead), place.read(living)) == (None, b"here")


def test_a_storage_that_is_gone_for_a_while_is_tried_again() -> None:
    times: list[int] = []

    def do() -> str:
        times.append(1)
        if len(times) < 3:
            raise OSError("gone")
        return "there"

    assert patiently(do, (0.0, 0.0)) == "there"
    times.clear()
    with pytest.raises(OSError, match="gone"):
        patiently(do, (0.0,))
