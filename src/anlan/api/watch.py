"""Watch: every request counted, timed, traced and logged, whichever face answers it, under an id that goes back with
the answer. Of a request only its method, its route's pattern and its account are kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from litestar import Litestar

from anlan.api.browser import guarded
from anlan.telemetry import logs, metrics, traces

UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ID_HEADER = b"x-request-id"
_log = logging.getLogger("anlan.request")


def watched(app: Litestar, random: Callable[[int], bytes]) -> Litestar:
    """The application with its requests watched. `random` gives the bytes of request ids."""
    inner = app.asgi_handler

    async def handler(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        await _Request(scope, send, random(8).hex()).run(inner, receive)

    app.asgi_handler = handler
    return app


class _Request:
    """One request on its way."""

    def __init__(self, scope: Any, send: Any, made: str) -> None:
        self.scope, self._send, self.id = scope, send, made
        self.status, self.began, self.told = 500, time.perf_counter(), False

    async def run(self, inner: Any, receive: Any) -> None:
        """Answer it, whatever happens, with a line and a count."""
        logs.request_id.set(self.id)
        logs.who.set("")
        parent = next((v.decode("latin-1") for k, v in self.scope["headers"] if k == b"traceparent"), "")
        metrics.UNDER_WAY.inc()
        try:
            with traces.request_span(parent) as span:
                try:
                    await inner(self.scope, receive, self.send)
                finally:
                    span.update_name(f"{self.method} {self.route}")
                    span.set_attributes({"http.route": self.route, "http.response.status_code": self.status})
                    self.tell()
        finally:
            metrics.UNDER_WAY.dec()

    async def send(self, message: Any) -> None:
        """Pass on what is sent; the answer carries the request's id, and the word
        that no other is taken on this connection when the process stops. A stream is told of when it begins."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*guarded(self.scope, message["headers"]), (ID_HEADER, self.id.encode())]
            if self.scope["litestar_app"].state.health.stop.is_told():
                message["headers"].append((b"connection", b"close"))
            if any(k == b"content-type" and v.startswith(b"text/event-stream") for k, v in message["headers"]):
                self.tell()
        await self._send(message)

    def tell(self) -> None:
        """Count and log it, once."""
        if self.told:
            return
        self.told = True
        seconds = time.perf_counter() - self.began
        metrics.REQUESTS.labels(self.method, self.route, str(self.status)).observe(seconds)
        told = logs.about(method=self.method, route=self.route, status=self.status, ms=round(seconds * 1000, 1))
        _log.info("request", extra=told)

    @property
    def method(self) -> str:
        """Its method; `OTHER` for what no client should send."""
        return self.scope["method"] if self.scope["method"] in METHODS else "OTHER"

    @property
    def route(self) -> str:
        """The pattern of the address, never the address."""
        return str(self.scope.get("path_template") or UNMATCHED)
