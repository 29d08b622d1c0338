"""Two machines on this one, by network namespaces: each has its own addresses, name and mounts, and a cable to pull."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

APART = ("unshare", "--net", "--uts", "--mount", "--")
CABLE = "cable"  # what the network interface of each is called
# The file of hosts is bound in the namespace's own mounts: nobody else sees it.
SET_UP = """
ip link set lo up
hostname {name}
mount --bind {hosts} /etc/hosts
echo ready
exec sleep infinity
"""


@dataclass(frozen=True)
class Machine:
    """One of the two.

    Attributes:
        name: Its host name.
        address: Its address on the cable.
        process: The number of the process that keeps its namespaces.
    """

    name: str
    address: str
    process: int

    def words(self, folder: Path, *command: str) -> list[str]:
        """A command that runs there, in a folder."""
        return [
            "nsenter", "--target", str(self.process), "--net", "--uts", "--mount", f"--wd={folder}", "--", *command,
        ]  # fmt: skip

    def do(self, *command: str) -> str:
        """Runs a command there to its end; what it prints."""
        ran = subprocess.run(self.words(Path("/"), *command), capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def pull(self) -> None:
        """Pulls the cable: whoever is connected is told nothing."""
        self.do("ip", "link", "set", CABLE, "down")

    def plug(self) -> None:
        """Plugs it in again."""
        self.do("ip", "link", "set", CABLE, "up")

    def hide(self, folder: Path) -> None:
        """Has this machine see an empty folder there, of its own."""
        self.do("mount", "-t", "tmpfs", "none", str(folder))

    def processes(self) -> list[psutil.Process]:
        """What runs there; nothing once it has ended."""
        found = list[psutil.Process]()
        try:
            own = Path(f"/proc/{self.process}/ns/net").readlink()
        except OSError:
            return found
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if Path(f"/proc/{process.pid}/ns/net").readlink() == own:
                    found.append(process)
        return found

    def end(self) -> None:
        """Ends everything there, and so the machine itself."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()


@contextmanager
def two_machines(folder: Path) -> Iterator[tuple[Machine, Machine]]:
    """Two machines with a cable between them; skips the test where nobody may make some.

    Args:
        folder: For a file.
    """
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n10.77.0.1 first\n10.77.0.2 second\n", encoding="utf-8")
    _require()
    keepers, machines = [], []
    try:
        for number, name in enumerate(("first", "second"), start=1):
            script = SET_UP.format(name=name, hosts=hosts)
            keeper = subprocess.Popen([*APART, "sh", "-ec", script], stdout=subprocess.PIPE, text=True)
            keepers.append(keeper)
            assert keeper.stdout is not None
            assert keeper.stdout.readline() == "ready\n"
            machines.append(Machine(name, f"10.77.0.{number}", keeper.pid))
        first, second = machines
        first.do(
            "ip", "link", "add", CABLE, "type", "veth", "peer", "name", CABLE, "netns", str(second.process)
        )  # fmt: skip
        for machine in machines:
            machine.do("ip", "address", "add", f"{machine.address}/24", "dev", CABLE)
            machine.plug()
        yield first, second
    finally:
        for machine in machines:
            machine.end()
        for keeper in keepers:
            with suppress(ProcessLookupError):
                os.kill(keeper.pid, signal.SIGKILL)
            keeper.wait()


def _require() -> None:
    """Skips the test where namespaces, or cables between them, are not permitted."""
    script = "ip link add tried0 type veth peer name tried1 && mount -t tmpfs none /mnt"
    try:
        tried = subprocess.run([*APART, "sh", "-ec", script], capture_output=True, text=True, timeout=60)
    except FileNotFoundError as error:
        pytest.skip(f"no network namespaces here: {error}")
    if tried.returncode:
        pytest.skip(f"no network namespaces here: {tried.stderr.strip()}")
