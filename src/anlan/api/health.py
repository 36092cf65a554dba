"""Is the server alive, may it take work, and its metrics: for load balancers and monitoring, never for people."""

from __future__ import annotations

import asyncio
import hmac
from typing import Any

import msgspec
from litestar import Request, Response, get

from anlan.app.health import Health
from anlan.loop.errors import Refused
from anlan.telemetry import metrics

HERE = frozenset({"127.0.0.1", "::1"})
PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""A request that a proxy on this machine passed on is not from this machine."""
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@get("/healthz")
async def alive() -> dict[str, bool]:
    """Whether the process answers at all."""
    return {"ok": True}


@get("/readyz")
async def ready(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Whether it may take work: 200, or 503 with the codes of what is wrong."""
    health: Health = request.app.state.health
    wrong = health.wrong()
    body = msgspec.json.encode({"ready": not wrong, "wrong": wrong})
    headers = {"Retry-After": "5"} if wrong else {}
    return Response(body, status_code=503 if wrong else 200, media_type="application/json", headers=headers)


@get("/metrics")
async def scraped(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus metrics, for this machine or whoever has the token (setting `metrics_token`)."""
    if not _may(request, request.app.state.metrics_token):
        raise Refused("metrics.closed")
    health: Health = request.app.state.health
    return Response(metrics.text(await asyncio.to_thread(health.samples)), media_type=TEXT)


def _may(request: Request[Any, Any, Any], token: str) -> bool:
    if token:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(sent.encode(), token.encode())
    here = request.client is not None and request.client.host in HERE
    return here and not any(name in request.headers for name in PASSED_ON)
