"""Who asks: bearer tokens, looked up afresh for each request, so that a revocation works on the next one."""

from __future__ import annotations

from typing import Any

from litestar import Request

from anlan.app.accounts import actor_of
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor


def world_of(request: Request[Any, Any, Any]) -> World:
    """The installation behind the request."""
    world: World = request.app.state.world
    return world


def actor(request: Request[Any, Any, Any]) -> Actor:
    """The account behind the bearer token. Raises Refused("token.missing")."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = actor_of(world_of(request), token) if scheme.lower() == "bearer" and token else None
    if found is None:
        raise Refused("token.missing")
    return found
