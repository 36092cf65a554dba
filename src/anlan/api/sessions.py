"""Tokens and the small public questions: log in, follow a report by number and code."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery

from anlan.api.body import decoded
from anlan.api.described import TAKING_INTAKE, taking
from anlan.api.limits import TRIES
from anlan.api.shapes import LogIn
from anlan.api.who import actor, address_of, world_of
from anlan.app import accounts
from anlan.app.follow import follow as follow_receipt
from anlan.app.guesses import guarded

_log_in = msgspec.json.Decoder(LogIn)
_payload = msgspec.json.Decoder(dict[str, Any])


@post("/api/v1/tokens", status_code=201, middleware=[TRIES.middleware], operation_class=taking(LogIn))
async def log_in(request: Request[Any, Any, Any]) -> dict[str, str]:
    """A session token for an account and its password."""
    world = world_of(request)
    asked = decoded(_log_in, await request.body())
    agent = request.headers.get("user-agent", "")
    prove = partial(accounts.log_in, world, asked.account, asked.password, agent, asked.code)
    commit, token = await guarded(world, asked.account, address_of(request), prove)
    await world.store.writer.write(commit)
    return {"token": token}


@get("/api/v1/me")
async def me(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The account behind the token."""
    who = actor(request)
    return {"account": who.id, "unit": who.unit, "roles": list(who.roles)}


@get("/api/v1/receipts/{number:int}", middleware=[TRIES.middleware])
async def follow(request: Request[Any, Any, Any], number: FromPath[int], code: FromQuery[str]) -> dict[str, Any]:
    """Where a report stands, for whoever has its number and code. The two are wrong together or right together."""
    matter, _ = follow_receipt(world_of(request), number, code)
    clock = matter.clocks.get("matter")
    return {
        "matter": matter.number,
        "stage": matter.stage,
        "due_minute": clock.due if clock else None,
        "opened_at": matter.opened_at,
    }


@post("/api/v1/echo", status_code=200, operation_class=TAKING_INTAKE)
async def echo(request: Request[Any, Any, Any]) -> dict[str, bool]:
    """Decode and check an intake and write nothing: the yardstick of `anlan bench`, and a dry run for partners."""
    world, payload = world_of(request), decoded(_payload, await request.body())
    world.channels["web"][1].adapt(payload, world.clock())
    return {"ok": True}
