"""Asks an ASGI app in this process: what a server would answer, without a socket."""

import asyncio
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What was answered."""

    status: int
    text: str


def ask(app: Any, body: bytes, headers: dict[str, str], path: str = "/invocations", method: str = "POST") -> Answer:
    """The answer to one request."""
    return asyncio.run(_ask(app, body, headers, path, method))


async def _ask(app: Any, body: bytes, headers: dict[str, str], path: str, method: str) -> Answer:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    pending, parts, status = [{"type": "http.request", "body": body, "more_body": False}], list[bytes](), 0

    async def receive() -> dict[str, Any]:
        if pending:
            return pending.pop()
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        parts.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception as error:  # what a server would answer with 500, and a stack trace in its log
        return Answer(500, f"{type(error).__name__}: {error}")
    return Answer(status, b"".join(parts).decode("utf-8", errors="replace"))
