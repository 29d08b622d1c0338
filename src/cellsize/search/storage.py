"""A folder that every worker reaches, of this machine, shared by several, or in S3: whole files, by name.

Through pyarrow, which reads the keys of S3 from the environment of each process: none is in a file, a log, or what is
sent to a worker.
"""

import functools
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from pyarrow import fs

from cellsize.errors import InputError

S3 = "s3://"
KEY = "search.compute.storage"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")  # as the other programs for S3 read them
# What is being written is called `.NAME.HOST.PROCESS.partial`, and what only shows that a storage is reached
# `.reached-ANY.HOST.PROCESS…`; of another host, nobody sees whether it still runs.
PASSING = re.compile(r"\.(.+\.(?P<host>[^.]+)\.(?P<process>\d+)\.partial|reached-\w+\.(?P<by>[^.]+)\.(?P<of>\d+).*)")
LEFT_SECONDS = 3600.0
MARKER = ".reached-"
OPTIONS = {"endpoint_override", "region", "scheme"}  # of an address, `s3://bucket/prefix?region=…`
# A server that is gone for a while ends no trial; see `patiently`.
PAUSES = (1.0, 5.0, 20.0, 60.0)
# Of the words of S3's errors, what to do.
REMEDIES = {
    "NO_SUCH_BUCKET": "there is no such bucket; make it or name another one",
    "ACCESS_DENIED": "not permitted; give these credentials the right to read, write and delete there",
    "NETWORK_CONNECTION": "cannot be reached; look at the network, AWS_ENDPOINT_URL and AWS_DEFAULT_REGION",
    "INVALID_ACCESS_KEY_ID": "the credentials are not known there; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "SIGNATURE": "the credentials are wrong; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}
Value = TypeVar("Value")


