"""Calls on the pages: what rings at the person's place, told on whichever page is open, and where they sit."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect, Template

from anlan.app import calls
from anlan.web.forms import form_of
from anlan.web.visit import Visit


@get("/calls/now")
async def now(request: Request[Any, Any, Any]) -> Template:
    """The call that rings or is spoken at the person's place and that nothing has come of yet: a fragment."""
    visit = Visit(request)
    call = calls.current(visit.world, visit.actor.id) if visit.may("receive") else None
    caller = await calls.caller(visit.world, visit.actor, call.id) if call else None
    return visit.page("call.html", caller=caller)


@post("/account/extension", status_code=200)
async def extension(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say at which extension one sits; nothing is nowhere."""
    visit, form = Visit(request), await form_of(request)
    await visit.world.store.writer.write(calls.sit(visit.world, visit.actor.id, form.text("extension")))
    return Redirect("/account", status_code=303)
