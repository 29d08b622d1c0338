"""The server's socket and app; a real one is asked end to end."""

import socket

import pytest

from cellsize.errors import InputError
from cellsize.registry.serve import listen


def test_the_socket_is_one_that_asyncio_sends_at_once_on() -> None:
    # Of one without a protocol asyncio sets no TCP_NODELAY, and each request on a kept connection waits 40 ms.
    with listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(InputError, match=f"--host 127.0.0.1 --port {port}: address already in use; give another"):
            listen("127.0.0.1", port)


def test_a_host_that_is_none_of_this_machine_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match=r"--host 192\.0\.2\.1 --port 0: "):
        listen("192.0.2.1", 0)
