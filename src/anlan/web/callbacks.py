"""The call-back desk (回访台): who is to be called, the attempt, its outcome. Nobody calls back what they handled."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.api.matters import cursor
from anlan.api.problems import status_of
from anlan.app import calls, look
from anlan.loop.callback import OUTCOMES
from anlan.loop.errors import Refused
from anlan.loop.matter import shown
from anlan.store.apply import DUE_UNKNOWN
from anlan.store.read import Row, Shape
from anlan.web import kept, moves, timeline
from anlan.web.forms import form_of
from anlan.web.matter import Draft, draft_of, moved, number_of
from anlan.web.queue import Line, line
from anlan.web.visit import Visit

PATH = "/callbacks"
MOVE = "call_back"
DONE_KINDS = ("reported", "assist_reported", "verified", "progressed")


class Desk(msgspec.Struct, frozen=True):
    """The calls to make; `own` is how many were left out because the actor handled them."""

    lines: list[Line]
    own: int
    more: str


@get("/callbacks")
async def desk(request: Request[Any, Any, Any]) -> Template:
    """The list of calls."""
    visit = Visit(request)
    return visit.page("callbacks.html", desk=desk_of(visit), selected=0, view=None, draft=Draft())


@get("/callbacks/{shown_number:str}")
async def one(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """One matter to call about."""
    return await render(Visit(request), number_of(shown_number), Draft())


@post("/callbacks/{shown_number:str}/contact", status_code=200)
async def contact(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """The number to dial: opened for calling back, on the record."""
    visit, form = Visit(request), await form_of(request)
    number = number_of(shown_number)
    opened = await look.unmask(visit.world, visit.actor, number, form.number("receipt"), MOVE)
    return await render(visit, number, Draft(contact=opened))


@post("/callbacks/{shown_number:str}/dial", status_code=200)
async def dial(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """Have the exchange call the reporter from the actor's own telephone; the number is shown to nobody."""
    visit, form = Visit(request), await form_of(request)
    number, receipt = number_of(shown_number), form.number("receipt")
    try:
        await calls.dial(visit.world, request.app.state.telephone, visit.actor, number, receipt)
    except Refused as refused:
        return await render(visit, number, draft_of(visit, "dial", form, refused), status_of(refused))
    return await render(visit, number, Draft(), dialled=receipt)


@post("/callbacks/{shown_number:str}/attempt", status_code=200, keeps=True)
async def attempt(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Response[Any]:
    """One attempt with its outcome, then back to the desk."""
    visit, form = Visit(request), await form_of(request)
    number = number_of(shown_number)
    try:
        kept.check(form)
        await moved(visit, number, MOVE, form)
    except Refused as refused:
        if refused.code in {"matter.unknown", "token.missing"}:
            raise
        return await render(visit, number, draft_of(visit, MOVE, form, refused), status_of(refused))
    return Redirect(PATH, status_code=303)


async def render(visit: Visit, number: int, draft: Draft, status: int = 200, dialled: int = 0) -> Template:
    """The desk with one matter open; `dialled` is the receipt whose reporter is being called."""
    view = await look.view(visit.world, visit.actor, number, marks=True)
    done = [e for f, e in zip(view.facts[::-1], _all(visit, view), strict=True) if f.kind in DONE_KINDS and e.note]
    offers = [o for o in moves.offers(visit, view) if o.key == MOVE]
    return visit.page(
        "callbacks.html", status, desk=desk_of(visit), selected=number, view=view, matter=view.matter, draft=draft,
        offer=offers[0] if offers else None, done=done, outcomes=OUTCOMES,
        limit=view.flow.limits.callback_attempts_max, href=f"{PATH}/{shown(number)}",
        dialled=dialled, dials=visit.request.app.state.get("telephone") is not None,
    )  # fmt: skip


def _all(visit: Visit, view: look.View) -> list[timeline.Entry]:
    """Entries of every fact, newest first, so that they pair with the facts."""
    return timeline.entries(visit, view, everything=True)


def desk_of(visit: Visit) -> Desk:
    """Matters waiting for calls, without those the actor handled."""
    shape = Shape(kinds=("calling",), after=cursor(visit.request.query_params.get("after", "")))
    rows = look.rows(visit.world, visit.actor, shape)
    free = [row for row in rows if visit.actor.id not in row.matter.handlers]
    lines = [msgspec.structs.replace(line(visit, row, path=PATH), why=_calls(visit, row)) for row in free]
    last = rows[-1] if len(rows) == shape.limit else None
    more = (
        visit.with_query(after=f"{DUE_UNKNOWN if last.due is None else last.due}.{last.matter.number}") if last else ""
    )
    return Desk(lines, len(rows) - len(free), more)


def _calls(visit: Visit, row: Row) -> str:
    pending = row.matter.pending_callbacks
    tried = max((p.attempts for p in pending), default=0)
    return visit.t("desk.calls_tried" if tried else "desk.calls", n=len(pending), tried=tried)
