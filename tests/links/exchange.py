"""A small exchange that speaks Asterisk's manager protocol on loopback: log-in, events, Originate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Fields = dict[str, str]


class Exchange:
    """Keeps every action it was sent; rings when told to; puts calls through, or not."""

    def __init__(self, secret: str = "secret") -> None:
        self.secret, self.actions, self.answers = secret, list[Fields](), True
        self.logged_in = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Exchange]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.drop()
            server.close()
            await server.wait_closed()

    @property
    def url(self) -> str:
        return f"ami://anlan:secret@127.0.0.1:{self.port}/internal"

    def tell(self, **fields: str) -> None:
        for writer in self._writers:
            writer.write(_lines(fields))

    def ring(self, caller: str, extension: str, call: str = "1761.1") -> None:
        self.tell(
            Event="DialBegin",
            Channel="PJSIP/trunk-0001",
            DestChannel=f"PJSIP/{extension}-0002",
            CallerIDNum=caller,
            Linkedid=call,
        )

    def drop(self) -> None:
        """Lose every link."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        self.logged_in.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        self._writers.append(writer)
        while fields := await _message(reader):
            self.actions.append(fields)
            self._do(writer, fields)

    def _do(self, writer: asyncio.StreamWriter, fields: Fields) -> None:
        action = fields["ActionID"]
        if fields["Action"] == "Login":
            good = fields["Secret"] == self.secret
            writer.write(_lines({"Response": "Success" if good else "Error", "ActionID": action}))
            if good:
                self.logged_in.set()
        elif fields["Action"] == "Originate":
            writer.write(_lines({"Response": "Success", "ActionID": action, "Message": "queued"}))
            came = {
                "Event": "OriginateResponse",
                "ActionID": action,
                "Response": "Success" if self.answers else "Failure",
            }
            writer.write(_lines(came))


def _lines(fields: Fields) -> bytes:
    return ("".join(f"{key}: {value}\r\n" for key, value in fields.items()) + "\r\n").encode()


async def _message(reader: asyncio.StreamReader) -> Fields:
    fields: Fields = {}
    while line := (await reader.readline()).decode().rstrip("\r\n"):
        key, _, value = line.partition(": ")
        fields[key] = value
    return fields
