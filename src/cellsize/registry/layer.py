"""A thin layer around MLflow's scoring app: what it lacks for callers that are not ours.

MLflow answers a missing Content-Type and deeply nested JSON with 500, has no limit of a body, repeats the rows it was
sent in each refusal, and shows stack traces with paths of the server. The layer checks a body before MLflow reads it,
and writes each refusal anew: a code, and a sentence. ASGI alone, so that no framework is needed for it.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from cellsize.registry.bodies import NO_ROWS, TYPES, RefusedError, check

LOG = logging.getLogger("cellsize.serve")
LIMIT = 32 * 2**20  # bytes of a body: half a million rows of four columns
SMALL = 2**16  # a body that is checked faster than a thread is handed it
INVOCATIONS = "/invocations"
# Before our own words in a message of MLflow's, which repeats the rows: "Failed to predict data '…'. \nError: …".
BEFORE = "\nError: "
UNEXPECTED = "Encountered an unexpected error while evaluating the model"
OURS = "the model failed, which is a fault of the server; its log says more"
UNREADABLE = {
    "text/csv": "the body cannot be read as CSV; send a header line, then rows",
    "application/vnd.apache.parquet": "the body cannot be read as Parquet; send a whole Parquet file",
}
CODES = {400: "BAD_REQUEST", 413: "REQUEST_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE", 504: "DEADLINE_EXCEEDED"}

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def layer(app: App, params: Collection[str] = (), limit: int = LIMIT, no_rows: str = NO_ROWS) -> App:
    """The app with the layer around it.

    Args:
        app: MLflow's.
        params: Names of the parameters that the model has.
        limit: The most bytes that a body may have.
        no_rows: What is answered to a request without rows: which ones the model wants.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != INVOCATIONS or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        kind = headers.get("content-type")
        answer = b""
        try:
            body = await _body(receive, headers.get("content-length"), limit)
            if body is None:
                return  # the caller has gone
            checks = kind, headers.get("content-encoding"), body, params, no_rows
            if len(body) <= SMALL:
                check(*checks)
            else:
                await asyncio.to_thread(check, *checks)
            status, answer = await _answer(app, scope, body)
        except RefusedError as refused:
            status, reason = refused.status, refused.reason
        except Exception:  # whatever it is, the caller learns no more than that it is ours
            LOG.exception("a request failed")
            status, reason = 500, OURS
        else:
            reason = "" if status < 400 else _reason(status, answer, kind)
        if reason:
            code = CODES.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST")
            said = {"error_code": code, "message": reason}
            answer = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
        head = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        if status == 413:  # what is left of the body is not read
            head.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": answer})

    return wrapped


async def _body(receive: Receive, declared: str | None, limit: int) -> bytes | None:
    """The whole body; None if the caller went away before its end.

    Raises:
        RefusedError: It is larger than the limit; no more than that is read.
    """
    too_large = RefusedError(413, f"a body of more than {limit:,} bytes; send fewer rows, or several requests")
    if declared is not None and declared.isdigit() and int(declared) > limit:
        raise too_large
    pieces, size = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limit:
            raise too_large
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _answer(app: App, scope: Scope, body: bytes) -> tuple[int, bytes]:
    """Status and body of MLflow's answer."""
    sent, status, pieces = False, 500, list[bytes]()

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # nobody goes away: the caller is heard after the answer
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            pieces.append(message.get("body", b""))

    await app(scope, receive, send)
    answer = b"".join(pieces)
    # What a model raises that is no refusal of its own MLflow calls the caller's fault.
    is_ours = status == 400 and str(_read(answer).get("message", "")).startswith(UNEXPECTED)
    return (500 if is_ours else status), answer


def _reason(status: int, answer: bytes, kind: str | None) -> str:
    """What a caller is told of a refusal of MLflow's: our own words, or what kind of fault it is."""
    said = _read(answer)
    message = str(said.get("message", ""))
    if status == 504:
        return "the request took too long; send fewer rows"
    if status == 415:
        return f"a Content-Type that is not read; send {TYPES}, in UTF-8"
    if status >= 500:
        LOG.error("a request failed with status %d", status)
        return OURS
    if message.startswith("Failed to predict data") and BEFORE in message:
        return " ".join(message.rpartition(BEFORE)[2].split())
    return UNREADABLE.get((kind or "").partition(";")[0].strip().lower(), "the request cannot be read as rows")


def _read(answer: bytes) -> dict[str, Any]:
    try:
        content = json.loads(answer)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