@dataclass(frozen=True)
class Storage:
    """Files by name; a name has no folder in it.

    Attributes:
        address: An absolute folder, or `s3://bucket/prefix`.
    """

    address: str

    def below(self, name: str) -> "Storage":
        """A folder in this one."""
        head, mark, query = self.address.partition("?")
        return Storage(f"{head.rstrip('/')}/{name}{mark}{query}")

    @property
    def is_local(self) -> bool:
        """Whether it is a path, of this machine or of a mount."""
        return not self.address.startswith(S3)

    def names(self) -> list[str]:
        """The files, without those that are being written."""
        filesystem, folder = _opened(self.address)
        listed = filesystem.get_file_info(fs.FileSelector(folder, allow_not_found=True))
        return sorted(
            info.base_name for info in listed if info.type == fs.FileType.File and not info.base_name.startswith(".")
        )

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""
        filesystem, folder = _opened(self.address)
        try:
            with filesystem.open_input_stream(f"{folder}/{name}") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Writes a file: whoever reads it finds the old content or the new, never a part of one.

        On S3 an object appears when its last byte is there. A folder has it under another name first.
        """
        filesystem, folder = _opened(self.address)
        if self.is_local:
            filesystem.create_dir(folder)
        target = f"{folder}/{name}"
        partial = f"{folder}/.{name}.{_host()}.{os.getpid()}.partial" if self.is_local else target
        try:
            with filesystem.open_output_stream(partial) as stream:
                stream.write(content)
            if partial != target:
                filesystem.move(partial, target)
        except OSError:
            if partial != target:
                with suppress(OSError):
                    filesystem.delete_file(partial)
            raise

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        filesystem, folder = _opened(self.address)
        try:
            filesystem.delete_file(f"{folder}/{name}")
        except FileNotFoundError:
            return

    def clean(self) -> None:
        """Removes what writers and searches that were killed have left; parts of objects of S3 cannot be seen."""
        filesystem, folder = _opened(self.address)
        for info in filesystem.get_file_info(fs.FileSelector(folder, allow_not_found=True)):
            found = PASSING.fullmatch(info.base_name)
            if found is None:
                continue
            is_mine = _host() in (found["host"], found["by"])
            if is_mine and Path("/proc", found["process"] or found["of"]).exists():
                continue
            with suppress(OSError):  # another search cleans up too
                if is_mine or time.time() - info.mtime.timestamp() > LEFT_SECONDS:
                    self.remove(info.base_name)

    @contextmanager
    def reached(self) -> Iterator[str]:
        """Writes, reads and at the end removes a file, so that a search does not find out later that it cannot.

        Yields:
            The name of that file, for other nodes to see: `unseen`.

        Raises:
            InputError: It cannot be made, written to, read or reached.
        """
        marker = f"{MARKER}{uuid.uuid4().hex}.{_host()}.{os.getpid()}"
        try:
            self.write(marker, b"here")
            if self.read(marker) != b"here":
                raise InputError(f"{KEY}: {self.address}: what is written there is not there; name another place")
        except OSError as error:
            raise InputError(f"{KEY}: {self.address}: {reason(error)}") from None
        try:
            yield marker
        finally:
            with suppress(OSError):
                self.remove(marker)

    def unseen(self, marker: str) -> str:
        """Looks from another node for what `reached` left; returns what is wrong, empty if nothing is."""
        try:
            if self.read(marker) is None:
                return "is not shared with it; name a folder that all nodes share, or s3://bucket/prefix"
            mine = f"{marker}-{uuid.uuid4().hex}"
            self.write(mine, b"")
            self.remove(mine)
        except OSError as error:
            return reason(error)
        return ""


def opened(address: str | None, here: Path) -> Storage:
    """The storage that params.yaml names.

    Args:
        address: A folder, relative ones from the project's; `s3://bucket/prefix`; None: a folder of this machine.
        here: That folder.

    Raises:
        InputError: An option of the address is unknown.
    """
    if address is not None and address.startswith(S3):
        unknown = set(parse_qs(urlsplit(address).query)) - OPTIONS
        if unknown:
            raise InputError(
                f"{KEY}: unknown option {min(unknown)}; remove it ({', '.join(sorted(OPTIONS))} are known)"
            )
        return Storage(address)
    return Storage(str((here if address is None else Path(address).expanduser()).absolute()))


def patiently(do: Callable[[], Value], pauses: tuple[float, ...] = PAUSES) -> Value:
    """Does something with a storage, again where it fails: a network or a disk may be back in a minute.

    Args:
        do: What to do.
        pauses: Seconds to wait before each further attempt.

    Raises:
        OSError: It failed at the last attempt too.
    """
    for pause in pauses:
        try:
            return do()
        except OSError:
            time.sleep(pause)
    return do()


def reason(error: OSError) -> str:
    """What is wrong, and what to do; none of S3's long words."""
    if isinstance(error, PermissionError):
        return "not permitted; give this user the right to write there, or name another place"
    if error.errno is not None and error.errno > 0 and not str(error).startswith("When "):
        return f"{os.strerror(error.errno)}; name a place that can be written to"
    text = str(error)
    if re.search(r"Bucket '.*' not found", text):
        return REMEDIES["NO_SUCH_BUCKET"]
    found = next((remedy for word, remedy in REMEDIES.items() if word in text), None)
    code = re.search(r"AWS Error (\w+)", text)
    return found or f"{code[1].lower().replace('_', ' ') if code else text.splitlines()[0]}; name another place"


@functools.lru_cache
def _opened(address: str) -> tuple[fs.FileSystem, str]:
    """Filesystem and folder; opened once in a process, with the keys of its environment."""
    if not address.startswith(S3):
        return fs.LocalFileSystem(), address
    parts = urlsplit(address)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    endpoint = next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)
    if endpoint and "endpoint_override" not in options:
        scheme, _, host = endpoint.rpartition("://")
        options |= {"endpoint_override": host.rstrip("/"), "scheme": scheme or "https"}
    filesystem = fs.S3FileSystem(
        **options,
        connect_timeout=10,
        request_timeout=60,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=4),
        # A small file is one request: of one that is cut off nothing stays, where parts of an upload would.
        allow_delayed_open=True,
    )
    return filesystem, f"{parts.netloc}{parts.path}".rstrip("/")


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())
