"""Who asks: bearer tokens, looked up afresh for each request, so that a revocation works on the next one."""

from __future__ import annotations

from typing import Any

from litestar import Request

from anlan.app.accounts import actor_of
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor

SESSION_COOKIE = "anlan_session"


SESSION_COOKIE = "anlan_session"
"""The cookie of the pages' session: a token like any other, which no script can read."""


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


def reader(request: Request[Any, Any, Any]) -> Actor:
    """As `actor`, or the session of the page that asks: for addresses that only read, and record no reading.

    A page's islands have no token; a cookie is enough where another site can neither change a thing nor see the answer.
    """
    token = request.cookies.get(SESSION_COOKIE, "")
    if "authorization" in request.headers or not token:
        return actor(request)
    found = actor_of(world_of(request), token)
    if found is None:
        raise Refused("token.missing")
    return found
