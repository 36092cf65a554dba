"""Asking an application without a network: a request, its status and every byte of its answer."""

from __future__ import annotations

import asyncio
import re
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar

from anlan.app.world import World
from anlan.main import application

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back; `text` unpacked."""

    status: int
    headers: dict[str, str]
    text: bytes


class Asking:
    """One application; its forms carry their token."""

    def __init__(self, world: World) -> None:
        self.app: Litestar = application(world)
        self._csrf = ""

    async def send(
        self, method: str, path: str, token: str = "", *, form: dict[str, Any] | None = None, body: bytes = b"",
        headers: dict[str, str] | None = None, address: str = "127.0.0.1",
    ) -> Answer:  # fmt: skip
        """Ask; a token goes where the address looks for it: in the session's cookie on pages, else as a bearer."""
        bare, _, query = path.partition("?")
        api = bare.startswith(("/api/", "/open311/"))
        cookies = {"anlan_session": token} if token and not api else {}
        sent = {"host": "here", "accept-language": "en", **(headers or {})}
        if token and api:
            sent["authorization"] = f"Bearer {token}"
        if method == "POST" and not api:
            await self._form_token()
            cookies["anlan_csrf"] = sent["x-csrftoken"] = self._csrf
        if form is not None:
            body, sent["content-type"] = urlencode(form, doseq=True).encode(), FORM
        elif body:
            sent.setdefault("content-type", "application/json")
        if cookies:
            sent["cookie"] = "; ".join(f"{k}={v}" for k, v in cookies.items())
        return await self._call(method, bare, query, sent, body, address)

    async def _form_token(self) -> None:
        if not self._csrf:
            page = await self._call("GET", "/login", "", {"host": "here"}, b"", "127.0.0.1")
            found = re.search(r"anlan_csrf=([0-9a-f]+)", page.headers["set-cookie"])
            assert found
            self._csrf = found[1]

    async def _call(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes, address: str
    ) -> Answer:
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "state": {},
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()], "client": (address, 1),
            "server": ("here", 80), "extensions": {},
        }  # fmt: skip
        if body or method == "POST":
            scope["headers"].append((b"content-length", str(len(body)).encode()))
        unread = [{"type": "http.request", "body": body, "more_body": False}]
        status, got, parts = 0, list[tuple[bytes, bytes]](), list[bytes]()

        async def receive() -> Any:
            if unread:
                return unread.pop()
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status, got
            if message["type"] == "http.response.start":
                status, got = message["status"], list(message["headers"])
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, send)  # type: ignore[arg-type]
        found: dict[str, str] = {}
        for key, value in got:
            name = key.decode().lower()
            found[name] = f"{found[name]}\n{value.decode()}" if name in found else value.decode()
        return Answer(status, found, _unpacked(b"".join(parts), found))


def _unpacked(body: bytes, headers: dict[str, str]) -> bytes:
    return zlib.decompress(body, 31) if headers.get("content-encoding") == "gzip" else body
