"""What a receiver of webhooks sees of a registration and a roll-back, with the code of docs/operations.md."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from benchmarks.faults import Disturbed
from cellsize.registry.promotion import promote, rollback
from tests.servers import Server

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Webhooks\n")[2].partition("\n## ")[0]
(KEY,) = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
MAKE, CHECK = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
SECRET = "known to two"


@dataclass
class Receiver:
    """Listens on the loopback.

    Attributes:
        address: Where.
        heard: The headers and the body of each request.
    """

    address: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What happened, and its data."""
        read = [json.loads(body) for _, body in list(self.heard)]
        return [(f"{event['entity']}.{event['action']}", event["data"]) for event in read]

    def wait(self, wanted: Callable[[str, dict[str, Any]], bool]) -> dict[str, Any]:
        """The data of an event, which has to come within a minute."""
        for _ in range(600):
            for kind, data in self.events():
                if wanted(kind, data):
                    return data
            time.sleep(0.1)
        raise AssertionError(self.events())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.heard.append((dict(self.headers.items()), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{listening.server_address[1]}/models"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield made
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def telling(tmp_path: Path) -> Iterator[Server]:
    """A server that may call a receiver on its own machine."""
    (tmp_path / "server").mkdir()
    names = {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}
    assert all(f"{name}={value}" in PAGE for name, value in names.items())
    made = Server(tmp_path / "server", variables=names, before=KEY, workers=2)
    made.start()
    yield made
    made.kill()


def test_a_receiver_hears_of_versions_and_moves_and_can_tell_who_sent_them(
    copied: Callable[..., Disturbed], telling: Server, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", telling.address)
    monkeypatch.setenv("RECEIVER", receiver.address)
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    exec(MAKE, {})
    telling.kill()  # the secret outlasts it, and is known to all its processes
    telling.start()
    project = copied("register", MLFLOW_TRACKING_URI=telling.address)
    assert project.run() == 0, project.said()

    # A registration that passes the gate.
    created = receiver.wait(lambda kind, _: kind == "model_version.created")
    assert (created["name"], created["version"]) == ("table", "1")
    expected = {"cellsize.errors", "cellsize.holdout", "cellsize.table", "cellsize.choice", "cellsize.cut", "units"}
    assert expected <= set(created["tags"])
    assert not {"cellsize.gate", "cellsize.champion"} & set(created["tags"])
    gate = receiver.wait(lambda _, data: data.get("key") == "cellsize.gate")
    assert gate["value"].startswith("no worse on the holdout than naive")
    alias = receiver.wait(lambda kind, _: kind == "model_version_alias.created")
    assert alias == {"name": "table", "version": "1", "alias": "champion"}
    moved = receiver.wait(lambda _, data: data.get("key") == "cellsize.champion")
    told = json.loads(moved["value"])
    assert {key: told[key] for key in ("from", "to", "kind", "why", "finished")} == {
        "from": None, "to": "1", "kind": "gate", "why": gate["value"], "finished": True,
    }  # fmt: skip
    assert {"who", "when"} <= set(told)

    # A promotion by hand, and back.
    client = MlflowClient(telling.address, telling.address)
    client.create_model_version("table", "s3://nowhere/model")
    promote(client, "table", "2", "to be tried")
    rollback(client, "table", "nonsense on Sundays")

    def is_back(_: str, data: dict[str, Any]) -> bool:
        return data.get("key") == "cellsize.champion" and json.loads(data["value"])["kind"] == "rollback"

    back = json.loads(receiver.wait(is_back)["value"])
    assert (back["from"], back["to"], back["why"]) == ("2", "1", "nonsense on Sundays")
    moves = [data["version"] for kind, data in receiver.events() if kind == "model_version_alias.created"]
    assert sorted(moves) == ["1", "1", "2"]

    # Who knows the secret has sent it; nobody else could have, and not another time.
    named: dict[str, Any] = {}
    exec(CHECK, named)
    is_genuine = named["is_genuine"]
    assert len(receiver.heard) >= 9
    assert all(is_genuine(headers, body, SECRET) for headers, body in receiver.heard)
    headers, body = receiver.heard[0]
    assert not is_genuine(headers, body, "another")
    assert not is_genuine(headers, body + b" ", SECRET)
    assert not is_genuine({**headers, "X-MLflow-Timestamp": str(int(time.time()) - 999)}, body, SECRET)
    assert SECRET not in telling.log.read_text() + project.said()
