"""The dispatch screen (指挥调度): incidents, map, decision on one screen, worked from the keyboard, true while open."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, ServerSentEvent, Template

from anlan.api.live import stream
from anlan.app import handle, look
from anlan.app.live import Live
from anlan.domains.command import dispatch
from anlan.domains.command.advise import Advice, advise, kept
from anlan.domains.command.api import board_of, incident, incidents
from anlan.domains.command.flow import LIVE
from anlan.domains.command.words import Call, Card, Column, call_of, card_of, columns_of, ranking_of
from anlan.loop.case import Intent
from anlan.loop.errors import Refused
from anlan.loop.matter import shown
from anlan.web.forms import Form, form_of
from anlan.web.matter import number_of
from anlan.web.refusals import status_of
from anlan.web.visit import Visit

GAP_SECONDS = 0.1
"""Dispatchers see what happens within a tenth of a second; other pages within half a second."""
DEEDS = ("set_out", "arrive", "clear", "withdraw")


@get("/command")
async def board_page(request: Request[Any, Any, Any]) -> Template:
    """The screen; `?incident=` names the one that is open."""
    return await render(Visit(request))


@get("/command/calls")
async def calls(request: Request[Any, Any, Any]) -> Template:
    """The list and the unit board alone, for a page that is open."""
    visit = Visit(request)
    lines, columns, number = listed(visit)
    return visit.page("command/lists.html", lines=lines, columns=columns, number=number)


@get("/command/{shown_number:str}/card")
async def card(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """The decision pane alone, for a page that is open."""
    visit = Visit(request)
    found = await opened(visit, number_of(shown_number))
    return visit.page("command/card.html", card=found, form=Form({}), error="")


@get("/command/{shown_number:str}/rank")
async def rank(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """The ranked list alone, for a page that is open: nothing that a person said, so looking at it is no reading."""
    visit = Visit(request)
    matter = incident(visit.world, visit.actor, number_of(shown_number))
    ranking = ranking_of(visit, matter) if matter.stage in LIVE else None
    return visit.page("command/rank.html", ranking=ranking, form=Form({}))


@get("/command/live")
async def live(request: Request[Any, Any, Any]) -> ServerSentEvent:
    """What changes, as `/live` tells it, at once."""
    world = Visit(request).world
    if "command.live" not in world.kept:
        world.kept["command.live"] = Live(world, GAP_SECONDS)
    return await stream(request, world.kept["command.live"])


@post("/command/{shown_number:str}/send", status_code=200)
async def send(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Response[Any]:
    """Send the chosen units, one after the other; where one is refused, those before it are on their way, and it is
    said."""
    visit, form = Visit(request), await form_of(request)
    number = number_of(shown_number)
    world, actor = visit.world, visit.actor
    try:
        chosen = chosen_units(form)
        shown_advice = kept(world, form.text("advice"), number) or advise(world, world.store.read.matter(number))
        version = form.number("version")
        for unit in chosen:
            fields = {"unit": unit, "reason": reason_of(form, shown_advice, unit)}
            if form.text("note"):
                fields["note"] = form.text("note")
            commit = dispatch.send(world, number, Intent("send", version, fields), actor, shown_advice.id)
            version = (await world.store.writer.write(commit)).matters[0].version
    except Refused as refused:
        if refused.code in {"matter.unknown", "token.missing"}:
            raise
        return await render(visit, number, form, refused)
    return Redirect(f"/command?incident={shown(number)}", status_code=303)


@post("/command/{shown_number:str}/units/{unit:str}/{deed:str}", status_code=200)
async def tell_way(
    request: Request[Any, Any, Any], shown_number: FromPath[str], unit: FromPath[str], deed: FromPath[str]
) -> Response[Any]:
    """What a unit says by radio: it has set out, is there, is done; or it is called off."""
    visit, form = Visit(request), await form_of(request)
    number, world = number_of(shown_number), visit.world
    incident(world, visit.actor, number)
    if deed not in DEEDS:
        raise Refused("move.unknown", move=deed)
    fields = {"unit": unit, **({"reason": form.text("reason") or "cancelled"} if deed == "withdraw" else {})}
    try:
        commit = handle.prepare(world, number, Intent(deed, form.number("version"), fields), visit.actor)
        await world.store.writer.write(commit)
    except Refused as refused:
        if refused.code in {"matter.unknown", "token.missing"}:
            raise
        return await render(visit, number, form, refused)
    return Redirect(f"/command?incident={shown(number)}", status_code=303)


def chosen_units(form: Form) -> list[str]:
    """The units that are ticked. Raises Refused("command.nobody_chosen")."""
    found = [name.removeprefix("u-") for name in form.values if name.startswith("u-")]
    if not found:
        raise Refused("command.nobody_chosen")
    return found


def reason_of(form: Form, advice: Advice, unit: str) -> str:
    """Why this unit: the engine's own choice needs no reason, another does. Raises Refused("command.reason")."""
    if unit in advice.recommended:
        return "recommended"
    reason = form.text("reason")
    if reason in {"", "recommended"}:
        raise Refused("command.reason")
    return reason


def listed(visit: Visit) -> tuple[list[Call], list[Column], int]:
    """The incidents, the unit board, and which incident is open: the one that is named, else the first."""
    world, who = visit.world, visit.actor
    rows = incidents(world, who)
    named = visit.request.query_params.get("incident", "")
    number = number_of(named) if named else rows[0].matter.number if rows else 0
    here = board_of(world, who, rows)
    signs = {spot.unit: spot for spot in here.units}
    lines = [call_of(visit, n, row, signs, row.matter.number == number) for n, row in enumerate(rows, 1)]
    return lines, columns_of(visit, here), number


async def opened(visit: Visit, number: int) -> Card | None:
    """The decision pane of an incident; None for none."""
    if not number:
        return None
    incident(visit.world, visit.actor, number)
    return card_of(visit, await look.view(visit.world, visit.actor, number))


async def render(visit: Visit, number: int = 0, form: Form | None = None, error: Refused | None = None) -> Template:
    """The screen, with what was refused."""
    lines, columns, first = listed(visit)
    words = visit.refusal(error, "command") if error else ""
    status = status_of(error) if error else 200
    urgent = sum(line.untaken for line in lines)
    return visit.page(
        "command/board.html", status, lines=lines, columns=columns, number=number or first,
        card=await opened(visit, number or first), form=form or Form({}), error=words, untaken=urgent,
        on_duty=sum(column.count for column in columns),
    )  # fmt: skip
