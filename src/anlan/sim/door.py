"""The door into Anlan: one request and its answer, whether over the wire or within this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Ask(msgspec.Struct, frozen=True):
    """A request. `token`: whose; `key`: what a repetition is known by; `address`: from which machine."""

    method: str
    path: str
    body: bytes = b""
    token: str = ""
    key: str = ""
    kind: str = JSON
    cookie: str = ""
    address: str = "127.0.0.1"

    def headers(self) -> dict[str, str]:
        """Its headers, by lower-case name."""
        said = {"authorization": f"Bearer {self.token}" if self.token else "", "idempotency-key": self.key}
        said |= {"cookie": self.cookie, "content-type": self.kind if self.body else "", "accept-language": "zh-CN"}
        return {name: value for name, value in said.items() if value}


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 400

    @property
    def code(self) -> str:
        """Why not: the refusal's code, or the status where a page says it in words."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return f"page.{self.status}"
        return str(msgspec.json.decode(self.body)["code"])


class Door(Protocol):
    """Asks, and gives the answer, whatever it says."""

    async def ask(self, asked: Ask) -> Answer: ...


class Inside:
    """An application in this process, asked as a server would ask it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def ask(self, asked: Ask) -> Answer:
        """One request, its body in one piece."""
        path, _, query = asked.path.partition("?")
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode()) for name, value in {"host": "anlan", **asked.headers()}.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": asked.method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": headers, "client": (asked.address, 0), "server": ("anlan", 80),
        }  # fmt: skip
        await self._app(scope, receive, send)
        found = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))


class Wire:
    """A server elsewhere, over HTTP/1.1: one connection a request, as the city hands in no more than a few a second."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80

    async def ask(self, asked: Ask) -> Answer:
        """One request. Raises OSError when nobody answers."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        said = {"host": self._host, "connection": "close", "content-length": str(len(asked.body)), **asked.headers()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        writer.write(f"{asked.method} {asked.path} HTTP/1.1\r\n{lines}\r\n".encode() + asked.body)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        first, *rest = head.decode("latin-1").split("\r\n")
        if not rest:
            raise ConnectionResetError("no answer")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        chunked = found.get("transfer-encoding") == "chunked"
        return Answer(int(first.split()[1]), found, _unchunked(body) if chunked else body)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + rest[:length], rest[length + 2 :] if length else b""
    return whole
