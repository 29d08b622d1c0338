"""Real servers on the loopback: MLflow's, and a PostgreSQL to stand behind it."""

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# By default a server starts eight more processes that wait for jobs, and each takes seconds to import MLflow.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, with this environment's programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **QUIET, "PATH": path, **variables}


@dataclass
class Server:
    """A real MLflow server on the loopback.

    Attributes:
        folder: Where it works, and writes its log.
        port: Where it listens.
        script: What starts it, in bash; empty: with a SQLite file and artifacts in its folder.
        variables: More of its environment.
        before: What comes before it, in bash.
        workers: Its processes.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    script: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    workers: int = 1
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Its URI."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "log"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        words = [
            "exec", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self.workers),
            "--backend-store-uri", f"sqlite:///{self.folder}/store.db", "--artifacts-destination",
            str(self.folder / "artifacts"),
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-euc", f"{self.before}\n{self.script or shlex.join(words)}"], cwd=self.folder,
                stdout=log, stderr=log, start_new_session=True, env=environment(**self.variables),
            )  # fmt: skip
        for _ in range(900):
            with suppress(OSError):
                urllib.request.urlopen(f"{self.address}/health", timeout=5)
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.2)

    def kill(self) -> None:
        """Ends it without a word."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass(frozen=True)
class Postgres:
    """A real PostgreSQL on the loopback, which asks for a password.

    Attributes:
        port: Where it listens.
        folder: Its own, with the files of passwords.
        programs: Where createdb and the like are.
        password: Of the role `cellsize`, with what an address or a file of passwords would have to escape.
    """

    port: int
    folder: Path
    programs: Path
    password: str

    def passwords(self, role: str, password: str) -> Path:
        """A file that PGPASSFILE may name."""
        path = self.folder / f"{role}.pgpass"
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        path.write_text(f"127.0.0.1:{self.port}:*:{role}:{escaped}\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def variables(self, role: str = "cellsize") -> dict[str, str]:
        """The environment of a role's commands; what they are asked for is in a file."""
        return {
            "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": role,
            "PGPASSFILE": str(self.folder / f"{role}.pgpass"),
            "PATH": f"{self.programs}{os.pathsep}{environment()['PATH']}",
        }  # fmt: skip

    def run(self, script: str, role: str = "cellsize", answers: str = "") -> str:
        """Runs commands of a role without a terminal, so that a prompt reads the answers; what they print."""
        ran = subprocess.run(
            ["bash", "-euc", script], env=environment(**self.variables(role)), input=answers, capture_output=True,
            text=True, timeout=120, start_new_session=True, cwd=self.folder,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A new PostgreSQL with nothing in it but its administrator `postgres`; skips the test where none is installed."""
    found = [Path(path) for path in (shutil.which("initdb"),) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))  # Debian's are in no PATH
    if not found:
        pytest.skip("no PostgreSQL is installed here: no initdb in PATH or below /usr/lib/postgresql")
    as_somebody: list[str] = []
    if os.getuid() == 0:  # it refuses root
        as_somebody = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    made = Postgres(free_port(), folder, found[-1].parent, f"{secrets.token_urlsafe(12)}:@/\\#%é")
    administrator = secrets.token_urlsafe(12)
    try:
        folder.chmod(0o755)
        own = folder / "own"
        own.mkdir()
        (own / "password").write_text(f"{administrator}\n", encoding="utf-8")
        if as_somebody:
            for path in (own, own / "password"):
                shutil.chown(path, "postgres", "postgres")
        made.passwords("postgres", administrator)
        made.passwords("cellsize", made.password)
        options = f"-c listen_addresses=127.0.0.1 -c port={made.port} -c unix_socket_directories='' -c fsync=off"
        data, log = str(own / "data"), str(own / "log")
        begin = [str(made.programs / "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-N"]
        begin += ["--pwfile", str(own / "password"), "--encoding", "UTF8", "--locale", "C"]
        control = [str(made.programs / "pg_ctl"), "-D", data, "-w", "-l", log]
        for words in (begin, [*control, "-o", options, "start"]):
            subprocess.run([*as_somebody, *words], cwd=own, check=True, stdout=subprocess.DEVNULL, timeout=120)
        try:
            yield made
        finally:
            subprocess.run(
                [*as_somebody, *control, "-m", "immediate", "stop"], cwd=own, check=True, stdout=subprocess.DEVNULL
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
