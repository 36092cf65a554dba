"""Text messages against a small gateway on loopback: signed, once, and every way it may refuse."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from anlan.links.port import Message, Undelivered
from anlan.links.sms import SmsGateway

MESSAGE = Message("g0001", "13812345678", "", "【青岛市】您反映的事项已受理")


class Gateway(HTTPServer):
    """Keeps what was posted; answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.posted = 200, list[Any]()


class Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posted.append((body, self.headers["x-anlan-signature"]))
        self.send_response(self.server.status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address(gateway: Gateway) -> str:
    return f"http://127.0.0.1:{gateway.server_port}/send"


def test_a_message_is_handed_over_signed(gateway: Gateway) -> None:
    SmsGateway(address(gateway), "shared").send(MESSAGE)
    ((body, signature),) = gateway.posted
    assert json.loads(body) == {"id": "g0001", "to": MESSAGE.to, "text": MESSAGE.text}
    assert signature == hmac.new(b"shared", body, sha256).hexdigest()


@pytest.mark.parametrize(
    ("status", "final"),
    [(422, True), (400, True), (429, False), (408, False), (500, False), (503, False), (302, False)],
)
def test_a_refusal_says_whether_trying_again_would_help(gateway: Gateway, status: int, final: bool) -> None:
    gateway.status = status
    with pytest.raises(Undelivered) as refused:
        SmsGateway(address(gateway), "shared").send(MESSAGE)
    assert (refused.value.why, refused.value.final) == (f"gateway {status}", final)
    assert len(gateway.posted) == 1  # nobody is followed elsewhere with a number


def test_a_gateway_that_is_away_may_come_back() -> None:
    with pytest.raises(Undelivered) as refused:
        SmsGateway("http://127.0.0.1:1/", "shared").send(MESSAGE)
    assert (refused.value.why, refused.value.final) == ("gateway URLError", False)
