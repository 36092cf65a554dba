"""Who asks: bearer tokens, looked up afresh for each request, so that a revocation works on the next one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from litestar import Request

from anlan.app.accounts import actor_of
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor

LOOPBACK = frozenset({"127.0.0.1", "::1"})
"""Proxies that are believed where no setting names others: those on this machine."""
ADDRESS_MAX = 64
SESSION_COOKIE = "anlan_session"
"""The cookie of the pages' session: a token like any other, which no script can read."""


def address_of(request: Request[Any, Any, Any]) -> str:
    """The address a request comes from; of one that our proxies passed on, the last address that is none of theirs."""
    here = request.client.host if request.client else ""
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    proxies: Collection[str] = request.app.state.get("proxies", LOOPBACK)
    while hops and here in proxies:
        here = hops.pop()
    return here[:ADDRESS_MAX]


def world_of(request: Request[Any, Any, Any]) -> World:
    """The installation behind the request."""
    world: World = request.app.state.world
    return world


def is_secure(request: Request[Any, Any, Any]) -> bool:
    """Whether it came over https, perhaps by a proxy."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "") == "https"


def bearer(request: Request[Any, Any, Any]) -> Actor | None:
    """The account behind the bearer token, if there is one that is good. Looked up once a request."""
    if "bearer" not in request.state:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and token
        request.state.bearer = actor_of(world_of(request), token) if known else None
    found: Actor | None = request.state.bearer
    return found


def session(request: Request[Any, Any, Any]) -> Actor | None:
    """The account behind the session's cookie, if there is one that is good. Looked up once a request."""
    if "session" not in request.state:
        token = request.cookies.get(SESSION_COOKIE, "")
        request.state.session = actor_of(world_of(request), token) if token else None
    found: Actor | None = request.state.session
    return found


def actor(request: Request[Any, Any, Any]) -> Actor:
    """The account behind the bearer token. Raises Refused("token.missing")."""
    found = bearer(request)
    if found is None:
        raise Refused("token.missing")
    return found


def still(request: Request[Any, Any, Any], who: Actor) -> bool:
    """Whether the credentials of a request that lasts are good yet, and give the same rights. Looked up afresh."""
    _, _, token = request.headers.get("authorization", "").partition(" ")
    return actor_of(world_of(request), token or request.cookies.get(SESSION_COOKIE, "")) == who


def reader(request: Request[Any, Any, Any]) -> Actor:
    """As `actor`, or the session of the page that asks: for addresses that only read, and record no reading.

    A page's islands have no token; a cookie is enough where another site can neither change a thing nor see the answer.
    """
    if "authorization" in request.headers:
        return actor(request)
    found = session(request)
    if found is None:
        raise Refused("token.missing")
    return found
