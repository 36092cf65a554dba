"""E-mail against a real mail server on loopback: what arrives, and every way it may refuse."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from anlan.links.port import Message, Undelivered
from anlan.links.smtp import Smtp
from anlan.loop.errors import Refused

SENDER = "安澜 <noreply@anlan.example>"
MESSAGE = Message(
    "g0001",
    "wang@example.com",
    "您反映的事项370202-26-0000123",
    "【青岛市】已受理，查进度：https://anlan.example/f/1-a\n",
)


class Box:
    """A mailbox that refuses who it is told to refuse."""

    def __init__(self) -> None:
        self.mails, self.answer = list[Any](), ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 - the library's name
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - the same
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content or b"", policy=default)))
        return "250 OK"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def relay(box: Box) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop()


def test_a_message_arrives_as_it_was_written(box: Box, relay: str) -> None:
    Smtp(f"smtp://{relay}", SENDER).send(MESSAGE)
    ((to, mail),) = box.mails
    assert (to, mail["Subject"], mail["From"]) == ([MESSAGE.to], MESSAGE.subject, SENDER)
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<g0001@anlan.example>", "auto-generated")
    assert mail.get_content().replace("\r\n", "\n") == MESSAGE.text


@pytest.mark.parametrize(("answer", "final"), [("550 no such user", True), ("451 try later", False)])
def test_a_refusal_says_whether_trying_again_would_help(box: Box, relay: str, answer: str, final: bool) -> None:
    box.answer = answer
    with pytest.raises(Undelivered) as refused:
        Smtp(f"smtp://{relay}", SENDER).send(MESSAGE)
    assert (refused.value.why, refused.value.final) == (f"smtp {answer[:3]}", final)
    assert MESSAGE.to not in refused.value.why


def test_a_relay_that_is_away_may_come_back() -> None:
    with pytest.raises(Undelivered) as refused:
        Smtp("smtp://127.0.0.1:1", SENDER).send(MESSAGE)
    assert (refused.value.why, refused.value.final) == ("smtp ConnectionRefusedError", False)


def test_a_relay_without_tls_gets_no_password(box: Box, relay: str) -> None:
    with pytest.raises(Undelivered):
        Smtp(f"smtp+tls://u:p@{relay}", SENDER).send(MESSAGE)
    assert box.mails == []


@pytest.mark.parametrize("url", ["relay", "http://relay", "smtp://"])
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Refused, match="ANLAN_SMTP_URL"):
        Smtp(url, SENDER)
