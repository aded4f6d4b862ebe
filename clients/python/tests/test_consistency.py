"""The token of what the process has seen goes with each request, in all clients of a server."""

from __future__ import annotations

import asyncio
import http.server
import itertools
import json
import threading
from collections.abc import Iterator

import pytest

import placard_client as placard
from placard_client.consistency import HEADER, later

LOW, HIGH = "7461905551215482932:1:0/FFFFFFFF", "7461905551215482932:1:1/0"
PROMOTED = "7461905551215482932:2:0/1"


@pytest.mark.parametrize(
    ("kept", "received", "want"),
    [
        (None, None, None),
        (None, LOW, LOW),
        (LOW, None, LOW),
        (LOW, HIGH, HIGH),
        (HIGH, LOW, HIGH),
        (HIGH, PROMOTED, PROMOTED),
        (PROMOTED, HIGH, HIGH),
        ("another form", LOW, LOW),
        (LOW, "another form", "another form"),
    ],
)
def test_later(kept: str | None, received: str | None, want: str | None) -> None:
    assert later(kept, received) == want


class Replies(http.server.ThreadingHTTPServer):
    """A server that returns tokens in an order, and records those of requests."""

    def __init__(self, tokens: list[str | None]) -> None:
        super().__init__(("127.0.0.1", 0), Reply)
        self.tokens = itertools.chain(tokens, itertools.repeat(None))
        self.sent: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Reply(http.server.BaseHTTPRequestHandler):
    server: Replies

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.append(self.headers[HEADER])
        limits = {"valueBytes": 1, "entriesPerCall": 1, "idempotencyHours": 1, "requestBytes": 1}
        info = {"version": "1", "features": ["nullableFields", "pastIds", "warnings"], "limits": limits}
        body = json.dumps({"data": {"serverInfo": info}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if token := next(self.server.tokens):
            self.send_header(HEADER.lower(), token)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def replies() -> Iterator[Replies]:
    with Replies([LOW, HIGH, LOW, PROMOTED]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(30)


def test_clients_share_the_token(replies: Replies) -> None:
    client = placard.Client(replies.url)
    client.execute("{ a }")  # the first request asks for the version
    client.execute("{ a }")

    async def read() -> None:
        async with placard.AsyncClient(replies.url) as other:
            await other.execute("{ a }")

    asyncio.run(read())
    client.execute("{ a }")
    assert replies.sent == [None, LOW, HIGH, HIGH, PROMOTED, PROMOTED]
