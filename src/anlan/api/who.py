"""Who asks: bearer tokens, looked up afresh for each request, so that a revocation works on the next one."""

from __future__ import annotations

from typing import Any

from litestar import Request

from anlan.app.accounts import actor_of
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor

SESSION_COOKIE = "anlan_session"


def world_of(request: Request[Any, Any, Any]) -> World:
    """The installation behind the request."""
    world: World = request.app.state.world
    return world


def actor(request: Request[Any, Any, Any]) -> Actor:
    """The account behind the bearer token; for reading, a page's own session cookie will do: a forged form cannot read
    the answer. Raises Refused("token.missing")."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme and request.method == "GET":
        scheme, token = "bearer", request.cookies.get(SESSION_COOKIE, "")
    found = actor_of(world_of(request), token) if scheme.lower() == "bearer" and token else None
    if found is None:
        raise Refused("token.missing")
    return found
