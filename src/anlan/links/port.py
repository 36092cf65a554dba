"""What every way out to a reporter has in common: a message, and how its delivery may fail."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One message: `id` stays the same however often it is tried, so that the other side can know it again."""

    id: str
    to: str
    subject: str
    text: str


class Undelivered(Exception):
    """The other side did not take it. `final`: trying again would not help. The reason holds no address."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.why, self.final = why, final


class Port(Protocol):
    """A way out. `send` blocks until the other side has taken the message. Raises Undelivered."""

    def send(self, message: Message) -> None: ...
